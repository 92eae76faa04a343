import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSignedBy, parseEnvelope, preAuthEncoding, signStatement } from '../../../pipeline/attest/dsse.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');

describe('a DSSE envelope', () => {
  it("signs what DSSE's own example says", () => {
    expect(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
  });

  it('is known by its key alone, and no byte of it can change', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
        const envelope = signStatement(Buffer.from(bytes), privateKey, 'id');
        expect(isSignedBy(envelope, publicKey)).toBe(true);
        expect(isSignedBy(envelope, other.publicKey)).toBe(false);
        const changed = Buffer.from(bytes);
        if (changed.length > 0) changed[at % changed.length]! ^= flip;
        expect(isSignedBy({ ...envelope, payload: changed.toString('base64') }, publicKey)).toBe(
          bytes.length === 0,
        );
        expect(isSignedBy({ ...envelope, payloadType: 'text/plain' }, publicKey)).toBe(false);
      }),
    );
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"payloadType":"x","payload":"","signatures":[]}',
    '{"payloadType":"x","payload":"","signatures":[null]}',
  ])('is not %j', (text) => expect(parseEnvelope(text)).toBeNull());
});
