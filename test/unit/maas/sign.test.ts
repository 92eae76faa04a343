import { expect, test } from 'vitest';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import { authorization } from '../../../pipeline/maas/api/sign.ts';

const KEY = 'aaaaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbbbb:cccccccccccccccccccccccccccccccc';

test('the header has the fields in the form that MAAS reads', () => {
  expect(authorization(parseApiKey(KEY, 'here'), 1795393820.9, 'n0nce')).toBe(
    'OAuth oauth_nonce="n0nce", oauth_timestamp="1795393820", oauth_version="1.0", ' +
      'oauth_signature_method="PLAINTEXT", oauth_consumer_key="aaaaaaaaaaaaaaaaaa", ' +
      'oauth_token="bbbbbbbbbbbbbbbbbb", oauth_signature="%26cccccccccccccccccccccccccccccccc"',
  );
});

test('no two requests share a nonce', () => {
  const key = parseApiKey(KEY, 'here');
  const nonces = Array.from({ length: 1000 }, () => /oauth_nonce="(\w+)"/.exec(authorization(key, 1))?.[1]);
  expect(new Set(nonces).size).toBe(1000);
});
