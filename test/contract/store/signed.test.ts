import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { newKeyPair } from '../../../pipeline/image/attest/signing-key.ts';
import { loadTrust, type Trust } from '../../../pipeline/store/trust.ts';
import { Host } from '../cli/host.ts';
import { Builder, keysOf } from './builders.ts';

let home: string;
let store: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'signed-'));
  store = join(home, 'store');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** The key pair of a builder. */
function pair(name: string): { keyFile: string; publicKey: string } {
  const { privatePem, publicPem } = newKeyPair(undefined);
  const keyFile = join(home, `${name}.pem`);
  writeFileSync(keyFile, privatePem, { mode: 0o600 });
  writeFileSync(`${keyFile}.pub`, publicPem);
  return { keyFile, publicKey: `${keyFile}.pub` };
}

const trustOf = (keyFile: string | null, publicKeys: string[] = []): Promise<Trust> =>
  loadTrust({ signing: { keyFile, publicKeys } }, { env: {}, emit() {} });
const builder = async (name: string, keyFile: string | null, publicKeys: string[] = []) =>
  new Builder(join(home, name), store, false, await trustOf(keyFile, publicKeys));

async function recordPath(stage: string): Promise<string> {
  const key = (await keysOf(store)).find((one) => one.startsWith(`records/${stage}/`)) as string;
  return join(store, key);
}

describe('a builder that checks signatures', () => {
  it('uses results signed by a listed key, and by its own', async () => {
    const [a, b] = [pair('a'), pair('b')];
    const one = await builder('one', a.keyFile, [b.publicKey]);
    expect(await one.run()).toEqual(['iso', 'render', 'build', 'pack']);
    expect(await (await builder('two', b.keyFile, [a.publicKey])).run()).toEqual(['iso']);
    expect(await (await builder('three', a.keyFile)).run()).toEqual(['iso']);
    // Without keys of its own a builder reads what is signed, and checks nothing.
    expect(await new Builder(join(home, 'four'), store).run()).toEqual(['iso']);
  });

  it('does not use one that is not signed, with a warning, and puts its own in its place', async () => {
    await new Builder(join(home, 'one'), store).run();
    const { keyFile } = pair('a');
    const two = await builder('two', keyFile);
    expect(await two.run()).toEqual(['iso', 'render', 'build', 'pack']);
    expect(two.warnings[0]).toMatch(/bad entry, which is not used: records\/render\/.*: it is not signed$/);
    expect(await (await builder('three', keyFile)).run()).toEqual(['iso']);
  });

  it('does not use one that another key has signed', async () => {
    await (await builder('one', pair('a').keyFile)).run();
    const two = await builder('two', pair('b').keyFile, [pair('c').publicKey]);
    expect(await two.run()).toEqual(['iso', 'render', 'build', 'pack']);
    expect(two.warnings[0]).toMatch(/it is not signed by a key of `store\.signing`/);
  });

  it.each([
    [
      'its payload was changed',
      (one: Signed) => ({ ...one, payload: other(one.payload, '"seconds"', '"Seconds"') }),
    ],
    [
      'a file in it was replaced',
      (one: Signed) => ({
        ...one,
        payload: other(one.payload, /"sha256":"[0-9a-f]{64}"/, `"sha256":"${'0'.repeat(64)}"`),
      }),
    ],
    ['its type was changed', (one: Signed) => ({ ...one, payloadType: 'application/vnd.in-toto+json' })],
    ['its signature is empty', (one: Signed) => ({ ...one, signatures: [{ keyid: '', sig: '' }] })],
    ['it has no signature', (one: Signed) => ({ ...one, signatures: [] })],
    ['it was cut', (one: Signed) => JSON.stringify(one).slice(0, -20)],
    [
      'its payload was taken out of the envelope',
      (one: Signed) => JSON.parse(Buffer.from(one.payload, 'base64').toString()),
    ],
  ])('does not use one when %s', async (_, change) => {
    const { keyFile } = pair('a');
    await (await builder('one', keyFile)).run();
    const path = await recordPath('build');
    const changed = change(JSON.parse(readFileSync(path, 'utf8')));
    writeFileSync(path, typeof changed === 'string' ? changed : JSON.stringify(changed));
    const two = await builder('two', keyFile);
    expect(await two.run()).toContain('build');
    expect(two.warnings.filter((text) => text.includes('records/build/'))).toHaveLength(1);
    expect(await (await builder('three', keyFile)).run()).toEqual(['iso']);
  });

  it('does not take a signed result of one stage for another', async () => {
    const { keyFile } = pair('a');
    await (await builder('one', keyFile)).run();
    writeFileSync(await recordPath('pack'), readFileSync(await recordPath('build')));
    const two = await builder('two', keyFile);
    expect(await two.run()).toEqual(['iso', 'pack']);
    expect(two.warnings[0]).toContain('it is of stage build');
  });

  it('stores nothing without a key of its own', async () => {
    const reader = await builder('reader', null, [pair('a').publicKey]);
    await reader.run();
    await expect(keysOf(store)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

interface Signed {
  payload: string;
  payloadType: string;
  signatures: object[];
}
const other = (base64: string, from: string | RegExp, to: string) =>
  Buffer.from(Buffer.from(base64, 'base64').toString().replace(from, to)).toString('base64');

describe('the keys', () => {
  it.each([
    ['missing.pem', [], /missing\.pem cannot be used: there is no such file/],
    [null, ['a.pem'], /it is a private key/],
    ['a.pem.pub', [], /contains no private key/],
  ])('%j and %j are refused before anything is built', async (key, publics, message) => {
    pair('a');
    const at = (name: string) => join(home, name);
    await expect(trustOf(key && at(key), publics.map(at))).rejects.toMatchObject({
      ...{ code: 'SIGNING_KEY_INVALID', message: expect.stringMatching(message) },
    });
  });

  it('a key that others may read is reported', async () => {
    const { privatePem } = newKeyPair(undefined);
    const keyFile = join(home, 'open.pem');
    writeFileSync(keyFile, privatePem, { mode: 0o644 });
    const events: Event[] = [];
    await loadTrust(
      { signing: { keyFile, publicKeys: [] } },
      { env: {}, emit: (event) => events.push(event) },
    );
    expect(events).toMatchObject([
      { level: 'warning', message: expect.stringContaining('can be read by other users') },
    ]);
  });
});

it('store list and verify name what nobody has signed who must; --remove deletes it', async () => {
  const host = new Host();
  try {
    const { keyFile } = pair('a');
    await (await builder('one', keyFile)).run();
    const config = (signing: object) =>
      writeFileSync(join(host.dir, 'dgxos-maas.yaml'), JSON.stringify({ store: { place: store, signing } }));
    config({ key_file: keyFile });
    expect((await host.run(['--json', 'store', 'verify'])).json).toMatchObject({
      ok: true,
      results: 3,
      bad: [],
    });
    config({ public_keys: [pair('b').publicKey] });
    const { code, json } = await host.run(['--json', 'store', 'verify', '--remove']);
    expect([code, json.results, json.bad.length]).toEqual([0, 0, 3]);
    expect((await keysOf(store)).filter((key) => key.startsWith('records/'))).toEqual([]);
  } finally {
    host.remove();
  }
});
