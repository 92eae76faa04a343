import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { IN_TOTO, preAuthEncoding } from '../../../pipeline/image/attest/dsse.ts';
import { PREDICATE_TYPE, STATEMENT_TYPE } from '../../../pipeline/image/attest/provenance.ts';
import { signatureOf } from '../../../pipeline/image/attest/signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const sha256 = 'a'.repeat(64);
const NAME = 'dgx1.tar.gz';

/** A statement about a file, signed well under a type. */
function signed({ type = IN_TOTO, name = NAME, digest = sha256 } = {}) {
  const payload = Buffer.from(
    JSON.stringify({
      _type: STATEMENT_TYPE,
      subject: [{ name, digest: { sha256: digest } }],
      predicateType: PREDICATE_TYPE,
      predicate: { buildDefinition: {}, runDetails: { builder: { id: 'x' } } },
    }),
  );
  const sig = sign(null, preAuthEncoding(type, payload), privateKey).toString('base64');
  const text = JSON.stringify({
    payloadType: type,
    payload: payload.toString('base64'),
    signatures: [{ sig }],
  });
  const records = { manifest: null, sbom: null, provenance: null, sums: null };
  const signature = { text, bytes: Buffer.from(text), sha256: '' };
  return signatureOf({ ...records, signature }, { publicKey, requireSignature: true, sha256, name: NAME });
}

describe('a good signature of the right key', () => {
  test('over an in-toto statement about this file vouches for it', () => {
    expect(signed().finding).toMatchObject({ state: 'verified' });
    expect(signed().signed?.subject).toEqual({ name: NAME, sha256 });
  });

  test.each([
    ['over another type, which its signer may have meant otherwise', { type: 'application/json' }, 'covers'],
    ['covers another file', { digest: 'b'.repeat(64) }, 'covers another file'],
    ['over this content by another name', { name: 'dgx2.tar.gz' }, 'as dgx2.tar.gz'],
  ])('does not when it is %s', (_what, more, said) => {
    expect(signed(more).finding).toMatchObject({ state: 'failed', said: expect.stringContaining(said) });
  });
});
