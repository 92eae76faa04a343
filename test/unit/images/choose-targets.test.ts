import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chooseTargets, type TargetOptions } from '../../../pipeline/maas/images/choose-targets.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'targets-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const LAB = 'lab: { url: http://lab:5240/MAAS, key: { environment: LAB_KEY } }';
const HOME = 'home: { url: http://home:5240/MAAS, key: { environment: LAB_KEY } }';
const KEY = `${'a'.repeat(18)}:${'b'.repeat(18)}:${'c'.repeat(32)}`;

/** The targets, with these in the configuration, by name and the token of their key. */
async function chosen(
  targets: string[],
  options: TargetOptions = {},
  env: NodeJS.ProcessEnv = { LAB_KEY: KEY },
) {
  const configFile = join(dir, 'dgxos-maas.yaml');
  writeFileSync(configFile, `targets: { ${targets.join(', ')} }\n`);
  const all = await chooseTargets(options, {
    env: { XDG_CONFIG_HOME: dir, XDG_STATE_HOME: dir, HOME: dir, ...env },
    configFile,
    emit() {},
    signal: new AbortController().signal,
  });
  return all.map(({ target, key }) => [target.name, JSON.stringify(key).includes('b'.repeat(18))]);
}

function keyFile(): string {
  const path = join(dir, 'key');
  writeFileSync(path, `${KEY}\n`, { mode: 0o600 });
  return path;
}

describe('the MAAS that a command talks to', () => {
  test('is the only target there is', async () => {
    expect(await chosen([LAB])).toEqual([['lab', true]]);
  });

  test('is chosen with --to where there are several, each once', async () => {
    await expect(chosen([LAB, HOME])).rejects.toMatchObject({
      code: 'USAGE',
      message: 'There are several targets',
      hint: 'Choose with --to: lab, home',
    });
    expect(await chosen([LAB, HOME], { to: ['home'] })).toEqual([['home', true]]);
    expect(await chosen([LAB, HOME], { to: ['home', 'lab', 'home'] })).toEqual([
      ['home', true],
      ['lab', true],
    ]);
    await expect(chosen([LAB], { to: ['hom'] })).rejects.toMatchObject({ code: 'TARGET_UNKNOWN' });
  });

  test('gets the key of --api-key-file, which is one', async () => {
    const apiKeyFile = keyFile();
    expect(await chosen([LAB], { apiKeyFile }, {})).toEqual([['lab', true]]);
    expect(await chosen([LAB, HOME], { apiKeyFile, to: ['lab', 'lab'] }, {})).toEqual([['lab', true]]);
    await expect(chosen([LAB, HOME], { apiKeyFile, to: ['lab', 'home'] }, {})).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--api-key-file has one key'),
    });
    await expect(chosen([LAB], {}, {})).rejects.toMatchObject({ code: 'API_KEY_MISSING' });
  });

  test('is that of --url, whatever the configuration has, and not of --to as well', async () => {
    const url = 'http://other:5240/MAAS';
    expect(await chosen([LAB, HOME], { url, apiKeyFile: keyFile() })).toEqual([['other:5240', true]]);
    for (const more of [{ url }, { maasProfile: 'x' }])
      await expect(chosen([LAB], { ...more, to: ['lab'] })).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('--to selects a target of the configuration'),
      });
  });

  test('must be given where none is known', async () => {
    await expect(chosen([])).rejects.toMatchObject({ code: 'TARGET_UNKNOWN', message: 'No MAAS is given' });
  });
});
