import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellLine } from '../../../pipeline/host/ssh/quote.ts';
import fc from '../../property.ts';

it('every argv comes out of a shell as it went in', () => {
  const word = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (argv) => {
      const line = shellLine(['printf', '%s\\0', ...argv]);
      const out = execFileSync('sh', ['-c', line]);
      expect(out.toString('utf8')).toBe(
        `${argv.map((text) => Buffer.from(text).toString('utf8')).join('\0')}\0`,
      );
    }),
    { numRuns: 30, examples: [[["'", '"', '\\', '$(id)', '`id`', '\n', '', '-n', '~', '#', '!', '*']]] },
  );
});

it('leaves plain words as they are, so that logs are read easily', () => {
  expect(shellLine(['uname', '-r'])).toBe('uname -r');
  expect(shellLine(['sh', '-c', "echo it's"])).toBe(`sh -c 'echo it'\\''s'`);
});
