import type { User } from './keys.ts';
import { html, plain, ReplyError, refuse, repr } from './reply.ts';

const THRESHOLD_S = 300;
const REQUIRED = ['consumer_key', 'token', 'signature', 'signature_method', 'timestamp', 'nonce'];

/** The answer of MAAS to a request without signature where one is required. */
export const unsigned = () => plain(401, 'Forbidden');
/** The caller without one. */
export const NOBODY: User = {
  ...{ id: 0, username: '', admin: false, password: '' },
  ...{ consumerKey: '', tokenKey: '', tokenSecret: '' },
};

/** OAuth 1.0 as MAAS checks it: consumer, token, timestamp, nonce, signature, in this order. */
export class Authenticator {
  readonly #users: User[];
  readonly #now: () => number;
  /** Used nonces with their timestamps; those too old to pass the timestamp check are forgotten. */
  readonly #nonces = new Map<string, number>();
  #oldest = 0;

  constructor(users: User[], now: () => number) {
    this.#users = users;
    this.#now = now;
  }

  /**
   * The caller; undefined for a header that is not a signature.
   * @throws Refused 401 in MAAS' own words (which give away the token's secret if the signature is wrong)
   */
  check(header: string | undefined): User | undefined {
    // Piston looks for the names anywhere in the header, so that oauth_signature_method counts as oauth_signature, too.
    if (!REQUIRED.every((name) => header?.includes(`oauth_${name}`))) return undefined;
    const oauth = parse(header);
    const given = (name: string) => oauth[`oauth_${name}`] ?? '';

    const version = given('version') || '1.0';
    if (version !== '1.0') fail(`OAuth version ${version} not supported.`);
    const consumer = this.#users.find((user) => user.consumerKey === given('consumer_key'));
    if (!consumer) throw new ReplyError(unauthorized('Authorization Error: Invalid API key.'));
    if (consumer.tokenKey !== given('token')) fail(`Invalid access token: ${given('token')}`);

    const timestamp = this.#timestamp(given('timestamp'));
    this.#nonce(`${given('token')} ${given('nonce')}`, given('nonce'), timestamp);

    if (given('signature_method') !== 'PLAINTEXT')
      fail(`Signature method ${given('signature_method')} not supported try one of the following: PLAINTEXT`);
    if (oauth.oauth_signature === undefined) fail('Missing signature.');
    const expected = `&${consumer.tokenSecret}`;
    if (given('signature') !== expected)
      fail(`Invalid signature. Expected signature base string: ${expected}`);
    return consumer;
  }

  #timestamp(given: string): number {
    if (!/^\d+$/.test(given)) refuse(500, `invalid literal for int() with base 10: ${repr(given)}`);
    const timestamp = Number(given);
    const now = Math.floor(this.#now() / 1000);
    // Only the past is checked: an hour in the future passes.
    if (now - timestamp > THRESHOLD_S)
      fail(
        `Expired timestamp: given ${timestamp} and now ${now} has a greater difference than threshold ${THRESHOLD_S}`,
      );
    return timestamp;
  }

  #nonce(key: string, nonce: string, timestamp: number): void {
    if (this.#nonces.has(key)) fail(`Nonce already used: ${nonce}`);
    this.#nonces.set(key, timestamp);
    const expired = Math.floor(this.#now() / 1000) - THRESHOLD_S;
    if (expired - this.#oldest < THRESHOLD_S) return;
    this.#oldest = expired;
    for (const [used, at] of this.#nonces) if (at < expired) this.#nonces.delete(used);
  }
}

function parse(header: string | undefined): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  if (!header?.startsWith('OAuth ')) return fields;
  for (const part of header.slice('OAuth '.length).split(',')) {
    const [, name, value] = /^\s*([^=\s]+)="?(.*?)"?\s*$/.exec(part) ?? [];
    if (name && name !== 'realm' && value !== undefined) fields[name] = decode(value);
  }
  return fields;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function fail(message: string): never {
  throw new ReplyError(unauthorized(`Authorization Error: ${repr(message)}`));
}

const unauthorized = (message: string) => html(401, message, { 'www-authenticate': 'OAuth realm="OAuth"' });
