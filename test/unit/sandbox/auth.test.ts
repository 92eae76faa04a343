import { describe, expect, test } from 'vitest';
import { Authenticator } from '../../../sandbox/auth.ts';
import type { User } from '../../../sandbox/keys.ts';
import { ReplyError } from '../../../sandbox/reply.ts';
import fc from '../../property.ts';

const user: User = {
  id: 1,
  username: 'admin',
  admin: true,
  consumerKey: 'c'.repeat(18),
  tokenKey: 't'.repeat(18),
  tokenSecret: 's'.repeat(32),
  password: 'p',
};
const NOW_S = 1_800_000_000;

const header = (fields: Record<string, string> = {}) =>
  `OAuth ${Object.entries({
    oauth_nonce: 'n',
    oauth_timestamp: String(NOW_S),
    oauth_version: '1.0',
    oauth_signature_method: 'PLAINTEXT',
    oauth_consumer_key: user.consumerKey,
    oauth_token: user.tokenKey,
    oauth_signature: `&${user.tokenSecret}`,
    ...fields,
  })
    .map(([name, value]) => `${name}="${encodeURIComponent(value)}"`)
    .join(', ')}`;

const authenticator = () => new Authenticator([user], () => NOW_S * 1000);

const statusOf = (given: string | undefined) => {
  try {
    authenticator().check(given);
    return 200;
  } catch (error) {
    return error instanceof ReplyError ? error.reply.status : error;
  }
};

describe('the OAuth header', () => {
  test('passes with any nonce, once', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (nonce) => {
        const checks = authenticator();
        expect(checks.check(header({ oauth_nonce: nonce }))).toBe(user);
        expect(() => checks.check(header({ oauth_nonce: nonce }))).toThrow('Nonce already used');
      }),
    );
  });

  test('of whatever text never passes and never breaks the server', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `OAuth ${text}`),
        ),
        (text) => {
          expect(authenticator().check(text)).toBeUndefined();
        },
      ),
    );
    expect(authenticator().check(undefined)).toBeUndefined();
  });

  test('passes only with the exact secret', () => {
    fc.assert(
      fc.property(fc.string(), (secret) => {
        fc.pre(secret !== user.tokenSecret);
        expect(statusOf(header({ oauth_signature: `&${secret}` }))).toBe(401);
      }),
    );
  });

  test('passes with timestamps up to 300 s old, and of the future', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 100_000 }), (offset) => {
        const status = statusOf(header({ oauth_timestamp: String(NOW_S + offset) }));
        expect(status).toBe(offset < -300 ? 401 : 200);
      }),
    );
  });

  test('with other words than numbers for the time is an error of the server, as it is of MAAS', () => {
    expect(statusOf(header({ oauth_timestamp: 'now' }))).toBe(500);
  });
});
