import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifySums } from '../../../pipeline/image/attest/verify-sums.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const record = (text: string) => ({ bytes: Buffer.from(text), text, sha256: digest(text) });
const IMAGE = digest('image');
const NONE = { manifest: null, sbom: null, provenance: null, signature: null };
const MANIFEST = record('{}');

/** The verdict of SHA256SUMS on dgx1.tar.gz and the files beside it. */
const of = (lines: readonly string[] | null, beside: object = {}) =>
  verifySums('/srv/dgx1.tar.gz', IMAGE, {
    ...NONE,
    ...beside,
    sums: lines === null ? null : record(lines.map((line) => `${line}\n`).join('')),
  });

describe('SHA256SUMS beside an image', () => {
  test.each([
    ['lists it', [`${IMAGE}  dgx1.tar.gz`]],
    // As `find . -type f -exec sha256sum {} +` writes it.
    ['lists it below a dot', [`${IMAGE}  ./dgx1.tar.gz`]],
    ['lists it below dots and slashes', [`${IMAGE}  .//././dgx1.tar.gz`]],
    ['lists others, too', [`${digest('other')}  dgx2.tar.gz`, `${IMAGE} *dgx1.tar.gz`]],
  ])('verifies it when it %s', (_what, lines) => {
    expect(of(lines)).toEqual({ check: 'sums', state: 'verified', said: 'as in SHA256SUMS: dgx1.tar.gz' });
  });

  test('names each record once that it vouches for', () => {
    const lines = [`${IMAGE}  dgx1.tar.gz`, `${MANIFEST.sha256}  dgx1.manifest.json`];
    expect(of([...lines, ...lines], { manifest: MANIFEST })).toMatchObject({
      state: 'verified',
      said: 'as in SHA256SUMS: dgx1.tar.gz, dgx1.manifest.json',
    });
  });

  test('names a record that it lists and that is missing, which is not damage', () => {
    expect(of([`${IMAGE}  dgx1.tar.gz`, `${MANIFEST.sha256}  dgx1.manifest.json`])).toMatchObject({
      state: 'verified',
      said: 'as in SHA256SUMS: dgx1.tar.gz; listed, but missing: dgx1.manifest.json',
    });
  });

  test.each([
    ['there is none', null, 'there is no SHA256SUMS'],
    ['it lists only others', [`${digest('other')}  dgx2.tar.gz`], 'does not list dgx1.tar.gz'],
    ['it lists only a record', [`${MANIFEST.sha256}  dgx1.manifest.json`], 'does not list dgx1.tar.gz'],
    ['it lists its name in another folder', [`${IMAGE}  old/dgx1.tar.gz`], 'does not list dgx1.tar.gz'],
  ])('says that it was not verified when %s', (_what, lines, said) => {
    expect(of(lines, { manifest: MANIFEST })).toMatchObject({
      state: 'not-verified',
      said: expect.stringContaining(said),
    });
  });

  test.each([
    ['the image', [`${digest('old')}  dgx1.tar.gz`], 'dgx1.tar.gz'],
    [
      'a record',
      [`${IMAGE}  dgx1.tar.gz`, `${digest('old')}  dgx1.manifest.json`],
      'SHA256SUMS: dgx1.manifest.json',
    ],
    ['one of two lines', [`${IMAGE}  dgx1.tar.gz`, `${digest('old')}  dgx1.tar.gz`], 'dgx1.tar.gz'],
    ['text', ['<html>'], 'not in the format of sha256sum'],
  ])('finds that %s differs', (_what, lines, said) => {
    expect(of(lines, { manifest: MANIFEST })).toMatchObject({
      state: 'failed',
      said: expect.stringContaining(said),
    });
  });
});
