import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact, redactDeep, registerSecret } from '../../../pipeline/secrets/registry.ts';

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
});
