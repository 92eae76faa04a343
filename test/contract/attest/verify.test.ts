import { generateKeyPairSync } from 'node:crypto';
import { chmod, copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadSigningKey } from '../../../pipeline/attest/signing-key.ts';
import { cli } from '../config/cli.ts';
import { attested as attest, folder, rootTar } from './attested.ts';

const PASSPHRASE = 'correct horse battery';

/** A signed image, its key pair, and another's. */
async function signed() {
  const dir = await folder();
  const tar = await rootTar(dir);
  for (const name of ['ours', 'theirs']) expect((await cli(dir, ['keygen', '--out', name])).code).toBe(0);
  const image = await attest(tar, join(dir, 'pack'), join(dir, 'ours'));
  return { ...image, tar, work: dir, beside: (name: string) => join(image.dir, `dgx1.${name}`) };
}

async function change(path: string, from: RegExp | string, to: string): Promise<void> {
  const text = await readFile(path, 'latin1');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  await writeFile(path, changed, 'latin1');
}

const states = (stdout: string) =>
  Object.fromEntries(
    JSON.parse(stdout).findings.map((f: { check: string; state: string }) => [f.check, f.state]),
  );

describe('verify', () => {
  it('says of a signed image that it is what the key signed', async () => {
    const { work, artifact, sha256 } = await signed();
    const { code, stdout } = await cli(work, [
      'verify',
      artifact,
      '--key',
      'ours.pub',
      '--require-signature',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('the one that the holder of the key signed');
    const { stdout: json } = await cli(work, ['--json', 'verify', artifact, '--key', 'ours.pub']);
    expect(JSON.parse(json)).toMatchObject({ ok: true, sha256, signed: true });
    expect(states(json)).toEqual({
      sums: 'verified',
      provenance: 'verified',
      manifest: 'verified',
      sbom: 'verified',
      signature: 'verified',
    });
  });

  it('takes the public key of the configuration', async () => {
    const { work, artifact } = await signed();
    await writeFile(join(work, 'dgxos-maas.yaml'), 'verify: { public_key: ours.pub }\n');
    expect((await cli(work, ['verify', artifact, '--require-signature'])).code).toBe(0);
  });

  it('says that a signature was not checked without a key, and that there is none', async () => {
    const { work, artifact, beside } = await signed();
    const looked = await cli(work, ['verify', artifact]);
    expect(looked.code).toBe(0);
    expect(looked.stdout).toMatch(/not verified +signature .*give the public key/);
    expect((await cli(work, ['verify', artifact, '--require-signature'])).code).toBe(6);
    await rm(beside('sig.json'));
    const unsigned = await cli(work, ['verify', artifact, '--key', 'ours.pub']);
    expect(unsigned.code).toBe(0);
    expect(unsigned.stdout).toContain('unsigned');
    expect(unsigned.stdout).toContain('Who made them is not verified');
    const wanted = await cli(work, ['verify', artifact, '--key', 'ours.pub', '--require-signature']);
    expect(wanted.code).toBe(6);
  });

  it.each([
    ['the image', 'tar.gz', ['sums', 'provenance', 'manifest', 'sbom', 'signature']],
    ['the manifest', 'manifest.json', ['sums', 'manifest']],
    ['the SBOM', 'sbom.cdx.json', ['sums', 'sbom']],
    ['the provenance', 'provenance.json', ['sums', 'signature']],
  ])('finds %s changed by one byte', async (_, name, failing) => {
    const { work, artifact, beside } = await signed();
    const path = beside(name);
    if (name === 'tar.gz') {
      const bytes = await readFile(path);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(path, bytes);
    } else await writeFile(path, `${await readFile(path, 'utf8')} `);
    const { code, stdout } = await cli(work, ['--json', 'verify', artifact, '--key', 'ours.pub']);
    expect(code).toBe(6);
    expect(JSON.parse(stdout).ok).toBe(false);
    const failed = Object.entries(states(stdout)).filter(([, state]) => state === 'failed');
    expect(failed.map(([check]) => check)).toEqual(failing);
  });

  it('is not deceived by records that were all made anew for another image', async () => {
    const { work, tar, dir, artifact } = await signed();
    // The forger has a key, and packs the same root, so that everything fits but the key.
    await attest(tar, dir, join(work, 'theirs'));
    expect((await cli(work, ['verify', artifact, '--key', 'theirs.pub'])).code).toBe(0);
    const { code, stdout } = await cli(work, ['--json', 'verify', artifact, '--key', 'ours.pub']);
    expect(code).toBe(6);
    expect(states(stdout)).toMatchObject({ sums: 'verified', provenance: 'verified', signature: 'failed' });
  });

  it('is not deceived by a good signature over another image', async () => {
    const { work, artifact, beside } = await signed();
    const other = await rootTar(await folder());
    await writeFile(other, Buffer.concat([await readFile(other), Buffer.alloc(10240)]));
    const another = await attest(other, join(work, 'other'), join(work, 'ours'));
    await copyFile(join(another.dir, 'dgx1.sig.json'), beside('sig.json'));
    const { code, stdout } = await cli(work, ['verify', artifact, '--key', 'ours.pub']);
    expect(code).toBe(6);
    expect(stdout).toContain('over another file');
  });

  it('trusts the signed digests of manifest and SBOM before those of unsigned records', async () => {
    const { work, artifact, beside, dir } = await signed();
    await change(beside('sbom.cdx.json'), 'MIT', 'ISC');
    await rm(beside('provenance.json'));
    await rm(join(dir, 'SHA256SUMS'));
    const { code, stdout } = await cli(work, ['--json', 'verify', artifact, '--key', 'ours.pub']);
    expect(code).toBe(6);
    expect(states(stdout)).toEqual({
      sums: 'not-verified',
      provenance: 'not-verified',
      manifest: 'verified',
      sbom: 'failed',
      signature: 'verified',
    });
  });

  it('fails where nothing says what the file should be, and where there is no file', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'alone.tgz'), 'x');
    const alone = await cli(dir, ['verify', 'alone.tgz']);
    expect([alone.code, alone.stdout]).toEqual([6, expect.stringContaining('Nothing beside this file')]);
    const none = await cli(dir, ['verify', 'none.tgz']);
    expect([none.code, none.stderr]).toEqual([6, expect.stringContaining('There is no file')]);
  });

  it.each(['', '{}', 'null', '[1]', '{"_type": 1, "payload": {}}', '\0\0'])(
    'takes records that are %j for damage',
    async (text) => {
      const { work, artifact, beside, dir } = await signed();
      for (const name of ['manifest.json', 'sbom.cdx.json', 'provenance.json', 'sig.json'])
        await writeFile(beside(name), text);
      await rm(join(dir, 'SHA256SUMS'));
      const { code, stdout, stderr } = await cli(work, ['--json', 'verify', artifact, '--key', 'ours.pub']);
      expect([code, stderr]).toEqual([6, '']);
      expect(Object.values(states(stdout)).filter((state) => state === 'failed')).toHaveLength(4);
    },
  );
});

