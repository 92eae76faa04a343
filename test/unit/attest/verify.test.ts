import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { signStatement } from '../../../pipeline/image/attest/dsse.ts';
import { PREDICATE_TYPE, STATEMENT_TYPE } from '../../../pipeline/image/attest/provenance.ts';
import { newKeyPair } from '../../../pipeline/image/attest/signing-key.ts';
import { verifyFile } from '../../../pipeline/image/attest/verify.ts';

const NAME = 'dgx1.tar.gz';
const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const IMAGE = sha256('image');
const OTHER = sha256('other');
const ours = newKeyPair(undefined);

const manifest = (digest: unknown = IMAGE) => JSON.stringify({ artifact: { sha256: digest } });
const sbom = (...digests: string[]) =>
  JSON.stringify({
    metadata: {
      component: {
        hashes: [
          { alg: 'MD5', content: 'a'.repeat(64) },
          ...(digests.length > 0 ? digests : [IMAGE]).map((content) => ({ alg: 'SHA-256', content })),
        ],
      },
    },
  });

interface Said {
  subjects?: { name: string; sha256: string }[];
  byproducts?: Record<string, string>;
  iso?: string;
  builder?: object;
}

function statement(said: Said = {}): string {
  const {
    subjects = [{ name: NAME, sha256: IMAGE }],
    iso,
    builder = { version: { 'dgxos-maas': '1.2' } },
  } = said;
  const byproducts = said.byproducts ?? {
    'dgx1.manifest.json': sha256(manifest()),
    'dgx1.sbom.cdx.json': sha256(sbom()),
  };
  const resource = ([name, digest]: [string, string]) => ({ name, digest: { sha256: digest } });
  return JSON.stringify({
    _type: STATEMENT_TYPE,
    subject: subjects.map((one) => resource([one.name, one.sha256])),
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        resolvedDependencies: [resource(['base', sha256('base')]), ...(iso ? [resource(['iso', iso])] : [])],
      },
      runDetails: {
        builder: { id: 'urn:x', ...builder },
        byproducts: Object.entries(byproducts).map(resource),
      },
    },
  });
}

interface Beside {
  manifest?: string | null;
  sbom?: string | null;
  provenance?: string | null;
  /** The statement that is signed, if any. */
  signed?: string | null;
  /** In place of the signature. */
  signature?: string;
}

/** Verifies an image with these records beside it: all of them good, but unsigned, where nothing else is given. */
async function verify(beside: Beside = {}, options: { key?: boolean | string; require?: boolean } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'verify-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, NAME), 'image');
  const all = { manifest: manifest(), sbom: sbom(), provenance: statement(), signed: null, ...beside };
  if (all.manifest !== null) writeFileSync(join(dir, 'dgx1.manifest.json'), all.manifest);
  if (all.sbom !== null) writeFileSync(join(dir, 'dgx1.sbom.cdx.json'), all.sbom);
  if (all.provenance !== null) writeFileSync(join(dir, 'dgx1.provenance.json'), all.provenance);
  if (all.signed !== null) {
    const envelope = signStatement(Buffer.from(all.signed), createPrivateKey(ours.privatePem), ours.keyId);
    writeFileSync(join(dir, 'dgx1.sig.json'), JSON.stringify(envelope));
  }
  if (beside.signature !== undefined) writeFileSync(join(dir, 'dgx1.sig.json'), beside.signature);
  const { findings, ...rest } = await verifyFile(join(dir, NAME), {
    publicKey: options.key ? createPublicKey(options.key === true ? ours.publicPem : options.key) : null,
    requireSignature: options.require ?? false,
    emit() {},
    signal: new AbortController().signal,
  });
  return {
    ...rest,
    states: Object.fromEntries(findings.map(({ check, state }) => [check, state])),
    said: Object.fromEntries(findings.map(({ check, said }) => [check, said])),
  };
}

const NONE = { manifest: null, sbom: null, provenance: null };

