import { describe, expect, it } from 'vitest';
import type { Severity } from '../../../pipeline/image/checks/types.ts';
import { goodRoot, judged, type Root, small } from './root.ts';

const OLD = '5.4.0-125-generic';
const NEW = '5.15.0-1-generic';
const FLAVOUR = '5.15.0-1042-nvidia';
const ADVANCED = 'Advanced options for Ubuntu';
const UUID = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';

/** A kernel with everything that belongs to it. */
function add(root: Root, version: string, driver = true): Root {
  root
    .put(`boot/vmlinuz-${version}`, 'x')
    .put(`boot/initrd.img-${version}`, 'x')
    .dir(`usr/lib/modules/${version}`)
    .put(`usr/lib/modules/${version}/modules.dep`, 'x')
    .package(`linux-image-${version}`);
  if (driver) root.put(`usr/lib/modules/${version}/kernel/nvidia.ko.zst`, 'x');
  return root;
}
const grub = (root: Root, ...lines: string[]) =>
  root.put(
    'etc/default/grub',
    `GRUB_DISTRIBUTOR=\`lsb_release -i -s 2> /dev/null || echo Debian\`\n${lines.join('\n')}\n`,
  );
const env = (root: Root, ...lines: string[]) =>
  root.put('boot/grub/grubenv', `# GRUB Environment Block\n${lines.join('\n')}\n${'#'.repeat(900)}`);

async function finding(root: Root, id = 'default-kernel', profile?: Parameters<typeof small>[0]) {
  const verdict = await judged(root, profile ? { profile: small(profile) } : {});
  return verdict.findings.find((f) => f.id === id)!;
}

describe('default-kernel: the kernel that starts', () => {
  const two = (...lines: string[]) => grub(add(goodRoot(), NEW), ...lines);
  it.each<[string, Root, string]>([
    ['a title below its submenu', two(`GRUB_DEFAULT="${ADVANCED}>Ubuntu, with Linux ${OLD}"`), OLD],
    ['in single quotes', two(`GRUB_DEFAULT='${ADVANCED}>Ubuntu, with Linux ${OLD}'`), OLD],
    ['numbers', two('GRUB_DEFAULT="1>2"'), OLD],
    ['a number and a title', two(`GRUB_DEFAULT="1>Ubuntu, with Linux ${OLD}"`), OLD],
    ['a title and a number', two(`GRUB_DEFAULT="${ADVANCED}>2"`), OLD],
    ['recovery entries left out', two('GRUB_DISABLE_RECOVERY="true"', 'GRUB_DEFAULT="1>1"'), OLD],
    ['no submenu', two('GRUB_DISABLE_SUBMENU=y', `GRUB_DEFAULT="Ubuntu, with Linux ${OLD}"`), OLD],
    ['no submenu, by number', two('GRUB_DISABLE_SUBMENU=true', 'GRUB_DEFAULT=2'), OLD],
    [
      'a later file of grub.d',
      two('GRUB_DEFAULT=0').put('etc/default/grub.d/50-x.cfg', 'GRUB_DEFAULT="1>2"\n'),
      OLD,
    ],
    ['saved', env(two('GRUB_DEFAULT=saved'), `saved_entry=${ADVANCED}>Ubuntu, with Linux ${OLD}`), OLD],
    [
      'saved, the one before a single boot',
      env(two('GRUB_DEFAULT=saved', 'GRUB_SAVEDEFAULT=true'), 'saved_entry=0', 'prev_saved_entry=1>2'),
      OLD,
    ],
    ['the newest by name', two(`GRUB_DEFAULT="${ADVANCED}>Ubuntu, with Linux ${NEW}"`), NEW],
    ['a copy in the way', two('GRUB_DEFAULT="1>4"').put(`boot/vmlinuz-${NEW}.old`, 'x'), OLD],
  ])('%s', async (_how, root, version) => {
    const found = await finding(root);
    expect(found).toMatchObject({ status: 'pass' });
    expect(found.found).toContain(`${version} by GRUB_DEFAULT=`);
  });

  it.each<[string, Root, RegExp, Severity]>([
    [
      'two kernels and no word which',
      two('GRUB_DEFAULT=0'),
      /which of 2 kernels starts: .*starts 5\.15/,
      'warning',
    ],
    [
      'two kernels, one without driver',
      grub(add(goodRoot(), NEW, false)),
      /2 kernels.*starts 5\.15.*no driver/,
      'major',
    ],
    ['saved, and nothing saved', two('GRUB_DEFAULT=saved'), /2 kernels/, 'warning'],
    [
      'an id of the build disk',
      two(`GRUB_DEFAULT="gnulinux-advanced-${UUID}>gnulinux-${OLD}-advanced-${UUID}"`),
      /UUID of the build.*first entry, 5\.15/,
      'major',
    ],
    [
      'such an id in grubenv',
      env(two('GRUB_DEFAULT=saved'), `saved_entry=gnulinux-${OLD}-advanced-${UUID}`),
      /UUID of the build/,
      'major',
    ],
    [
      'such an id below a title',
      two(`GRUB_DEFAULT="${ADVANCED}>gnulinux-${OLD}-advanced-${UUID}"`),
      /UUID of the build/,
      'major',
    ],
    [
      'a title without its submenu',
      two(`GRUB_DEFAULT="Ubuntu, with Linux ${OLD}"`),
      /not in the menu/,
      'major',
    ],
    [
      'a title of another system',
      two(`GRUB_DEFAULT="Advanced options for Debian>Debian, with Linux ${OLD}"`),
      /not in the menu/,
      'major',
    ],
    ['a version, which GRUB takes for a number', two(`GRUB_DEFAULT=${OLD}`), /not in the menu/, 'major'],
    ['a number beyond the end', two('GRUB_DEFAULT=9'), /not in the menu/, 'major'],
    ['another entry once', env(two('GRUB_DEFAULT="1>2"'), 'next_entry=1>0'), /next_entry.*once/, 'major'],
    [
      'flavours in an order',
      grub(add(add(goodRoot(), FLAVOUR), '6.8.0-1-generic', false), 'GRUB_FLAVOUR_ORDER="nvidia"'),
      /starts 5\.15\.0-1042-nvidia/,
      'major',
    ],
    [
      'a kernel without a driver by name',
      grub(add(goodRoot(), NEW, false), `GRUB_DEFAULT="${ADVANCED}>Ubuntu, with Linux ${NEW}"`),
      /5\.15.*no driver/,
      'major',
    ],
  ])('%s', async (_how, root, text, severity) => {
    const found = await finding(root);
    expect(found).toMatchObject({ status: 'fail', severity });
    expect(found.found).toMatch(text);
  });

  it('is right once its own remedy is taken', async () => {
    const root = () => add(goodRoot(), NEW, false);
    const remedy = /set (GRUB_DEFAULT="[^"]+")/.exec((await finding(grub(root()))).found)![1]!;
    expect(remedy).toContain(OLD);
    expect(await finding(grub(root(), remedy))).toMatchObject({ status: 'pass' });
  });

  it('takes entries of one’s own from grub.cfg', async () => {
    const menu = `menuentry 'Mine' {\n linux /boot/vmlinuz-${OLD}\n}\n`;
    const root = grub(add(goodRoot(), NEW), 'GRUB_DEFAULT=Mine').put('boot/grub/grub.cfg', menu);
    expect((await finding(root)).found).toContain(`${OLD} by GRUB_DEFAULT=Mine`);
  });
});