describe('keygen', () => {
  it('keeps the private key to its owner and replaces nothing', async () => {
    const dir = await folder();
    const { code, stdout } = await cli(dir, ['--json', 'keygen', '--out', 'release.pem']);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { ok: true, encrypted: false }]);
    expect((await stat(join(dir, 'release.pem'))).mode & 0o777).toBe(0o600);
    const before = await readFile(join(dir, 'release.pem'), 'utf8');
    expect(before).toContain('BEGIN PRIVATE KEY');
    await rm(join(dir, 'release.pem.pub'));
    const again = await cli(dir, ['keygen', '--out', 'release.pem']);
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('is there already')]);
    expect(await readFile(join(dir, 'release.pem'), 'utf8')).toBe(before);
    await expect(stat(join(dir, 'release.pem.pub'))).rejects.toThrow('ENOENT');
  });

  it('encrypts it with the passphrase, which opens it again and is told nowhere', async () => {
    const dir = await folder();
    const env = { DGXOS_MAAS_SIGNING_PASSPHRASE: PASSPHRASE };
    const { code, stdout, stderr } = await cli(dir, ['--verbose', 'keygen', '--out', 'k'], env);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain(PASSPHRASE);
    expect(await readFile(join(dir, 'k'), 'utf8')).toContain('ENCRYPTED PRIVATE KEY');
    const { artifact } = await attest(await rootTar(dir), join(dir, 'pack'), join(dir, 'k'), env);
    expect((await cli(dir, ['verify', artifact, '--key', 'k.pub', '--require-signature'])).code).toBe(0);
    for (const wrong of [{}, { DGXOS_MAAS_SIGNING_PASSPHRASE: 'another one' }])
      await expect(loadSigningKey(join(dir, 'k'), wrong, () => {})).rejects.toMatchObject({
        code: 'SIGNING_KEY_INVALID',
        message: expect.stringContaining('passphrase'),
      });
  });
});

describe('a key', () => {
  it('that others may read is warned of', async () => {
    const dir = await folder();
    await cli(dir, ['keygen', '--out', 'k']);
    const said: string[] = [];
    const load = () => loadSigningKey(join(dir, 'k'), {}, (event) => said.push(JSON.stringify(event)));
    await load();
    expect(said).toEqual([]);
    await chmod(join(dir, 'k'), 0o640);
    await load();
    expect(said).toEqual([expect.stringMatching(/other users.*chmod 600/)]);
  });

  it.each([
    ['none', null, 'there is no such file'],
    ['text', 'nothing', 'holds no public key'],
    [
      'private',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'private',
    ],
    [
      'rsa',
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }),
      'of type rsa, not Ed25519',
    ],
  ])('that is not fit to verify with (%s) is a fault of three', async (name, text, said) => {
    const dir = await folder();
    if (text !== null) await writeFile(join(dir, name), text);
    await writeFile(join(dir, 'a.tgz'), 'x');
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const { code, stderr } = await cli(dir, ['verify', 'a.tgz', '--key', name]);
    expect([code, stderr]).toEqual([3, expect.stringContaining(said)]);
  });
});