describe('an image whose records all fit', () => {
  test('is what they say, and who made them is not known', async () => {
    expect(await verify({ provenance: statement({ iso: OTHER }) })).toMatchObject({
      ok: true,
      sha256: IMAGE,
      signed: false,
      signedAs: null,
      states: {
        sums: 'not-verified',
        provenance: 'verified',
        manifest: 'verified',
        sbom: 'verified',
        signature: 'not-verified',
      },
      said: {
        provenance: `it describes this file, built by dgxos-maas 1.2 from the ISO with sha256 ${OTHER}`,
        manifest: 'it describes this file, and the provenance names it',
        signature: 'unsigned',
      },
    });
  });

  test('is signed when the key fits', async () => {
    const signed = statement();
    const found = await verify({ signed }, { key: true, require: true });
    expect(found).toMatchObject({
      ok: true,
      signed: true,
      signedAs: NAME,
      states: { signature: 'verified' },
    });
    expect(found.said.manifest).toBe('it describes this file, and is signed as dgx1.manifest.json');
    expect(await verify({ signed })).toMatchObject({
      ok: true,
      signed: false,
      signedAs: null,
      states: { signature: 'not-verified' },
    });
    expect(await verify({ signed }, { require: true })).toMatchObject({ ok: false });
  });

  test('is not signed when another key made the signature', async () => {
    const found = await verify({ signed: statement() }, { key: newKeyPair(undefined).publicPem });
    expect(found).toMatchObject({
      ok: false,
      signed: false,
      signedAs: null,
      states: { signature: 'failed' },
    });
    expect(found.said.signature).toMatch(/^it was not made with key [0-9a-f]{64}$/);
  });

  test.each(['', '{}', 'null', '[]'])('is not signed by %j', async (signature) => {
    const found = await verify({ signature }, { key: true });
    expect(found.said.signature).toBe('the signature is not a DSSE envelope');
    expect(found.ok).toBe(false);
  });

  test('needs its signature when one is asked for', async () => {
    expect(await verify({}, { require: true })).toMatchObject({ ok: false, states: { signature: 'failed' } });
  });
});

describe('one record alone', () => {
  test.each<[string, Beside, boolean]>([
    ['none', NONE, false],
    ['a manifest', { ...NONE, manifest: manifest() }, true],
    ['a manifest with a digest in capitals', { ...NONE, manifest: manifest(IMAGE.toUpperCase()) }, true],
    // An SBOM names the contents without an author: those who change the image can make one, too.
    ['an SBOM', { ...NONE, sbom: sbom() }, false],
    ['a provenance', { ...NONE, provenance: statement() }, true],
  ])('(%s) vouches for the image: %s', async (_what, beside, ok) => {
    const found = await verify(beside);
    expect(found.ok).toBe(ok);
    expect(Object.values(found.states)).not.toContain('failed');
  });

  test('is not named where it is not there', async () => {
    expect((await verify(NONE)).said).toMatchObject({
      manifest: 'there is no dgx1.manifest.json',
      sbom: 'there is no dgx1.sbom.cdx.json',
      provenance: 'there is no provenance',
    });
    expect((await verify({ ...NONE, manifest: manifest() })).said.manifest).toBe('it describes this file');
  });
});

describe('a record of another image', () => {
  test.each<[string, Beside, string, string]>([
    ['a manifest', { manifest: manifest(OTHER) }, 'manifest', `describes another file: ${OTHER}`],
    ['a manifest with half a digest', { manifest: manifest('abc') }, 'manifest', 'it has no digest'],
    ['a manifest with a number', { manifest: manifest(1) }, 'manifest', 'it has no digest'],
    ['a text', { manifest: 'nothing' }, 'manifest', 'it has no digest'],
    ['an SBOM', { sbom: sbom(OTHER) }, 'sbom', `describes another file: ${OTHER}`],
    ['an SBOM of two images', { sbom: sbom(IMAGE, OTHER) }, 'sbom', 'it has no digest'],
    [
      'a provenance',
      { provenance: statement({ subjects: [{ name: 'x', sha256: OTHER }] }) },
      'provenance',
      `describes another file: x (${OTHER})`,
    ],
    [
      'a provenance of nothing',
      { provenance: statement({ subjects: [] }) },
      'provenance',
      'another file: none',
    ],
    ['a text as provenance', { provenance: '{}' }, 'provenance', 'not an in-toto statement'],
    [
      'a manifest that the provenance names otherwise',
      { provenance: statement({ byproducts: { 'dgx1.manifest.json': OTHER } }) },
      'manifest',
      'is not the one that the provenance names',
    ],
  ])('%s fails', async (_what, beside, check, said) => {
    const found = await verify(beside);
    expect(found).toMatchObject({ ok: false, states: { [check]: 'failed' } });
    expect(found.said[check]).toContain(said);
  });

  test('is not one that the provenance does not name', async () => {
    const found = await verify({ provenance: statement({ byproducts: {} }) });
    expect(found.ok).toBe(true);
    expect(found.states).toMatchObject({ manifest: 'not-verified', sbom: 'not-verified' });
    expect(found.said.manifest).toBe('the provenance does not name dgx1.manifest.json');
  });
});

