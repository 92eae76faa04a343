import { expect, test } from 'vitest';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import { redact } from '../../../pipeline/core/secrets/registry.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';

const C = 'AbCdEfGhIjKlMnOpQr';
const T = 'ZyXwVuTsRqPoNmLkJi';
const S = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6';

const refused = (text: string): Fault => {
  try {
    parseApiKey(text, 'in MAAS_API_KEY');
  } catch (error) {
    return error as Fault;
  }
  throw new Error('accepted');
};

test('a key with the newline of its file is taken', () => {
  expect(parseApiKey(`${C}:${T}:${S}\n`, 'here')).toEqual({ consumerKey: C, tokenKey: T, tokenSecret: S });
});

test('the key and each part are masked from then on', () => {
  parseApiKey(`${C}:${T}:${S}`, 'here');
  for (const secret of [
    `${C}:${T}:${S}`,
    C,
    T,
    S,
    encodeURIComponent(`&${S}`),
    Buffer.from(S).toString('base64'),
  ])
    expect(redact(`x ${secret} y`)).not.toContain(secret.replace('%26', ''));
});

test.each([
  ['\n', 'it is empty'],
  [C, 'it has 1 part, not 3'],
  [`${C}:${T}`, 'it has 2 parts, not 3'],
  [`${C}:${T}:${S}:`, 'it has 4 parts, not 3'],
  [`${C}:${T}:${S.slice(1)}`, 'its token secret has 31 characters, not 32'],
  [`:${T}:${S}`, 'its consumer key has 0 characters, not 18'],
  [`${C}:${T.slice(0, 17)}-:${S}`, 'its token key has characters other than letters and digits'],
])('a wrong key is refused by what is wrong with it and never shown (%#)', (text, why) => {
  const fault = refused(text);
  expect(fault).toMatchObject({ code: 'API_KEY_INVALID', exitCode: 3 });
  expect(fault.message).toBe(`The API key in MAAS_API_KEY is not valid: ${why}`);
  for (const part of text.split(':').filter((p) => p.length > 5))
    expect(JSON.stringify(fault)).not.toContain(part);
});
