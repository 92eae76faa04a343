import { randomBytes } from 'node:crypto';
import type { ApiKey } from './api-key.ts';

/**
 * The OAuth 1.0 PLAINTEXT header that MAAS wants. Each request, each retry too, needs one of its own: a nonce is taken once.
 * @param now seconds since the epoch, by the server's clock
 */
export function authorization(
  key: ApiKey,
  now: number,
  nonce: string = randomBytes(16).toString('hex'),
): string {
  const fields = {
    oauth_nonce: nonce,
    oauth_timestamp: String(Math.floor(now)),
    oauth_version: '1.0',
    oauth_signature_method: 'PLAINTEXT',
    oauth_consumer_key: key.consumerKey,
    oauth_token: key.tokenKey,
    // The consumer secret before the "&" is empty.
    oauth_signature: `&${key.tokenSecret}`,
  };
  return `OAuth ${Object.entries(fields)
    .map(([name, value]) => `${name}="${encodeURIComponent(value)}"`)
    .join(', ')}`;
}
