import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  keyIdOf,
  loadPublicKey,
  loadSigningKey,
  newKeyPair,
} from '../../../pipeline/image/attest/signing-key.ts';

const PASSPHRASE = 'correct horse battery';
const pem = { type: 'pkcs8', format: 'pem' } as const;
const ours = newKeyPair(undefined);
const locked = newKeyPair(PASSPHRASE);
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A file of this text, or a folder. */
function file(text: string | null, mode = 0o600): string {
  const dir = mkdtempSync(join(tmpdir(), 'key-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'k');
  if (text === null) mkdirSync(path);
  else writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

async function load(path: string, env: NodeJS.ProcessEnv = {}) {
  const said: string[] = [];
  const loaded = await loadSigningKey(path, env, (event) => said.push(JSON.stringify(event)));
  return { ...loaded, said };
}

describe('the key that signs', () => {
  test('is known by its public half', async () => {
    const { keyId, said } = await load(file(ours.privatePem));
    expect(keyId).toBe(ours.keyId);
    expect(keyIdOf(await loadPublicKey(file(ours.publicPem, 0o644)))).toBe(keyId);
    expect(said).toEqual([]);
  });

  test.each([0o640, 0o604, 0o620])('is used, with a warning, when its mode is %o', async (mode) => {
    const path = file(ours.privatePem, mode);
    const { said } = await load(path);
    expect(said).toEqual([expect.stringContaining(`chmod 600 ${path}`)]);
  });

  test('is opened with its passphrase', async () => {
    const env = { DGXOS_MAAS_SIGNING_PASSPHRASE: PASSPHRASE };
    expect((await load(file(locked.privatePem), env)).keyId).toBe(locked.keyId);
    // A passphrase that nothing needs is left alone.
    expect((await load(file(ours.privatePem), env)).keyId).toBe(ours.keyId);
  });

  const wrong = { DGXOS_MAAS_SIGNING_PASSPHRASE: 'another one' };
  test.each<[string, string | null, NodeJS.ProcessEnv, string]>([
    ['encrypted, without a passphrase', locked.privatePem, {}, 'there is no passphrase'],
    [
      'encrypted, with an empty passphrase',
      locked.privatePem,
      { DGXOS_MAAS_SIGNING_PASSPHRASE: '' },
      'there is no passphrase',
    ],
    ['encrypted, with another', locked.privatePem, wrong, 'does not decrypt it'],
    ['no key', 'nothing', wrong, 'it contains no private key in PEM (PKCS #8)'],
    ['of another kind', ec.privateKey.export(pem), {}, 'it is of type ec, not Ed25519'],
    ['a folder', null, {}, 'is a folder'],
    ['very long', `${ours.privatePem}${'\n'.repeat(1 << 20)}`, {}, 'it is too large for a key'],
  ])('is refused when it is %s', async (_what, text, env, why) => {
    await expect(load(file(text, 0o700), env)).rejects.toMatchObject({
      code: 'SIGNING_KEY_INVALID',
      message: expect.stringContaining(why),
    });
  });

  test('may have text around it, up to 64 KiB in all', async () => {
    const padded = ours.privatePem.padEnd(64 << 10, '\n');
    expect((await load(file(padded))).keyId).toBe(ours.keyId);
    await expect(load(file(`${padded}\n`))).rejects.toMatchObject({
      message: expect.stringContaining('it is too large for a key'),
    });
  });

  test('that is nowhere says so', async () => {
    const path = join(file(null, 0o700), 'none');
    for (const read of [load(path), loadPublicKey(path)])
      await expect(read).rejects.toMatchObject({
        message: `The key ${path} cannot be used: there is no such file`,
      });
    await expect(load(join(file('x'), 'below'))).rejects.toMatchObject({
      message: expect.stringContaining('it cannot be read (ENOTDIR)'),
    });
  });
});

describe('the key that signatures are checked with', () => {
  test.each([
    ['a private key', ours.privatePem, 'it is a private key'],
    ['an encrypted one', locked.privatePem, 'it is a private key'],
    [
      'of another kind',
      ec.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'of type ec, not Ed25519',
    ],
    ['text', 'nothing', 'it contains no public key in PEM'],
  ])('is refused when it is %s', async (_what, text, why) => {
    await expect(loadPublicKey(file(text))).rejects.toMatchObject({
      code: 'SIGNING_KEY_INVALID',
      message: expect.stringContaining(why),
    });
  });
});
