import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  isSignedBy,
  parseEnvelope,
  preAuthEncoding,
  signStatement,
} from '../../../pipeline/image/attest/dsse.ts';
import fc from '../../property.ts';

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

  const signed = { keyid: 'id', sig: 'AAAA' };
  const envelope = { payloadType: 'x', payload: 'e30=', signatures: [signed] };

  it('is one with a type, a payload and 1 to 64 signatures, in either alphabet of base64', () => {
    expect(parseEnvelope(JSON.stringify(envelope))).toEqual(envelope);
    for (const payload of ['', '-_8=', '+/8='])
      expect(parseEnvelope(JSON.stringify({ ...envelope, payload }))).toMatchObject({ payload });
    const many = { ...envelope, signatures: Array(64).fill(signed) };
    expect(parseEnvelope(JSON.stringify(many))).toEqual(many);
  });

  it.each([
    ['no type', { payloadType: 1 }],
    ['no payload', { payload: undefined }],
    ['a payload that is not base64', { payload: 'e30=!' }],
    ['no list of signatures', { signatures: { length: 1, every: true } }],
    ['65 signatures', { signatures: Array(65).fill(signed) }],
    ['a signature that is not text', { signatures: [signed, { sig: 1 }] }],
    ['a signature that is not base64', { signatures: [{ sig: 'A!' }] }],
  ])('is none with %s', (_what, more) =>
    expect(parseEnvelope(JSON.stringify({ ...envelope, ...more }))).toBeNull(),
  );

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"payloadType":"x","payload":"","signatures":[]}',
    '{"payloadType":"x","payload":"","signatures":[null]}',
  ])('is not %j', (text) => expect(parseEnvelope(text)).toBeNull());
});
