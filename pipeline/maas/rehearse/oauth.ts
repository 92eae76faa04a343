import { timingSafeEqual } from 'node:crypto';
import type { NodeKeys } from './types.ts';

const PART = /([a-z_]{1,40})="([^"]{0,400})"/g;
const LONGEST_HEADER = 4000;

/** Whether an Authorization header is signed by the node's keys: OAuth 1.0, PLAINTEXT, with an empty consumer secret, as MAAS has it. */
export function signedBy(header: string | undefined, keys: NodeKeys): boolean {
  if (header === undefined || header.length > LONGEST_HEADER || !/^OAuth\s/i.test(header)) return false;
  const parts = new Map<string, string>();
  for (const [, name, value] of header.matchAll(PART)) parts.set(name!, decoded(value!));
  const said = (name: string) => parts.get(name) ?? '';
  return (
    said('oauth_signature_method').toUpperCase() === 'PLAINTEXT' &&
    equal(said('oauth_consumer_key'), keys.consumerKey) &&
    equal(said('oauth_token'), keys.tokenKey) &&
    equal(said('oauth_signature'), `&${keys.tokenSecret}`)
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return '';
  }
}

function equal(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
