import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { compareDebianVersions } from '../../../pipeline/image/parsers/debian-version.ts';
import fc from '../../property.ts';

const text = fc.string({ unit: fc.constantFrom(...'0129aZ.+~'), maxLength: 5 });
const version = fc
  .tuple(
    fc.constantFrom('', '0:', '2:'),
    text,
    fc.option(
      text.filter((t) => t !== ''),
      { nil: undefined },
    ),
  )
  .map(
    ([epoch, upstream, revision]) => `${epoch}1${upstream}${revision === undefined ? '' : `-${revision}`}`,
  );

const dpkg = (a: string, operator: string, b: string) =>
  spawnSync('dpkg', ['--compare-versions', a, operator, b]).status === 0;

it('orders versions as dpkg does', () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      const ours = compareDebianVersions(a, b);
      expect(dpkg(a, ours < 0 ? 'lt' : ours > 0 ? 'gt' : 'eq', b), `${a} ${ours} ${b}`).toBe(true);
    }),
    { numRuns: 300 },
  );
});
