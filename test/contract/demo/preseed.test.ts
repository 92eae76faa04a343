import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEMO } from '../../../scripts/iso/inputs.ts';
import fc from '../../property.ts';
import { StandIn } from './stand-in.ts';

let live: StandIn;
beforeEach(async () => {
  live = await StandIn.open();
});
afterEach(() => live.close());

test.each([
  ['quiet', 'no force-platform= given; this medium has: demo1 demo2'],
  ['force-platform=dgx1', 'unknown platform dgx1; this medium has: demo1 demo2'],
  ['force-platform=demo1 force-curtn=http://x/', 'unknown kernel parameter force-curtn; known are '],
  ['force-platform=demo1 force-bootdisk=nodisk', 'no disk nodisk'],
])('a wrong kernel parameter is reported on the console: %s', async (parameters, message) => {
  const { exitCode, console } = await live.preseed(parameters);
  expect(exitCode).toBe(1);
  expect(console).toHaveLength(1);
  expect(console[0]).toContain(`dgxos-installer: FAILED preseed rc=1: ${message}`);
});

test('any text takes the place of a token as it is', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !/[\0\x01\n]/.test(text));
  await fc.assert(
    fc.asyncProperty(line, async (text) => {
      const program = `replacement TOKEN "$1" > "$DEMO_RUN/t.sed"; printf 'a TOKEN b TOKEN\\n' | sed -f "$DEMO_RUN/t.sed"`;
      expect(await live.preseedFunction(program, text)).toBe(`a ${text} b ${text}\n`);
    }),
    { numRuns: 40, examples: [['a&b\\1/|#'], ['$(x) `y` "z" \'q\''], ['']] },
  );
});

test.each(['demo1', 'demo2'])('no token is left in what %s installs', async (platform) => {
  const own = await readFile(join(DEMO, 'live/files/curtin', `${platform}-curtin.yaml`), 'utf8');
  await writeFile(
    live.path('template.yaml'),
    `${own}\n# CHANGE_DESC_PLATFORM CHANGE_SERIAL_NUMBER CHANGE_IPMISOL\n`,
  );
  await live.preseedFunction(`platform=${platform}; replace_tokens`);
  const made = await readFile(live.path('curtin.yaml'), 'utf8');
  expect(made).toContain(`DEMO_PLATFORM="${platform}"`);
  expect(made).toContain('demo-system-configurations hello');
  expect(made).toMatch(/DEMO_PRETTY_NAME="Demo Platform \d"/);
  expect(made).not.toContain('CHANGE_');
});