describe('a statement', () => {
  test.each<[string, string]>([
    ['of another type', statement().replace(STATEMENT_TYPE, 'https://in-toto.io/Statement/v0.1')],
    ['of another predicate', statement().replace(PREDICATE_TYPE, 'https://slsa.dev/provenance/v0.2')],
    ['with a member twice', statement().replace('{"_type"', '{"subject":[],"_type"')],
    [
      'that gives one name to two contents',
      statement({
        subjects: [
          { name: NAME, sha256: IMAGE },
          { name: NAME, sha256: OTHER },
        ],
      }),
    ],
  ])('%s counts for nothing, signed or not', async (_what, text) => {
    expect(await verify({ provenance: text, signed: text }, { key: true })).toMatchObject({
      ok: false,
      states: { provenance: 'failed', signature: 'failed' },
    });
  });

  test.each<[object, string]>([
    [{ version: { 'dgxos-maas': 1 } }, 'built by urn:x'],
    [{}, 'built by urn:x'],
  ])('of a builder of another form (%j) is read all the same', async (builder, said) => {
    expect((await verify({ provenance: statement({ builder }) })).said.provenance).toContain(said);
  });
});

describe('a signed statement', () => {
  test.each<[string, Beside, Record<string, string>]>([
    [
      'disowns a record that it does not name',
      { signed: statement({ byproducts: {} }), provenance: null },
      { manifest: 'failed', sbom: 'failed', signature: 'verified' },
    ],
    [
      'disowns a record with another content',
      {
        signed: statement({
          byproducts: { 'dgx1.manifest.json': OTHER, 'dgx1.sbom.cdx.json': sha256(sbom()) },
        }),
        provenance: null,
      },
      { manifest: 'failed', sbom: 'verified', signature: 'verified' },
    ],
    [
      'is not that of a provenance that differs from it',
      { signed: statement(), provenance: `${statement()}\n` },
      { provenance: 'verified', signature: 'failed' },
    ],
    [
      'is not about another image',
      { signed: statement({ subjects: [{ name: NAME, sha256: OTHER }] }), provenance: null },
      { signature: 'failed' },
    ],
    [
      'finds its image among several, whichever comes first',
      {
        signed: statement({
          subjects: [
            { name: 'x', sha256: IMAGE },
            { name: NAME, sha256: IMAGE },
          ],
        }),
        provenance: null,
      },
      { signature: 'verified' },
    ],
  ])('%s', async (_what, beside, states) => {
    const found = await verify(beside, { key: true });
    expect(found.states).toMatchObject(states);
    expect(found.ok).toBe(!Object.values(states).includes('failed'));
  });

  test.each([
    [[], 'the signature covers another file: none'],
    [[{ name: 'x', sha256: OTHER }], 'the signature covers another file: x'],
  ])('of %j says so', async (subjects, said) => {
    const found = await verify({ signed: statement({ subjects }), provenance: null }, { key: true });
    expect(found.said.signature).toBe(said);
  });

  test('names its image as it was when it was signed', async () => {
    const signed = statement({
      subjects: [{ name: 'old.tgz', sha256: IMAGE }],
      byproducts: { 'old.manifest.json': sha256(manifest()), 'old.sbom.cdx.json': sha256(sbom()) },
    });
    const found = await verify({ signed, provenance: null }, { key: true });
    expect(found).toMatchObject({
      ok: false,
      signed: false,
      signedAs: 'old.tgz',
      states: { signature: 'failed', manifest: 'verified', sbom: 'verified' },
    });
    expect(found.said.manifest).toBe('it describes this file, and is signed as old.manifest.json');
  });
});
