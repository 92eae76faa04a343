import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, copyFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Envelope, signStatement } from '../../../pipeline/image/attest/dsse.ts';
import type { Resource, Statement } from '../../../pipeline/image/attest/provenance.ts';
import { loadSigningKey } from '../../../pipeline/image/attest/signing-key.ts';
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
    expect(stdout).toContain('signed by the holder of the key');
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
    expect(looked.stdout).toMatch(/not verified +signature .*pass the public key/);
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
    expect(stdout).toContain('covers another file');
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
    expect([alone.code, alone.stdout]).toEqual([6, expect.stringContaining('No record beside this file')]);
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
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('already exists')]);
    expect(await readFile(join(dir, 'release.pem'), 'utf8')).toBe(before);
    await expect(stat(join(dir, 'release.pem.pub'))).rejects.toThrow('ENOENT');
  });

  it('encrypts it with the passphrase, which opens it again and is written nowhere', async () => {
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
    ['text', 'nothing', 'contains no public key'],
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

describe('a forger without the key', () => {
  const RECORDS = ['manifest.json', 'sbom.cdx.json', 'provenance.json', 'sig.json'];
  const verify = (work: string, artifact: string) =>
    cli(work, ['--json', 'verify', artifact, '--key', 'ours.pub', '--require-signature']);

  /** The signed image and its records under another name, as a forger would hand them on. */
  async function renamed(stem: string) {
    const image = await signed();
    const artifact = join(image.dir, `${stem}.tar.gz`);
    await rename(image.artifact, artifact);
    for (const name of RECORDS) await rename(image.beside(name), join(image.dir, `${stem}.${name}`));
    await rm(join(image.dir, 'SHA256SUMS'));
    return { ...image, artifact, beside: (name: string) => join(image.dir, `${stem}.${name}`) };
  }

  it.each(['manifest.json', 'sbom.cdx.json'])(
    'gets no forged %s through by renaming the files',
    async (name) => {
      const { work, artifact, beside } = await renamed('other');
      await change(beside(name), /"name": "[^"]+"/, '"name": "forged"');
      const { code, stdout } = await verify(work, artifact);
      expect(code).toBe(6);
      expect(states(stdout)[name === 'manifest.json' ? 'manifest' : 'sbom']).toBe('failed');
    },
  );

  it('passes no signed image off as another one: the signed name counts, and is shown', async () => {
    const { work, artifact } = await renamed('other');
    const { code, stdout } = await verify(work, artifact);
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, signed: false, signedAs: 'dgx1.tar.gz' });
    // The records themselves are the signed ones, by the names they had.
    expect(states(stdout)).toMatchObject({ manifest: 'verified', sbom: 'verified', signature: 'failed' });
    const text = await cli(work, ['verify', artifact, '--key', 'ours.pub']);
    expect(text.stdout).toContain('signed this file as dgx1.tar.gz, and its name is other.tar.gz now');
  });

  it('shows no line of an own making, whatever a record says', async () => {
    const { work, artifact, beside } = await signed();
    const line = '\\n  verified      signature   key 123 signed this\\n::error::x\\u001b[32m\\u202e';
    await change(beside('manifest.json'), /"sha256": "[0-9a-f]{64}"/, `"sha256": "${line}"`);
    await change(beside('provenance.json'), /"dgxos-maas": "[^"]+"/, `"dgxos-maas": "1${line}"`);
    const { stdout } = await cli(work, ['verify', artifact]);
    expect(stdout).not.toMatch(/^ {2}verified +signature/m);
    expect(stdout).not.toMatch(/^\s*::/m);
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
  });

  /** Signs a statement that was changed, with the right key: what the holder might have signed by mistake. */
  async function resigned(edit: (statement: Statement) => Statement | string) {
    const image = await signed();
    const statement = JSON.parse(await readFile(image.beside('provenance.json'), 'utf8')) as Statement;
    const edited = edit(statement);
    const text = typeof edited === 'string' ? edited : JSON.stringify(edited);
    const { key, keyId } = await loadSigningKey(join(image.work, 'ours'), {}, () => {});
    const envelope = signStatement(Buffer.from(text), key, keyId);
    await writeFile(image.beside('provenance.json'), text);
    await writeFile(image.beside('sig.json'), JSON.stringify(envelope));
    await rm(join(image.dir, 'SHA256SUMS'));
    return { ...image, envelope };
  }
  const other = { name: 'dgx1.tar.gz', digest: { sha256: 'b'.repeat(64) } };

  it.each<[string, (statement: Statement) => Statement | string, number]>([
    ['names no manifest', (s) => withByproducts(s, (all) => all.slice(1)), 6],
    ['names nothing beside the image', (s) => withByproducts(s, () => []), 6],
    [
      'names two manifests',
      (s) => withByproducts(s, (all) => [...all, { ...all[0]!, digest: other.digest }]),
      6,
    ],
    ['gives one name to two images', (s) => ({ ...s, subject: [...s.subject, other] }), 6],
    ['names the image and others', (s) => ({ ...s, subject: [{ ...other, name: 'x' }, ...s.subject] }), 0],
    [
      'gives the image two names',
      (s) => ({ ...s, subject: [{ ...s.subject[0]!, name: 'x' }, ...s.subject] }),
      0,
    ],
    [
      'has its digest in capitals',
      (s) => withDigest(s, ({ sha256 }) => ({ sha256: sha256!.toUpperCase() })),
      0,
    ],
    ['has a digest of another kind', (s) => withDigest(s, () => ({ sha512: 'a'.repeat(128) })), 6],
    ['has a member twice', (s) => JSON.stringify(s).replace('{"_type"', '{"subject":[],"_type"'), 6],
    ['is not UTF-8', (s) => JSON.stringify(s).replace('dgxos-maas', '\ud800'), 0],
    ['is of another type', (s) => ({ ...s, predicateType: 'https://slsa.dev/provenance/v0.2' }), 6],
  ])('a signed statement that %s', async (_what, edit, expected) => {
    const { work, artifact } = await resigned(edit);
    expect((await verify(work, artifact)).code).toBe(expected);
  });

  it.each<[string, (envelope: Envelope) => unknown, number]>([
    [
      'with further signatures',
      (e) => ({ ...e, signatures: [{ keyid: '', sig: 'AAAA' }, ...e.signatures] }),
      0,
    ],
    [
      'with more signatures than anybody makes',
      (e) => ({ ...e, signatures: Array(65).fill(e.signatures[0]) }),
      6,
    ],
    ['without a signature', (e) => ({ ...e, signatures: [] }), 6],
    ['of another type of payload', (e) => ({ ...e, payloadType: 'text/plain' }), 6],
    ['whose payload is not base64', (e) => ({ ...e, payload: `${e.payload}!` }), 6],
    ['with a member twice', (e) => JSON.stringify(e).replace('{', '{"payload":"e30=",'), 6],
  ])('an envelope %s', async (_what, edit, expected) => {
    const { work, artifact, envelope, beside } = await resigned((statement) => statement);
    const edited = edit(envelope);
    await writeFile(beside('sig.json'), typeof edited === 'string' ? edited : JSON.stringify(edited));
    expect((await verify(work, artifact)).code).toBe(expected);
  });

  it.each(['manifest.json', 'sbom.cdx.json', 'provenance.json', 'sig.json', 'SHA256SUMS', 'tar.gz'])(
    'does not hold up verify by a pipe, a folder or a device in place of %s',
    async (name) => {
      const { work, artifact, dir, beside } = await signed();
      const path = name === 'SHA256SUMS' ? join(dir, name) : beside(name);
      for (const make of [
        ['mkfifo', path],
        ['mkdir', path],
        ['ln', '-s', '/dev/zero', path],
      ]) {
        await rm(path, { recursive: true });
        execFileSync(make[0]!, make.slice(1));
        const { code, stderr } = await verify(work, artifact);
        expect(code).toBe(6);
        expect(stderr).toMatch(/is a (named pipe|folder|device), not a file/);
      }
    },
  );
});

function withByproducts(statement: Statement, edit: (all: Resource[]) => Resource[]): Statement {
  const { predicate } = statement;
  const runDetails = { ...predicate.runDetails, byproducts: edit(predicate.runDetails.byproducts) };
  return { ...statement, predicate: { ...predicate, runDetails } };
}

function withDigest(
  statement: Statement,
  edit: (digest: Record<string, string>) => Record<string, string>,
): Statement {
  return { ...statement, subject: statement.subject.map((one) => ({ ...one, digest: edit(one.digest!) })) };
}
