import { type KeyObject, sign, verify } from 'node:crypto';
import { parseStrictJson } from './strict-json.ts';

export const IN_TOTO = 'application/vnd.in-toto+json';

/** A DSSE envelope: a payload and the signatures over its type and its bytes. */
export interface Envelope {
  payloadType: string;
  /** Base64. */
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/** The signed bytes: DSSE's pre-authentication encoding, which no other type or length can be mistaken for. */
export function preAuthEncoding(type: string, payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `),
    payload,
  ]);
}

/** Signs an in-toto statement, byte for byte as given, with an Ed25519 key. */
export function signStatement(payload: Buffer, key: KeyObject, keyId: string): Envelope {
  return signPayload(IN_TOTO, payload, key, keyId);
}

/** Signs bytes of a type, as given, with an Ed25519 key. */
export function signPayload(payloadType: string, payload: Buffer, key: KeyObject, keyId: string): Envelope {
  const sig = sign(null, preAuthEncoding(payloadType, payload), key).toString('base64');
  return {
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: keyId, sig }],
  };
}

/** Whether one of the envelope's signatures is that key's. The identifiers in the envelope are hints and not looked at. */
export function isSignedBy(envelope: Envelope, key: KeyObject): boolean {
  const signed = preAuthEncoding(envelope.payloadType, payloadOf(envelope));
  return envelope.signatures.some(({ sig }) => verify(null, signed, key, Buffer.from(sig, 'base64')));
}

export function payloadOf({ payload }: Envelope): Buffer {
  return Buffer.from(payload, 'base64');
}

/** DSSE allows both alphabets; what Node would skip silently is not base64. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
/** Of one envelope; each costs a verification. */
const MOST_SIGNATURES = 64;

/** The envelope that a text holds, or null. */
export function parseEnvelope(text: string): Envelope | null {
  try {
    const value = parseStrictJson(text) as Partial<Envelope> | null;
    const { payloadType, payload, signatures } = value ?? {};
    const whole =
      typeof payloadType === 'string' &&
      typeof payload === 'string' &&
      BASE64.test(payload) &&
      Array.isArray(signatures) &&
      signatures.length > 0 &&
      signatures.length <= MOST_SIGNATURES &&
      signatures.every((one) => typeof one?.sig === 'string' && BASE64.test(one.sig));
    return whole ? { payloadType, payload, signatures } : null;
  } catch {
    return null;
  }
}
