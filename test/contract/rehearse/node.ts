import type { Identity, NodeKeys } from '../../../pipeline/maas/rehearse/types.ts';

/** A machine that is being deployed, as far as its server sees it. */
export class Node {
  readonly #origin: string;
  readonly #keys: NodeKeys;

  /** The guest reaches the server at 10.0.2.2, a test on loopback. */
  constructor({ origin }: Pick<Identity, 'origin'>, keys: NodeKeys) {
    this.#origin = origin.replace('10.0.2.2', '127.0.0.1');
    this.#keys = keys;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.#origin + path, { headers });
  }

  signed(path: string, body?: string | Buffer): Promise<Response> {
    const headers = { authorization: oauth(this.#keys) };
    return fetch(this.#origin + path, { headers, ...(body === undefined ? {} : { method: 'POST', body }) });
  }
}

/** As curtin's and cloud-init's OAuth helpers write it: OAuth 1.0, PLAINTEXT, by python3-oauthlib. */
export function oauth({ consumerKey, tokenKey, tokenSecret }: NodeKeys): string {
  return (
    'OAuth oauth_nonce="141", oauth_timestamp="1790000000", oauth_version="1.0", oauth_signature_method="PLAINTEXT", ' +
    `oauth_consumer_key="${consumerKey}", oauth_token="${tokenKey}", oauth_signature="%26${tokenSecret}"`
  );
}

export const event = (kind: string, name: string, more: object = {}) =>
  JSON.stringify({
    event_type: kind,
    name,
    origin: 'curtin',
    description: name,
    timestamp: 1,
    level: 'INFO',
    ...more,
  });
