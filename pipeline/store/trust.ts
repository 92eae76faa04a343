import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import type { StoreConfig } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import { isSignedBy, parseEnvelope, payloadOf, signPayload } from '../image/attest/dsse.ts';
import { loadPublicKey, loadSigningKey, type SigningKey } from '../image/attest/signing-key.ts';
import { BadEntry } from './store.ts';

/** The keys of a store's entries. */
export interface Trust {
  /** Signs what is put; null: nothing is signed. */
  signing: SigningKey | null;
  /** Only what one of them has signed counts; null: everything does. */
  keys: readonly KeyObject[] | null;
}

/** No signature is made or checked. */
export const NO_SIGNATURES: Trust = { signing: null, keys: null };

/**
 * The keys that a configuration names.
 * @throws Fault SIGNING_KEY_INVALID
 */
export async function loadTrust(
  { signing: { keyFile, publicKeys } }: Pick<StoreConfig, 'signing'>,
  { env, emit }: { env: NodeJS.ProcessEnv; emit: Emit },
): Promise<Trust> {
  if (keyFile === null && publicKeys.length === 0) return NO_SIGNATURES;
  const signing = keyFile === null ? null : await loadSigningKey(keyFile, env, emit);
  const keys = await Promise.all(publicKeys.map(loadPublicKey));
  return { signing, keys: [...(signing ? [createPublicKey(signing.key)] : []), ...keys] };
}

/** Whether what this builder puts would count for itself: one that checks signatures and has no key puts nothing. */
export const maySign = ({ signing, keys }: Trust): boolean => keys === null || signing !== null;

/** The bytes of an entry as they are put: themselves, or a DSSE envelope around them. @param type of the entry */
export function signed(bytes: Buffer, type: string, { signing }: Trust): Buffer {
  if (!signing) return bytes;
  return Buffer.from(`${JSON.stringify(signPayload(type, bytes, signing.key, signing.keyId))}\n`);
}

/**
 * The bytes of an entry, out of their envelope where they have one.
 * @param type of the entry: a signature over anything else does not count
 * @throws BadEntry where no trusted key has signed them
 */
export function trusted(key: string, written: Buffer, type: string, { keys }: Trust): Buffer {
  const envelope = parseEnvelope(written.toString('utf8'));
  if (envelope && envelope.payloadType !== type)
    throw new BadEntry(key, `it is signed as ${JSON.stringify(envelope.payloadType)}, not ${type}`);
  if (keys !== null) {
    if (!envelope) throw new BadEntry(key, 'it is not signed');
    if (!keys.some((one) => isSignedBy(envelope, one)))
      throw new BadEntry(key, 'it is not signed by a key of `store.signing`, or was changed afterwards');
  }
  return envelope ? payloadOf(envelope) : written;
}
