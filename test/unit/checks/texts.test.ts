import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../pipeline/image/checks/judge.ts';
import { DGX_ROOTS, JUDGED_AS } from './dgx-roots.ts';
import { goodRoot, judged, Root, small } from './root.ts';

const KERNEL = '5.4.0-125-generic';
const KO = `usr/lib/modules/${KERNEL}`;
type Spoil = (root: Root) => unknown;
type Options = NonNullable<Parameters<typeof judged>[1]>;

/** Images that touch many checks each, and what they are judged by. */
const IMAGES: Readonly<Record<string, [spoil: Spoil, options?: Options]>> = {
  'without packages': [(r) => r.remove('var/lib/dpkg/status')],
  'without a hook': [(r) => r.remove('curtin')],
  'with a kernel of its own': [(r) => r.put('curtin/CUSTOM_KERNEL', 'linux-firmware=1.0\n')],
  'with the kernel of another': [(r) => r.put('curtin/CUSTOM_KERNEL', 'linux-firmware=2.0\n')],
  'without a kernel': [(r) => r.remove('boot').remove(KO)],
  'without an initrd and a package of its kernel': [
    (r) => r.remove(`boot/initrd.img-${KERNEL}`).withoutPackage(`linux-image-${KERNEL}`),
  ],
  'with two kernels, one without the driver': [
    (r) =>
      r.put('boot/vmlinuz-5.15.0-1-generic', 'x').put('usr/lib/modules/5.15.0-1-generic/modules.dep', 'x'),
  ],
  'with a menu that starts nothing': [
    (r) => r.put('boot/grub/grub.cfg', "menuentry 'x' {\n}\n").put('etc/grub.d/15_linux', 'x'),
  ],
  'in a folder': [
    (r) => r.remove('etc/os-release').remove('usr/lib/os-release').put('root/x/etc/os-release', 'x'),
  ],
  'without os-release': [(r) => r.remove('etc/os-release').remove('usr/lib/os-release')],
  'of another system': [(r) => r.put('usr/lib/os-release', 'ID=debian\nVERSION_CODENAME=bookworm\n')],
  'of no system': [(r) => r.put('usr/lib/os-release', 'NAME=x\n')],
  'with wrong owners and modes': [
    (r) =>
      r
        .put('opt/a', 'x', { uid: 5000, gid: 5000 })
        .put('opt/b', 'x', { uid: 70_000 })
        .put('opt/su', 'x', { mode: 0o4755 })
        .change('usr/bin/su', { mode: 0o755 })
        .change('usr/bin/mount', { mode: 0o755 })
        .change('usr/bin/sudo', { mode: 0o755 })
        .change('etc/shadow', { mode: 0o644 }),
  ],
  'with devices and full mount points': [
    (r) =>
      r
        .put('dev/null', '', { type: 'character-device' })
        .put('dev/sda', '', { type: 'block-device' })
        .put('run/x', 'x')
        .put('tmp/y', 'x'),
  ],
  'with what a machine leaves': [
    (r) =>
      r
        .put('etc/ssh/ssh_host_rsa_key', 'x')
        .put('etc/ssh/ssh_host_ed25519_key', 'x')
        .put('etc/machine-id', `${'ab'.repeat(16)}\n`)
        .put('etc/hostname', 'dgx-17\n')
        .put('var/log/syslog', 'x')
        .put('var/cache/apt/archives/x.deb', 'x')
        .put('root/.bash_history', 'x')
        .put('root/.docker/config.json', '{"auths": {"x": {"auth": "abc"}}}')
        .put('etc/udev/rules.d/70-persistent-net.rules', 'x\n')
        .put('var/lib/cloud/instance', 'x')
        .put('etc/resolv.conf', 'nameserver 10.0.0.1\n'),
  ],
  'with a locked name': [(r) => r.put('etc/hostname', 'ubuntu\n')],
  'with accounts that are open': [
    (r) =>
      r
        .put(
          'etc/passwd',
          'root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/sh\nbob::1000:1000::/home/bob:/bin/bash\n',
        )
        .put('etc/shadow', 'root:$6$a$HASH:1::::::\ntoor:*:1::::::\n', { mode: 0o640, gid: 42 })
        .put('root/.ssh/authorized_keys', 'ssh-ed25519 AAAA x\n')
        .put('etc/sudoers.d/x', 'bob ALL=(ALL) NOPASSWD: ALL\n', { mode: 0o440 }),
  ],
  'with an open sshd': [
    (r) =>
      r.put(
        'etc/ssh/sshd_config',
        'PermitRootLogin yes\nPermitEmptyPasswords yes\nMatch User bob\nPasswordAuthentication yes\n',
      ),
  ],
  'without sshd': [(r) => r.remove('usr/sbin/sshd')],
  'with archives of the build': [
    (r) =>
      r
        .put(
          'etc/apt/sources.list',
          'deb http://127.0.0.1/ubuntu focal main\ndeb [trusted=yes] http://mirror/x ./\n',
        )
        .put('etc/apt/preferences', 'Package: linux-*\nPin: version 1\nPin-Priority: -1\n')
        .put('etc/environment', 'http_proxy=http://u:p@10.0.2.2:3128\n'),
  ],
  'with archives elsewhere': [
    () => {},
    {
      archives: [
        { uri: 'http://a/dists/x', said: '404' },
        { uri: 'http://b/dists/x', said: null },
      ] as never,
    },
  ],
  'with cloud-init off': [
    (r) => r.put('etc/cloud/cloud-init.disabled', '').put('etc/cloud/ds-identify.cfg', 'policy: disabled\n'),
  ],
  'without the tools of curtin': [
    (r) => {
      for (const name of [
        'cloud-init',
        'netplan.io',
        'initramfs-tools',
        'efibootmgr',
        'mdadm',
        'dpkg',
        'linux-firmware',
      ])
        r.withoutPackage(name);
    },
  ],
  'with packages that are broken': [
    (r) =>
      r
        .package('a', 'install ok half-configured')
        .package('b', 'install reinstreq half-installed')
        .package('c', 'deinstall ok config-files')
        .package('d', 'hold ok installed')
        .package('e', 'install ok installed', '1.0', 'arm64'),
  ],
  'with disks of the build': [
    (r) =>
      r
        .put(
          'etc/fstab',
          'UUID=0a-1b / ext4 defaults 0 1\n/swap.img none swap sw 0 0\nUUID=2 /x ext4 nofail 0 2\n',
        )
        .put('etc/crypttab', 'a /dev/sda3 none\nb /file none\n'),
  ],
  'with modules of others': [
    (r) =>
      r
        .put(`${KO}/extra/m.ko`, 'x')
        .put(`${KO}/extra/n.ko.xz`, 'x')
        .put(`${KO}/updates/dkms/nvidia-fs.ko`, 'x'),
  ],
  'with a hook that cannot run': [
    (r) => r.put('curtin/curtin-hooks', '#!/bin/bash\r\nif\n', { mode: 0o644 }),
  ],
  'with diversions and answers': [
    (r) =>
      r
        .put('boot/grub.curtin-disabled', 'x')
        .put('usr/sbin/nv-eula.distrib', 'x')
        .put('var/cache/debconf/config.dat', 'Name: grub-pc/install_devices\nValue: /dev/sda\n\n')
        .put('etc/default/grub.d/x.cfg', 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX a=b"\n'),
  ],
  'as a plain tar': [() => {}, { stream: { format: 'none', whole: true, bytes: 1000, problem: null } }],
  'that breaks off': [() => {}, { stream: { format: 'xz', whole: false, bytes: 1000, problem: null } }],
  'in another format': [() => {}, { stream: { format: 'unknown', whole: true, bytes: 1000, problem: null } }],
  'in a damaged stream': [
    () => {},
    { stream: { format: 'gzip', whole: true, bytes: 1000, problem: 'it is damaged' } },
  ],
  'from a clean disk': [() => {}, { buildFacts: { pack: 'host', fileSystem: 'clean' } as never }],
  'from a dirty disk': [() => {}, { buildFacts: { pack: 'host', fileSystem: 'dirty' } as never }],
  'from nowhere': [() => {}, { stream: null, buildFacts: null } as never],
  'for another base image': [() => {}, { baseImage: 'ubuntu/jammy' }],
  'for any base image': [() => {}, { profile: small('dgxos5', { baseImage: null } as never) }],
  'with a budget': [() => {}, { profile: small('dgxos5', { budget: 1 << 30 }) }],
  'without a budget': [() => {}, { profile: small('dgxos5', { budget: null }) }],
  'as the demo': [() => {}, { profile: small('demo' as never), platform: null, packages: null }],
  'with packages that its platform needs': [() => {}, { packages: ['linux-firmware', 'a', 'b'] }],
};

const lines = (verdict: Verdict) =>
  verdict.findings.map(({ id, status, severity, found }) => `${id}: ${status}, ${severity}: ${found}`);

/** The lines of the good image, which are left out of the others. */
let good: Promise<Set<string>> | undefined;
const unlikeGood = async (verdict: Verdict) => {
  good ??= judged(goodRoot()).then((its) => new Set(lines(its)));
  const same = await good;
  return lines(verdict).filter((line) => !same.has(line));
};

// The texts are in __snapshots__; after a change that is meant: vitest --update.
describe('the findings of an image', () => {
  it('that is good', async () => {
    expect(lines(await judged(goodRoot()))).toMatchSnapshot();
  });

  it('that is nothing but a folder', async () => {
    expect(lines(await judged(new Root().dir('')))).toMatchSnapshot();
  });

  it.each(Object.keys(IMAGES))('%s', async (name) => {
    const [spoil, options] = IMAGES[name]!;
    const root = goodRoot();
    spoil(root);
    expect(await unlikeGood(await judged(root, options))).toMatchSnapshot();
  });

  it.each(Object.keys(DGX_ROOTS) as (keyof typeof DGX_ROOTS)[])('of %s', async (name) => {
    const [profile, platform] = JUDGED_AS[name];
    const verdict = await judged(DGX_ROOTS[name](), { profile: small(profile), platform, packages: null });
    expect(await unlikeGood(verdict)).toMatchSnapshot();
  });
});
