import { describe, expect, it } from 'vitest';
import { compareImages } from '../../../pipeline/image/diff/compare.ts';
import { compareByKey } from '../../../pipeline/image/diff/keyed.ts';
import { comparePackages } from '../../../pipeline/image/diff/packages.ts';
import { compareSizes } from '../../../pipeline/image/diff/sizes.ts';
import fc from '../../property.ts';
import { image, pkg, whole } from './facts.ts';

describe('packages', () => {
  it('are added, removed, upgraded and downgraded by the order of Debian versions', () => {
    const changes = comparePackages(
      [pkg('gone', '1'), pkg('older', '1:1.0'), pkg('newer', '2.0~rc1-1'), pkg('same', '3')],
      [pkg('same', '3'), pkg('newer', '2.0-1'), pkg('older', '9.0'), pkg('came', '1')],
    );
    expect(changes.added.map((p) => p.name)).toEqual(['came']);
    expect(changes.removed.map((p) => p.name)).toEqual(['gone']);
    expect(changes.changed.map((p) => [p.name, p.direction])).toEqual([
      ['newer', 'upgrade'],
      ['older', 'downgrade'],
    ]);
  });

  it('that were removed and left their configuration are gone', () => {
    const changes = comparePackages([pkg('nginx', '1')], [pkg('nginx', '1', { status: 'rc' })]);
    expect(changes.removed.map((p) => p.name)).toEqual(['nginx']);
    expect(comparePackages([pkg('x', '1', { status: 'rc' })], []).removed).toEqual([]);
  });

  it('of two architectures stand for themselves; of one, another architecture is a change', () => {
    const twice = comparePackages(
      [pkg('libc6', '2.35'), pkg('libc6', '2.35', { arch: 'i386' })],
      [pkg('libc6', '2.36')],
    );
    expect(twice.removed).toEqual([pkg('libc6', '2.35', { arch: 'i386' })]);
    expect(twice.changed.map((p) => p.name)).toEqual(['libc6']);
    const once = comparePackages([pkg('tool', '1', { arch: 'all' })], [pkg('tool', '1')]);
    expect(once.changed.map((p) => p.direction)).toEqual(['state']);
  });

  it('that are held or only half configured have changed', () => {
    const changes = comparePackages([pkg('a', '1')], [pkg('a', '1', { status: 'iF' })]);
    expect(changes.changed[0]).toMatchObject({ direction: 'state', after: { status: 'iF' } });
  });
});

describe('sizes', () => {
  const listed = (entries: Record<string, number>, whole = false) => ({
    entries: Object.entries(entries).map(([path, bytes]) => ({ path, bytes })),
    whole,
  });

  it('are reported only where they are known to have changed', () => {
    // b fell off the list because c came: that it changed is not known.
    expect(compareSizes(listed({ a: 9, b: 5 }), listed({ a: 9, c: 7 }))).toEqual([
      { path: 'c', before: null, after: 7, change: 7, below: 5 },
    ]);
  });

  it('of a whole list: what is not in it is not there', () => {
    expect(compareSizes(listed({ a: 9, b: 5 }, true), listed({ a: 9 }, true))).toEqual([
      { path: 'b', before: 5, after: null, change: -5, below: null },
    ]);
  });

  it('come with the greatest change first', () => {
    const changes = compareSizes(listed({ a: 10, b: 10, c: 10 }, true), listed({ a: 11, b: 2, c: 15 }, true));
    expect(changes.map((c) => [c.path, c.change])).toEqual([
      ['b', -8],
      ['c', 5],
      ['a', 1],
    ]);
  });
});

describe('images', () => {
  it('that are the same do not differ', () => {
    const diff = compareImages(image('a'), image('b'));
    expect(diff.different).toBe(false);
    expect(diff.notCompared).toEqual([]);
  });

  it.each([
    ['packages', { packages: [pkg('bash', '5.1-6')] }],
    ['kernels', { kernels: [{ ...whole().kernels[0]!, nvidia: false }] }],
    ['GRUB', { boot: { ...whole().boot, defaultKernel: null } }],
    ['bytes', { bytes: { apparent: 1001, stored: 1001 } }],
    ['directories', { directories: [{ path: 'usr/lib', bytes: 1001, files: 2 }] }],
    ['files', { biggest: [{ path: 'usr/lib/a.so', bytes: 801 }, whole().biggest[1]!] }],
    [
      'mode of a setuid file',
      { owners: { ...whole().owners, setuid: [{ ...whole().owners.setuid[0]!, uid: 7 }] } },
    ],
    ['capabilities', { xattrs: { ...whole().xattrs, capabilities: [] } }],
    ['services', { services: ['ssh.service', 'telnet.service'] }],
    ['users', { accounts: [{ ...whole().accounts[0]!, password: 'none' as const }] }],
  ])('differ by their %s', (_, parts) => {
    expect(compareImages(image('a'), image('b', parts)).different).toBe(true);
  });

  it('say what is not known instead of calling it removed', () => {
    const { packages } = whole();
    const diff = compareImages(image('a.tar.gz'), { name: 'b.manifest.json', facts: { packages } });
    expect(diff).toMatchObject({ different: false, services: null, accounts: null });
    expect(diff.notCompared).toContainEqual({ part: 'services', why: 'not known of b.manifest.json' });
  });
});

it('an addition one way is a removal the other way', () => {
  const entry = fc.record({ key: fc.constantFrom('a', 'b', '__proto__', 'constructor'), value: fc.nat(2) });
  const entries = fc.uniqueArray(entry, { selector: (e) => e.key });
  fc.assert(
    fc.property(entries, entries, (x, y) => {
      const compare = (l: typeof x, r: typeof x) =>
        compareByKey(
          l,
          r,
          (e) => e.key,
          (p, q) => p.value === q.value,
        );
      const [there, back] = [compare(x, y), compare(y, x)];
      const keys = (list: typeof x) => list.map((e) => e.key).sort();
      expect(keys(there.added)).toEqual(keys(back.removed));
      expect(keys(there.changed.map((c) => c.before))).toEqual(keys(back.changed.map((c) => c.after)));
      expect(
        there.added.length +
          there.changed.length +
          y.filter((e) => x.some((f) => f.key === e.key && f.value === e.value)).length,
      ).toBe(y.length);
    }),
  );
});
