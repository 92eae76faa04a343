import { describe, expect, it } from 'vitest';
import { imageArchitecture } from '../../../pipeline/image/facts/architecture.ts';
import { elf } from '../parsers/elf.ts';
import { goodRoot, inspect, judged, type Root } from './root.ts';

/** The good root with every native package of another architecture. */
function rootOf(arch: string): Root {
  const root = goodRoot();
  const status = String(root.nodes.get('var/lib/dpkg/status')!.content);
  return root.put('var/lib/dpkg/status', status.replaceAll('Architecture: amd64', `Architecture: ${arch}`));
}

const found = async (root: Root, architecture?: string) => {
  const { findings } = await judged(root, architecture === undefined ? {} : { architecture });
  return findings.find(({ id }) => id === 'architecture')!;
};
const facts = async (root: Root) => inspect(await root.tar());

describe('the architecture of a root', () => {
  it.each([
    ['amd64', elf(62)],
    ['arm64', elf(183)],
    ['armhf', elf(40, { bits: 32 })],
    ['armel', elf(40, { bits: 32 })],
    ['i386', elf(3, { bits: 32 })],
    ['ppc64el', elf(21)],
    ['s390x', elf(22, { little: false })],
    ['riscv64', elf(243)],
  ])('%s by dpkg and the shell', async (arch, shell) => {
    const root = rootOf(arch).link('usr/bin/sh', 'dash').put('usr/bin/dash', shell, { mode: 0o755 });
    expect(await found(root, `${arch}/generic`)).toMatchObject({
      status: 'pass',
      found: `${arch}, by dpkg and /usr/bin/dash`,
    });
    const other = arch === 'amd64' ? 'arm64/generic' : 'amd64/generic';
    expect(await found(root, other)).toMatchObject({ status: 'fail', severity: 'blocker' });
  });

  it('a subarchitecture is MAAS’ own matter', async () =>
    expect(await found(rootOf('arm64'), 'arm64/ga-20.04')).toMatchObject({ status: 'pass' }));

  it('foreign packages beside the own ones are fine', async () => {
    const root = goodRoot()
      .package('libc6', undefined, '2.31', 'i386')
      .package('libc6', undefined, '2.31', 'arm64');
    expect(await found(root, 'amd64/generic')).toMatchObject({ status: 'pass' });
  });

  it.each([
    [
      'the shell behind an absolute link',
      (r: Root) => r.link('usr/bin/sh', '/usr/bin/dash').put('usr/bin/dash', elf(183)),
    ],
    ['the shell itself', (r: Root) => r.put('usr/bin/sh', elf(183))],
    [
      'a hard link',
      (r: Root) =>
        r.put('usr/bin/dash', elf(183)).put('usr/bin/sh', '', { type: 'link', linkname: './usr/bin/dash' }),
    ],
    [
      'a hard link, beside a program that is read before',
      (r: Root) =>
        r
          .put('usr/bin/bash', elf(62))
          .put('usr/bin/dash', elf(183))
          .put('usr/bin/sh', '', { type: 'link', linkname: './usr/bin/dash' }),
    ],
    [
      'a root without merged /usr',
      (r: Root) => r.remove('bin').dir('bin').link('bin/sh', 'dash').put('bin/dash', elf(183)),
    ],
    [
      'no shell, systemd alone',
      (r: Root) => r.link('usr/sbin/init', '../lib/systemd/systemd').put('usr/lib/systemd/systemd', elf(183)),
    ],
    ['busybox', (r: Root) => r.link('usr/bin/sh', 'busybox').put('usr/bin/busybox', elf(183))],
  ])('%s shows what dpkg does not', async (_, spoil) => {
    const root = spoil(goodRoot());
    expect(await found(root)).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('is for arm64'),
    });
    for (const name of ['dpkg', 'base-files', 'libc-bin', 'coreutils'])
      if (String(root.nodes.get('var/lib/dpkg/status')!.content).includes(`Package: ${name}\n`))
        root.withoutPackage(name);
    expect(imageArchitecture(await facts(root))).toBe('arm64');
  });

  it('a removed dpkg and a shell that is a script show nothing', async () => {
    const root = goodRoot().withoutPackage('dpkg').put('usr/bin/sh', '#!/x\n');
    expect(imageArchitecture(await facts(root))).toBeNull();
    expect(await found(root, 'amd64/generic')).toMatchObject({ status: 'not-applicable' });
  });
});
