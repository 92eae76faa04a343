import { describe, expect, it } from 'vitest';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { faultText } from '../../../pipeline/report/text/fault-text.ts';
import fc from '../../property.ts';
import { faultOf, folder } from './written.ts';

const KEY = `${'Ck'.repeat(9)}:${'Tk'.repeat(9)}:${'Ts'.repeat(16)}`;

/** Ways in which a key gets into the file. */
const PLACES: [where: string, text: (key: string) => string][] = [
  ['as the key', (key) => `targets:\n  lab:\n    url: http://m/MAAS\n    key: ${key}\n`],
  ['under another name', (key) => `targets:\n  lab:\n    url: http://m/MAAS\n    api_key: "${key}"\n`],
  ['under a name of its own', (key) => `targets:\n  lab:\n    url: http://m/MAAS\n    auth: ${key}\n`],
  [
    'as a member of key',
    (key) => `targets:\n  lab:\n    url: http://m/MAAS\n    key:\n      value: ${key}\n`,
  ],
  ['as a variable', (key) => `targets:\n  lab: { url: "http://m/MAAS", key: { environment: "${key}" } }\n`],
  [
    'beside another mistake on the line',
    (key) => `targets:\n  lab: { key: "${key}", urll: "http://m/MAAS" }\n`,
  ],
  ['in a list', (key) => `targets:\n  lab: { url: "http://m/MAAS", key: ["${key}"] }\n`],
  ['as the password of a URL', (key) => `targets:\n  lab: { url: "http://user:${key}@m/MAAS" }\n`],
  ['before a syntax error', (key) => `targets:\n  lab: { key: "${key}"\n`],
];

describe('a key written into the file is refused and repeated nowhere', () => {
  it.each(PLACES)('%s', async (_, text) => {
    const fault = await faultOf(text(KEY), { cwd: folder() });
    expect(fault.exitCode).toBe(3);
    for (const said of [JSON.stringify(fault), faultText(fault, paint(false))])
      for (const part of [KEY, ...KEY.split(':')]) expect(said).not.toContain(part);
  });

  it('says the ways that are there', async () => {
    const fault = await faultOf(PLACES[0]![1](KEY));
    expect(fault.message).toContain('the configuration must not contain a key');
    expect(fault.hint).toContain('environment: MAAS_API_KEY');
  });

  // Not of the form of a key, so that no registry of secrets helps: the excerpt itself must not show it.
  it.each(PLACES)('even when it has not the form of a key: %s', async (_, text) => {
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[A-Z][a-zA-Z0-9]{7,12}:[A-Z][a-zA-Z0-9]{7,12}$/),
        async (secret) => {
          const fault = await faultOf(text(secret));
          for (const part of secret.split(':')) {
            expect(faultText(fault, paint(false))).not.toContain(part);
            expect(JSON.stringify(fault)).not.toContain(part);
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});
