import { describe, expect, it } from 'vitest';
import { redact, redactDeep, registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import fc from '../../property.ts';

const key = 'aB3dEfGhJkLmNpQrSt:uVwXyZ23456789abcd:zYxWvUtSrQpOnMlKjIhGfEdCbA987654';

describe('redact', () => {
  it('masks a whole MAAS key and each of its parts', () => {
    registerSecret(key);
    for (const part of [key, ...key.split(':')])
      expect(redact(`before ${part} after`)).toBe('before *** after');
  });

  it('masks every encoding in which a secret may turn up', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, maxLength: 40 }), (secret) => {
        fc.pre(secret.trim().length >= 12);
        registerSecret(secret);
        for (const seen of [
          secret,
          encodeURIComponent(secret),
          Buffer.from(secret).toString('base64'),
          Buffer.from(secret).toString('base64url'),
          Buffer.from(secret).toString('hex'),
        ])
          expect(redact(`<${seen}>`)).not.toContain(seen);
      }),
      { numRuns: 60 },
    );
  });

  it('leaves objects in shape and masks their strings', () => {
    registerSecret('correct horse battery');
    expect(redactDeep({ a: ['x correct horse battery y'], n: 3 })).toEqual({ a: ['x *** y'], n: 3 });
  });

  it('leaves short strings alone, which would mask ordinary words', () => {
    registerSecret('root');
    expect(redact('root tar')).toBe('root tar');
  });

  it('masks what a URL says of who asks, whoever that is', () => {
    expect(redact('Location: https://user:pa@ss@host/x?y, then http://tok-en@h:1/ and (ftp://u:p@h)')).toBe(
      'Location: https://***@host/x?y, then http://***@h:1/ and (ftp://***@h)',
    );
    expect(redact('http://host/a@b?c@d https://host:80')).toBe('http://host/a@b?c@d https://host:80');
  });

  it.each(['Basic dXNlcjpwYXNz', 'Bearer abc.def', 'OAuth oauth_token=x, oauth_signature=%26y'])(
    'masks the header %s',
    (value) => {
      expect(redact(`> Authorization: ${value}\nnext`)).toMatch(/^> Authorization: \w+ \*\*\*\nnext$/);
      expect(redact(`{"proxy-authorization":"${value}"}`)).not.toContain(value.split(' ').at(-1));
    },
  );

  it('masks a secret inside the base64 of more, wherever it begins', () => {
    registerSecret('correct horse staple');
    for (const before of ['', 'u', 'us', 'user:', 'somebody:'])
      for (const after of ['', '!', '!!', '!!!'])
        for (const kind of ['base64', 'base64url'] as const) {
          const text = Buffer.from(`${before}correct horse staple${after}`).toString(kind);
          expect(redact(`x ${text}`)).toContain('***');
        }
  });

  it('breaks no value, whatever the secret and wherever it stands', () => {
    const secrets = ['","a":"', 'back\\\\slash"\\', '{"key":1}', 'line\nline2', 'key-name-secret'];
    for (const secret of secrets) registerSecret(secret);
    for (const secret of secrets) {
      const value = { [`k${secret}`]: [secret, { deep: `<${secret}>` }, 1, null, true], plain: 'text' };
      const masked = redactDeep(value);
      expect(JSON.stringify(masked)).not.toContain(JSON.stringify(secret).slice(1, -1));
      expect(Object.values(masked)[0]).toEqual(['***', { deep: '<***>' }, 1, null, true]);
      expect(masked.plain).toBe('text');
    }
  });

  it('reads what has a form of its own for JSON', () => {
    registerSecret('secret of a date');
    const value = { at: new Date(0), own: { toJSON: () => ({ x: 'secret of a date' }) }, none: undefined };
    expect(JSON.stringify(redactDeep(value))).toBe('{"at":"1970-01-01T00:00:00.000Z","own":{"x":"***"}}');
    expect(Object.keys(redactDeep(JSON.parse('{"__proto__": "x"}')))).toEqual(['__proto__']);
  });
});