describe('default-kernel: the menu', () => {
  // `GRUB_TIMEOUT=-1 sh /etc/grub.d/00_header` of grub-common 2.06 prints `set timeout=-1`, which waits for ever.
  it.each([
    ['GRUB_TIMEOUT=-1', 'fail'],
    ['GRUB_TIMEOUT="-1"', 'fail'],
    ['GRUB_TIMEOUT=-1\nGRUB_TIMEOUT=5', 'pass'],
    ['GRUB_TIMEOUT=0', 'pass'],
    ['# GRUB_TIMEOUT=-1', 'pass'],
  ])('with %j: %s', async (line, status) => {
    expect(await finding(grub(goodRoot(), line))).toMatchObject({ status });
  });
});

describe('kernel-modules', () => {
  it.each<[string, (r: Root) => unknown, RegExp, Severity]>([
    [
      'no initrd of the kernel that starts',
      (r) => r.remove(`boot/initrd.img-${OLD}`),
      /5\.4\S* has no initrd/,
      'major',
    ],
    [
      'an empty initrd',
      (r) => r.put(`boot/initrd.img-${OLD}`, ''),
      /has no initrd, or an empty one/,
      'major',
    ],
    [
      'no initrd of another',
      (r) => add(r, '5.3.0-1-x').remove('boot/initrd.img-5.3.0-1-x'),
      /5\.3\S* has no initrd/,
      'warning',
    ],
    [
      'a kernel of no package',
      (r) => r.withoutPackage(`linux-image-${OLD}`),
      /comes from no package/,
      'warning',
    ],
    [
      'one whose package was removed',
      (r) =>
        r.withoutPackage(`linux-image-${OLD}`).package(`linux-image-${OLD}`, 'deinstall ok config-files'),
      /no package/,
      'warning',
    ],
  ])('finds %s', async (_how, spoil, text, severity) => {
    const root = goodRoot();
    spoil(root);
    const found = await finding(root, 'kernel-modules');
    expect(found).toMatchObject({ status: 'fail', severity });
    expect(found.found).toMatch(text);
  });

  it.each<[string, (r: Root) => unknown]>([
    ['a copy of a kernel', (r) => r.put(`boot/vmlinuz-${OLD}.old`, 'x').put(`boot/vmlinuz-${OLD}.bak`, 'x')],
    ['what dpkg leaves', (r) => r.put('boot/vmlinuz-5.9.dpkg-bak', 'x')],
    [
      'links to kernels',
      (r) =>
        r
          .link('boot/vmlinuz', `vmlinuz-${OLD}`)
          .link('boot/vmlinuz.old', `vmlinuz-${OLD}`)
          .link('vmlinuz', `boot/vmlinuz-${OLD}`),
    ],
    ['a link with a name of its own', (r) => r.link('boot/vmlinuz-generic', `vmlinuz-${OLD}`)],
    ['a link to nothing', (r) => r.link('boot/vmlinuz-gone', 'nothing')],
    ['a folder of that name', (r) => r.dir('boot/vmlinuz-x')],
    [
      'an unsigned image',
      (r) => r.withoutPackage(`linux-image-${OLD}`).package(`linux-image-unsigned-${OLD}`),
    ],
    ['modules of a kernel that is gone', (r) => r.put('usr/lib/modules/5.3.0-1-x/updates/x.ko', 'x')],
  ])('passes %s', async (_how, spoil) => {
    const root = goodRoot();
    spoil(root);
    expect(await finding(root, 'kernel-modules')).toMatchObject({ status: 'pass' });
    expect(await finding(root, 'nvidia-module')).toMatchObject({ status: 'pass' });
  });
});
