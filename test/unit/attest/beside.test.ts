import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSidecar } from '../../../pipeline/image/attest/sidecar.ts';
import { loadPublicKey, loadSigningKey } from '../../../pipeline/image/attest/signing-key.ts';
import { writeKeyPair } from '../../../pipeline/image/attest/write-key-pair.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'beside-'));
});
afterEach(() => rmSync(dir, { recursive: true }));
const at = (name: string) => join(dir, name);

describe('a record beside an image', () => {
  test('is read with its sum, or is not there', async () => {
    writeFileSync(at('a'), 'abc');
    expect(await readSidecar(at('a'))).toMatchObject({
      text: 'abc',
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
    expect(await readSidecar(at('none'))).toBeNull();
  });

  test('is none when it is a folder, a device or larger than any record', async () => {
    mkdirSync(at('folder'));
    writeFileSync(at('large'), '');
    truncateSync(at('large'), (64 << 20) + 1);
    for (const path of [at('folder'), '/dev/zero', at('large')])
      await expect(readSidecar(path)).rejects.toMatchObject({
        code: 'IMAGE_UNREADABLE',
        message: expect.stringMatching(/: it does not describe an image$/),
      });
  });

  test('that the system does not let be read is another fault', async () => {
    writeFileSync(at('a'), '');
    await expect(readSidecar(at('a/below'))).rejects.toThrow();
    await expect(readSidecar(at('a/below'))).rejects.not.toMatchObject({ code: 'IMAGE_UNREADABLE' });
  });
});

describe('a key pair', () => {
  test('is written, the private half for its owner alone, and fits', async () => {
    const { keyFile, publicKey, keyId } = await writeKeyPair(at('k'), undefined);
    expect([statSync(keyFile).mode & 0o777, statSync(publicKey).mode & 0o077]).toEqual([0o600, 0o044]);
    expect((await loadSigningKey(keyFile, {}, () => {})).keyId).toBe(keyId);
    await loadPublicKey(publicKey);
  });

  test.each(['k', 'k.pub'])('replaces no %s, and leaves no half', async (name) => {
    writeFileSync(at(name), 'mine');
    await expect(writeKeyPair(at('k'), undefined)).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    expect(readFileSync(at(name), 'utf8')).toBe('mine');
    for (const other of ['k', 'k.pub'].filter((one) => one !== name))
      expect(() => statSync(at(other))).toThrow();
  });

  test('in a folder that is not there is another fault', async () => {
    await expect(writeKeyPair(at('none/k'), undefined)).rejects.not.toMatchObject({ code: 'FILE_EXISTS' });
  });
});
