import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { JudgeOptions } from '../../../pipeline/image/checks/judge.ts';
import { CHECKS } from '../../../pipeline/image/checks/table.ts';
import type { Severity } from '../../../pipeline/image/checks/types.ts';
import { elf } from '../parsers/elf.ts';
import { goodRoot, judged, module, type Root, SIGNED, small } from './root.ts';

/** One way to spoil the good root, and what its check must say. */
interface Bad {
  how: string;
  spoil: (root: Root) => unknown;
  found: RegExp;
  severity?: Severity;
  options?: Partial<JudgeOptions>;
}

const K = '5.4.0-125-generic';

/** A hook that leaves everything to curtin's own. */
const BUILTIN = '#!/usr/bin/env python3\nfrom curtin.commands.curthooks import builtin_curthooks\n';

/** The kernel's package, with what it provides. */
function kernelPackage(root: Root, status: string, provides: string): Root {
  const old = String(root.nodes.get('var/lib/dpkg/status')!.content);
  const stanza = `Package: linux-image-${K}\nStatus: ${status}\nArchitecture: amd64\nVersion: 1\nProvides: ${provides}\n\n`;
  return root.put('var/lib/dpkg/status', old + stanza);
}

const BAD: Record<string, Bad[]> = {
  architecture: [
    {
      how: 'another architecture than asked for',
      spoil: () => {},
      options: { architecture: 'arm64/generic' },
      found: /the image is amd64 \(by dpkg\), and arm64\/generic is requested/,
    },
    {
      how: 'a shell for another machine',
      spoil: (r) => r.link('usr/bin/sh', 'dash').put('usr/bin/dash', elf(183), { mode: 0o755 }),
      found: /dpkg says amd64, and \/usr\/bin\/dash is for arm64/,
    },
  ],
  'stream-whole': [
    {
      how: 'a handful of members',
      spoil: () => {},
      found: /too few for a root file system/,
      options: { profile: 'dgxos5' },
    },
    {
      how: 'a stream that breaks off',
      spoil: () => {},
      found: /breaks off/,
      options: {
        stream: {
          format: 'gzip',
          whole: false,
          bytes: 3500,
          problem: 'the gzip stream breaks off after 3500 bytes',
        },
      },
    },
    {
      how: 'an unknown compression',
      spoil: () => {},
      found: /gzip, xz and bzip2/,
      options: { stream: { format: 'unknown', whole: false, bytes: 9, problem: null } },
    },
  ],
  'member-names': [
    { how: 'a name that climbs out', spoil: (r) => r.put('../evil', 'x'), found: /\.\.\/evil/ },
    {
      how: 'a hard link out',
      spoil: (r) => r.put('hl', '', { type: 'link', linkname: '../../etc/passwd' }),
      found: /hl -> \.\.\/\.\.\/etc\/passwd/,
    },
    {
      how: 'a hard link to nothing',
      spoil: (r) => r.put('hl', '', { type: 'link', linkname: './nothing' }),
      found: /hl -> \.\/nothing/,
    },
    {
      how: 'an absolute hard link',
      spoil: (r) => r.put('hl', '', { type: 'link', linkname: '/etc/passwd' }),
      found: /hl -> \/etc\/passwd/,
    },
    {
      how: 'a member below a symlink that tar makes at the end',
      spoil: (r) => r.link('late', '/usr/bin').put('late/x', 'x'),
      found: /below a symlink .*: \.\/late\/x/,
    },
    {
      how: 'links in a circle',
      spoil: (r) => r.link('a', 'b').link('b', 'a'),
      found: /circle/,
      severity: 'warning',
    },
  ],
  'root-on-top': [
    { how: 'no os-release', spoil: (r) => r.remove('usr/lib/os-release'), found: /no \.\/etc\/os-release/ },
  ],
  'os-release': [
    {
      how: 'another series',
      spoil: (r) => r.put('usr/lib/os-release', 'ID=ubuntu\nVERSION_CODENAME=jammy\n'),
      found: /jammy.*focal/,
    },
    {
      how: 'another system',
      spoil: (r) => r.put('usr/lib/os-release', 'ID=debian\nVERSION_CODENAME=bookworm\n'),
      found: /debian/,
    },
    {
      how: 'another base image',
      spoil: () => {},
      found: /ubuntu\/noble/,
      options: { baseImage: 'ubuntu/noble' },
    },
  ],
  owners: [
    {
      how: "a user's /usr",
      spoil: (r) => r.change('usr', { uid: 1000, gid: 1000 }),
      found: /\/usr is 1000:1000/,
    },
    {
      how: 'sudo without setuid',
      spoil: (r) => r.change('usr/bin/sudo', { mode: 0o755 }),
      found: /sudo is 0:0 mode 0755/,
    },
    {
      how: "a user's file in /usr",
      spoil: (r) => r.put('usr/bin/x', 'x', { uid: 1001 }),
      found: /\/usr\/bin\/x \(uid 1001\)/,
    },
    {
      how: 'a sudoers file of another',
      spoil: (r) => r.put('etc/sudoers.d/x', 'x', { gid: 5 }),
      found: /sudoers\.d\/x is 0:5/,
    },
  ],
  attributes: [
    {
      how: 'no capability at all',
      spoil: (r) => r.change('usr/bin/ping', { pax: {} }),
      found: /ping has lost its capabilities: iputils-ping/,
    },
    {
      how: 'a capability taken for text',
      spoil: (r) =>
        r.change('usr/bin/ping', {
          pax: { 'SCHILY.xattr.security.capability': '\u0001\ufffd\u0002 \u0000\u0000\u0000\u0000' },
        }),
      found: /ping has no capability on the machine: 0x.*damaged/,
    },
    {
      how: 'an ACL as text only',
      severity: 'warning',
      spoil: (r) => r.put('x', 'x', { pax: { 'SCHILY.acl.access': 'user::rw-,user:alice:rw-' } }),
      found: /lost on extraction.*\/x/,
    },
  ],
  'mount-points': [
    { how: 'no /proc', spoil: (r) => r.remove('proc'), found: /missing: \/proc/ },
    {
      how: 'a full /run',
      spoil: (r) => r.put('run/x.pid', '1'),
      found: /\/run \(\/run\/x\.pid\)/,
      severity: 'major',
    },
  ],
  'no-devices': [
    {
      how: 'a node',
      spoil: (r) => r.put('dev/null', '', { type: 'character-device' }),
      found: /\/?dev\/null/,
    },
  ],
  'cloud-init': [
    { how: 'not installed', spoil: (r) => r.withoutPackage('cloud-init'), found: /not installed/ },
    {
      how: 'half installed',
      spoil: (r) => r.withoutPackage('cloud-init').package('cloud-init', 'install ok half-installed'),
      found: /iH/,
    },
    {
      how: 'without its program',
      spoil: (r) => r.remove('usr/bin/cloud-init'),
      found: /no \/usr\/bin\/cloud-init/,
    },
  ],
  netplan: [
    { how: 'not installed', spoil: (r) => r.withoutPackage('netplan.io'), found: /netplan\.io is not/ },
  ],
  'lsb-release': [{ how: 'absent', spoil: (r) => r.remove('usr/bin/lsb_release'), found: /lsb_release/ }],
  'not-ubuntu-core': [
    { how: '/snaps', spoil: (r) => r.dir('snaps'), found: /\/snaps/ },
    { how: 'system-data', spoil: (r) => r.dir('system-data/var/lib/snapd'), found: /system-data/ },
  ],
  hook: [
    { how: 'absent', spoil: (r) => r.remove('curtin/curtin-hooks'), found: /there is no/ },
    {
      how: 'not executable',
      spoil: (r) => r.change('curtin/curtin-hooks', { mode: 0o644 }),
      found: /not executable/,
    },
    { how: 'a link', spoil: (r) => r.link('curtin/curtin-hooks', 'other'), found: /symlink/ },
    { how: 'no shebang', spoil: (r) => r.change('curtin/curtin-hooks', { content: 'echo\n' }), found: /#!/ },
    {
      how: 'DOS line ends',
      spoil: (r) => r.change('curtin/curtin-hooks', { content: '#!/bin/bash\r\necho\r\n' }),
      found: /carriage return/,
    },
    {
      how: 'an interpreter of its own',
      spoil: (r) => r.change('curtin/curtin-hooks', { content: '#!/opt/x/bash\n' }),
      found: /\/opt\/x\/bash is not in the ephemeral/,
    },
    {
      how: 'broken syntax',
      spoil: (r) => r.change('curtin/curtin-hooks', { content: '#!/bin/sh\nif true; then\n' }),
      found: /sh -n: .*(syntax|unexpected)/i,
    },
    {
      how: 'a script that is not executable',
      spoil: (r) =>
        r
          .change('curtin/curtin-hooks', {
            content: '#!/usr/bin/env python3\nrun_hook_in_target(target, "setup-bootloader")\n',
          })
          .put('curtin/setup-bootloader', '#!/bin/bash\n'),
      found: /line 2 of \/curtin\/curtin-hooks needs \/curtin\/setup-bootloader, which is not executable/,
    },
    {
      how: 'a script that is not there',
      spoil: (r) => r.change('curtin/curtin-hooks', { content: '#!/bin/bash\n"$TARGET"/curtin/more\n' }),
      found: /line 2 of \/curtin\/curtin-hooks needs \/curtin\/more, which is not in the image/,
    },
    {
      how: 'a script that does not start',
      spoil: (r) =>
        r
          .change('curtin/curtin-hooks', { content: '#!/bin/bash\n/curtin/more\n' })
          .put('curtin/more', '#!/bin/bash\r\n', { mode: 0o755 }),
      found: /\/curtin\/more, which will not start/,
    },
    {
      how: 'a hard link to what was not read',
      spoil: (r) =>
        r
          .remove('curtin/curtin-hooks')
          .put('a', '#!/bin/sh\n', { mode: 0o755 })
          .put('curtin/curtin-hooks', '', { type: 'link', linkname: './a' }),
      found: /hard link to a/,
    },
  ],
  'hook-kernel': [
    {
      how: 'linux-generic',
      spoil: (r) =>
        r.change('curtin/curtin-hooks', {
          content: '#!/bin/sh\nchroot t apt-get -y install \\\n  linux-generic\n',
        }),
      found: /curtin-hooks:2: .*linux-generic/,
    },
    {
      how: 'linux-image-generic in a helper',
      spoil: (r) => r.put('curtin/setup-bootloader', '#!/bin/sh\napt-get install linux-image-generic\n'),
      found: /setup-bootloader:2/,
    },
    {
      how: 'CUSTOM_KERNEL of nothing',
      spoil: (r) => r.put('curtin/CUSTOM_KERNEL', 'linux-nvidia\n'),
      found: /linux-nvidia/,
    },
  ],
  'kernel-modules': [
    { how: 'no kernel', spoil: (r) => r.remove(`boot/vmlinuz-${K}`), found: /no \/boot\/vmlinuz/ },
    { how: 'no modules', spoil: (r) => r.remove(`usr/lib/modules/${K}`), found: /has no \/lib\/modules/ },
    {
      how: 'no modules.dep',
      spoil: (r) => r.remove(`usr/lib/modules/${K}/modules.dep`),
      found: /has no modules\.dep/,
    },
  ],
  'nvidia-module': [
    { how: 'no driver', spoil: (r) => r.remove(`usr/lib/modules/${K}/updates`), found: /neither nvidia\.ko/ },
    {
      how: 'dkms without headers',
      spoil: (r) => r.remove(`usr/lib/modules/${K}/updates`).package('nvidia-dkms-550'),
      found: /neither nvidia\.ko nor dkms/,
    },
  ],
  'default-kernel': [
    { how: 'two kernels', spoil: (r) => r.put('boot/vmlinuz-5.15.0-1-generic', 'x'), found: /2 kernels/ },
    {
      how: 'a menu of another kernel',
      spoil: (r) => r.put('boot/grub/grub.cfg', "menuentry 'a' {\nlinux /vmlinuz-9.9\n}\n"),
      found: /9\.9.*not in \/boot/,
    },
    {
      how: 'a kernel without driver',
      spoil: (r) => r.remove(`usr/lib/modules/${K}/updates`),
      found: /no driver/,
    },
  ],
  initramfs: [
    { how: 'neither', spoil: (r) => r.withoutPackage('initramfs-tools'), found: /initramfs-tools or dracut/ },
    {
      how: 'dracut alone, and a hook that does not see to it',
      spoil: (r) =>
        r
          .withoutPackage('initramfs-tools')
          .package('dracut')
          .put('curtin/curtin-hooks', BUILTIN, { mode: 0o755 }),
      found: /dracut 1\.0 without update-initramfs/,
      severity: 'major',
    },
  ],
  'curtin-diversions': [
    {
      how: 'left',
      spoil: (r) => r.put('usr/sbin/update-initramfs.curtin-disabled', 'x'),
      found: /update-initramfs/,
    },
  ],
  'boot-packages': [
    { how: 'no shim', spoil: (r) => r.withoutPackage('shim-signed'), found: /shim-signed/ },
    {
      how: 'no shim, offline',
      spoil: (r) => r.withoutPackage('shim-signed'),
      found: /shim-signed/,
      severity: 'blocker',
      options: { offline: true },
    },
  ],
  'storage-packages': [
    { how: 'no mdadm', spoil: (r) => r.withoutPackage('mdadm'), found: /mdadm is not installed \(RAID\)/ },
    ...['bcache-tools', 'btrfs-progs', 'nvme-cli', 'openvswitch-switch'].map(
      (name): Bad => ({
        how: `no ${name}`,
        spoil: (r) => r.withoutPackage(name),
        found: new RegExp(`${name}.* is not installed`),
        severity: 'warning',
      }),
    ),
    {
      how: 'no bcache-tools, offline',
      spoil: (r) => r.withoutPackage('bcache-tools'),
      found: /bcache/,
      options: { offline: true },
    },
  ],
  'initrd-hooks': [
    {
      how: 'no hook of mdadm',
      spoil: (r) => r.remove('usr/share/initramfs-tools/hooks/mdadm'),
      found: /^initrds do not get .*: there is no \/usr\/share\/initramfs-tools\/hooks\/mdadm \(RAID\)$/,
    },
    {
      how: 'no hook of bcache-tools',
      spoil: (r) => r.remove('usr/share/initramfs-tools/hooks/bcache'),
      found: /hooks\/bcache \(bcache\)/,
      severity: 'warning',
    },
    {
      how: 'no /sbin/lvm',
      spoil: (r) => r.remove('usr/sbin/lvm'),
      found: /hooks\/lvm2 copies lvm, which is not in the image \(LVM\)/,
    },
  ],
  'package-states': [
    {
      how: 'half-configured',
      spoil: (r) => r.package('x', 'install ok half-configured'),
      found: /iF x .*finishes/,
      severity: 'warning',
    },
    {
      how: 'configuration left',
      spoil: (r) => r.package('x', 'deinstall ok config-files'),
      found: /rc x .*configuration left/,
      severity: 'warning',
    },
    {
      how: 'of another architecture, broken',
      spoil: (r) => r.package('x', 'install reinstreq half-installed', '1', 'i386'),
      found: /iHR x:i386 .*stops/,
    },
    {
      how: 'reinstallation required',
      spoil: (r) => r.package('x', 'install reinstreq installed'),
      found: /iiR x/,
    },
  ],
  'boot-filled': [{ how: 'empty', spoil: (r) => r.remove('boot').dir('boot'), found: /nothing in \/boot/ }],
  fstab: [
    {
      how: 'a UUID',
      spoil: (r) => r.put('etc/fstab', 'UUID=1-2 / ext4 defaults 0 1\n'),
      found: /fstab:1: UUID=/,
    },
    {
      how: 'a label',
      spoil: (r) => r.put('etc/fstab', '\nLABEL=cloudimg-rootfs / ext4 defaults 0 1\n'),
      found: /fstab:2/,
    },
    { how: 'a device', spoil: (r) => r.put('etc/fstab', '/dev/vda1 / ext4\n'), found: /vda1/ },
  ],
  'cloud-init-enabled': [
    {
      how: 'cloud-init.disabled',
      spoil: (r) => r.put('etc/cloud/cloud-init.disabled'),
      found: /cloud-init\.disabled switches cloud-init off/,
    },
    {
      how: 'a list of data sources without MAAS',
      spoil: (r) => r.put('etc/cloud/cloud.cfg.d/99-installer.cfg', 'datasource_list: [ None ]\n'),
      found: /99-installer\.cfg: datasource_list: \[ None \] leaves MAAS out/,
    },
    {
      how: 'a masked unit',
      spoil: (r) => r.link('etc/systemd/system/cloud-init-local.service', '/dev/null'),
      found: /masks cloud-init-local\.service/,
    },
    {
      how: 'a network that is switched off',
      spoil: (r) => r.put('etc/cloud/cloud.cfg.d/99-net.cfg', 'network: {config: disabled}\n'),
      found: /network: \{config: disabled\}/,
      severity: 'major',
    },
  ],
  'cloud-init-state': [
    {
      how: 'an instance link',
      spoil: (r) => r.link('var/lib/cloud/instance', 'instances/i-1'),
      found: /cloud\/instance/,
    },
    {
      how: 'an instance',
      spoil: (r) => r.dir('var/lib/cloud/instances').dir('var/lib/cloud/instances/i-1'),
      found: /i-1/,
    },
  ],
  'network-state': [
    {
      how: 'a netplan',
      spoil: (r) =>
        r.put('etc/netplan/50-cloud-init.yaml', 'network:\n  ethernets:\n    ens3: {dhcp4: true}\n'),
      found: /50-cloud-init\.yaml \(ethernets\/ens3\)/,
    },
    {
      how: 'persistent names',
      spoil: (r) => r.put('etc/udev/rules.d/70-persistent-net.rules', 'x'),
      found: /persistent-net/,
    },
  ],
  'machine-id': [
    { how: 'set', spoil: (r) => r.put('etc/machine-id', `${'a'.repeat(32)}\n`), found: /machine-id is set/ },
    {
      how: "dbus' own copy",
      spoil: (r) => r.put('var/lib/dbus/machine-id', `${'a'.repeat(32)}\n`),
      found: /dbus\/machine-id is set/,
    },
  ],
  'ssh-host-keys': [
    { how: 'a key', spoil: (r) => r.put('etc/ssh/ssh_host_rsa_key', 'x'), found: /ssh_host_rsa_key/ },
  ],
  accounts: [
    {
      how: "root's password",
      spoil: (r) => r.put('etc/shadow', 'root:$6$abc$SECRETHASH:1::::::\ndaemon:*:1::::::\n'),
      found: /root has a password \(sha512crypt\)/,
    },
    {
      how: "nvidia's password",
      spoil: (r) =>
        r
          .put('etc/passwd', 'root:x:0:0::/:/bin/sh\nnvidia:x:1000:1000::/:/bin/sh\n')
          .put('etc/shadow', 'root:!:1\nnvidia:$y$j9T$a$b:1\n'),
      found: /nvidia has a password \(yescrypt\)/,
    },
    {
      how: 'no password asked',
      spoil: (r) => r.put('etc/shadow', 'root::1::::::\ndaemon:*:\n'),
      found: /root is asked for no password/,
    },
    {
      how: 'a second uid 0',
      spoil: (r) => r.put('etc/passwd', 'root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n'),
      found: /toor/,
    },
    {
      how: 'NOPASSWD',
      spoil: (r) => r.put('etc/sudoers.d/90-cloud-init-users', '# x\nubuntu ALL=(ALL) NOPASSWD:ALL\n'),
      found: /90-cloud-init-users:2: .*NOPASSWD/,
    },
    {
      how: 'authorized_keys',
      spoil: (r) => r.put('root/.ssh/authorized_keys', '\nssh-rsa AAAA x\n'),
      found: /authorized_keys \(1\)/,
    },
    {
      how: 'a shadow elsewhere',
      spoil: (r) => r.remove('etc/shadow').put('opt/s', 'root:*:\n').link('etc/shadow', '/opt/s'),
      found: /could not be checked.*it leads to opt\/s/,
    },
  ],
  sshd: [
    {
      how: 'root by password',
      spoil: (r) => r.put('etc/ssh/sshd_config', 'PermitRootLogin yes\n'),
      found: /sshd_config:1: permitrootlogin yes/,
    },
    {
      how: 'passwords, in an included file that comes first',
      spoil: (r) =>
        r
          .put('etc/ssh/sshd_config', 'Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication no\n')
          .put('etc/ssh/sshd_config.d/50-cloud-init.conf', 'passwordauthentication YES\n'),
      found: /50-cloud-init\.conf:1/,
    },
    {
      how: 'for some, in a Match block',
      spoil: (r) =>
        r.put(
          'etc/ssh/sshd_config',
          'PasswordAuthentication no\nMatch Address 10.0.0.0/8\n  PasswordAuthentication yes\n',
        ),
      found: /for address 10/,
    },
  ],
  'apt-sources': [
    {
      how: '127.0.0.1',
      spoil: (r) => r.put('etc/apt/sources.list', 'deb http://127.0.0.1/ focal main\n'),
      found: /sources\.list:1: .*127\.0\.0\.1/,
    },
    {
      how: 'trusted=yes',
      spoil: (r) =>
        r.put('etc/apt/sources.list', 'deb [arch=amd64 trusted=yes] http://x.example/ focal main\n'),
      found: /trusted=yes/,
    },
    {
      how: 'a cdrom',
      spoil: (r) => r.put('etc/apt/sources.list', 'deb cdrom:[Ubuntu 20.04 _Focal_]/ focal main\n'),
      found: /cdrom/,
    },
    {
      how: 'a file in deb822',
      spoil: (r) =>
        r.put(
          'etc/apt/sources.list.d/x.sources',
          '# c\n\nTypes: deb\nURIs:\n http://a.example/\n file:/tmp/cdrom/\nSuites: noble\nComponents: main\n',
        ),
      found: /x\.sources:3: .*file/,
    },
  ],
  'crash-dumps': [
    {
      how: 'no hook',
      spoil: (r) => r.package('kdump-tools').remove('curtin'),
      found: /without .*kdump_set_default/,
    },
    {
      how: "a hook that calls curtin's own",
      spoil: (r) =>
        r.package('kdump-tools', 'hold ok installed').put('curtin/curtin-hooks', BUILTIN, { mode: 0o755 }),
      found: /kdump-tools is installed without/,
    },
  ],
  'kernel-options': [
    {
      how: 'a file that assigns',
      spoil: (r) => r.put('etc/default/grub.d/99-site.cfg', 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"\n'),
      found: /99-site\.cfg:1: .*quiet splash.*assigns it anew/,
    },
    {
      how: 'a comment with the name, before any assignment',
      spoil: (r) => r.put('etc/default/grub', '#GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_DEFAULT=0\n'),
      found: /\/etc\/default\/grub:1: .*not an assignment/,
    },
    {
      how: 'an addition that sh does not know',
      spoil: (r) => r.put('etc/default/grub.d/a.cfg', 'GRUB_CMDLINE_LINUX_DEFAULT+=" x"\n'),
      found: /sh knows no \+=/,
      severity: 'blocker',
    },
    {
      how: 'an assignment in a condition',
      spoil: (r) =>
        r.put('etc/default/grub.d/a.cfg', 'if [ -e /x ]; then\n  GRUB_CMDLINE_LINUX_DEFAULT=x\nfi\n'),
      found: /a\.cfg:2: .*where its condition holds/,
      severity: 'warning',
    },
  ],
  'module-signatures': [
    {
      how: 'a module of DKMS without a signature',
      spoil: (r) => r.change(`usr/lib/modules/${K}/updates/dkms/nvidia.ko`, { content: 'x' }),
      found: /nvidia is not signed \(5\.4\.0-125-generic\)/,
    },
    {
      how: 'one that is compressed',
      spoil: (r) => r.put(`usr/lib/modules/${K}/extra/mlx5.ko.zst`, zstdCompressSync('x'.repeat(90_000))),
      found: /mlx5 is not signed/,
    },
  ],
  'platform-packages': [
    {
      how: 'a package of the platform is missing',
      spoil: () => {},
      options: { packages: ['linux-firmware', 'nvlsm'] },
      found: /nvlsm is not installed/,
    },
  ],
  'driver-versions': [
    {
      how: 'a module of another version than the user space',
      spoil: (r) =>
        r.change(`usr/lib/modules/${K}/updates/dkms/nvidia.ko`, {
          content: module('nvidia', K, '450.119.03'),
        }),
      found:
        /nvidia\.ko is of 450\.119\.03, and the driver \(libnvidia-compute-450-server\) is of 450\.203\.03/,
    },
  ],
  'added-modules': [
    {
      how: 'OFED for another kernel',
      spoil: (r) => r.put('usr/lib/modules/5.4.0-1-generic/updates/dkms/mlx5_core.ko', 'x'),
      found: /DOCA-OFED \(MLNX_OFED\) has modules for 5\.4\.0-1-generic, not for 5\.4\.0-125-generic/,
    },
  ],
  'initrd-renewed': [
    {
      how: 'a package that provides no linux-image',
      spoil: (r) => r.package(`linux-image-${K}`).put('curtin/curtin-hooks', BUILTIN, { mode: 0o755 }),
      found: /5\.4\.0-125-generic stays the build’s: its package does not provide linux-image/,
    },
    {
      how: 'one that is held',
      spoil: (r) =>
        kernelPackage(r, 'hold ok installed', 'linux-image').put('curtin/curtin-hooks', BUILTIN, {
          mode: 0o755,
        }),
      found: /or is held/,
    },
    {
      how: 'one that provides it with a version',
      spoil: (r) =>
        kernelPackage(r, 'install ok installed', 'linux-image (= 5.4), fuse-module').remove('curtin'),
      found: /does not provide linux-image/,
    },
    {
      how: 'a hook that does nothing of the kind',
      spoil: (r) => r.put('curtin/curtin-hooks', '#!/bin/sh\n', { mode: 0o755 }),
      found: /neither writes the initrd anew/,
    },
  ],
  finalize: [
    {
      how: 'not executable',
      spoil: (r) => r.change('curtin/finalize', { mode: 0o644 }),
      found: /not executable/,
    },
    {
      how: 'an unknown interpreter',
      spoil: (r) => r.change('curtin/finalize', { content: '#!/opt/x\n' }),
      found: /ephemeral system/,
    },
    {
      how: 'a link',
      spoil: (r) => r.remove('curtin/finalize').link('curtin/finalize', 'x'),
      found: /symlink/,
    },
  ],
  proxies: [
    {
      how: 'apt.conf',
      spoil: (r) =>
        r.put('etc/apt/apt.conf.d/90proxy', 'Acquire::http::Proxy "http://u:pw@10.0.2.2:3128/";\n'),
      found: /90proxy:1: .*\*\*\*@10\.0\.2\.2/,
    },
    {
      how: 'environment',
      spoil: (r) => r.put('etc/environment', 'PATH="/bin"\nhttp_proxy=http://p:1/\n'),
      found: /environment:2/,
    },
  ],
  'dgx-identity': [
    { how: 'a token', spoil: (r) => r.put('etc/foo.conf', 'a=CHANGE_SERIAL_NUMBER\n'), found: /foo\.conf:1/ },
    {
      how: "the VM's serial number",
      spoil: (r) => r.put('etc/dgx-release', 'DGX_PLATFORM="DGX A100"\nDGX_SERIAL_NUMBER="QEMU1"\n'),
      found: /QEMU1/,
    },
    {
      how: 'another platform',
      spoil: (r) => r.put('etc/dgx-release', 'DGX_PLATFORM="DGX-1"\n'),
      found: /DGX-1.*dgx_a100/,
    },
    { how: 'absent', spoil: (r) => r.remove('etc/dgx-release'), found: /no \/etc\/dgx-release/ },
  ],
  esp: [
    {
      how: 'another group',
      spoil: (r) => r.put('boot/efi/EFI/x', 'x', { gid: 44 }),
      found: /\/boot\/efi\/EFI\/x \(owner 0:44\)/,
    },
    { how: 'another owner', spoil: (r) => r.put('boot/efi/x', 'x', { uid: 1000 }), found: /owner 1000:0/ },
    { how: 'a link', spoil: (r) => r.link('boot/efi/x', 'y'), found: /a symlink/ },
  ],
  snapd: [{ how: 'absent', spoil: (r) => r.withoutPackage('snapd'), found: /snapd is not installed/ }],
  'oem-config': [
    { how: 'run file', spoil: (r) => r.put('var/lib/oem-config/run'), found: /oem-config\/run/ },
    {
      how: 'default target',
      spoil: (r) => r.link('etc/systemd/system/default.target', '/lib/systemd/system/oem-config.target'),
      found: /default\.target/,
    },
  ],
  'eula-diversion': [
    {
      how: 'left',
      spoil: (r) => r.put('var/lib/dpkg/diversions', '/usr/sbin/nv-eula\n/usr/sbin/nv-eula.distrib\n:\n'),
      found: /nv-eula/,
    },
  ],
  'grub-debconf': [
    {
      how: '/dev/vda',
      spoil: (r) =>
        r.put(
          'var/cache/debconf/config.dat',
          'Name: a/b\nValue: x\n\nName: grub-pc/install_devices\nValue: /dev/vda\n',
        ),
      found: /install_devices = \/dev\/vda/,
    },
  ],
  'resolv-conf': [
    { how: 'a file', spoil: (r) => r.put('etc/resolv.conf', 'nameserver 10.0.2.3\n'), found: /file/ },
  ],
  'machine-state': [
    {
      how: 'an initiator',
      spoil: (r) => r.put('etc/iscsi/initiatorname.iscsi', 'InitiatorName=iqn.1993-08.org.debian:01:abc\n'),
      found: /iqn\.1993/,
    },
    { how: 'a host name', spoil: (r) => r.put('etc/hostname', 'packer-vm\n'), found: /packer-vm/ },
    { how: 'hostnqn', spoil: (r) => r.put('etc/nvme/hostnqn', 'nqn.x\n'), found: /hostnqn/ },
    { how: 'a random seed', spoil: (r) => r.put('var/lib/systemd/random-seed', 'x'), found: /random-seed/ },
    { how: 'a lease', spoil: (r) => r.put('var/lib/dhcp/dhclient.ens3.leases', 'x'), found: /leases/ },
  ],
  firmware: [
    { how: 'not installed', spoil: (r) => r.withoutPackage('linux-firmware'), found: /linux-firmware/ },
  ],
  leftovers: [
    { how: 'a log', spoil: (r) => r.put('var/log/installer/syslog', 'x'), found: /logs: .*installer/ },
    {
      how: 'a history',
      spoil: (r) => r.put('root/.bash_history', 'x'),
      found: /secrets: .*bash_history/,
      severity: 'major',
    },
    { how: 'packages', spoil: (r) => r.put('var/cache/apt/archives/x_1_amd64.deb', 'x'), found: /caches/ },
    {
      how: 'a core',
      spoil: (r) => r.put('var/crash/_usr_bin_x.crash', 'x'),
      found: /crash/,
      severity: 'major',
    },
  ],
  size: [
    {
      how: 'over the budget',
      spoil: () => {},
      found: /budget/,
      options: { profile: small('dgxos5', { budget: 10 }) },
    },
    {
      how: 'a sudden growth',
      spoil: () => {},
      found: /against the last release/,
      options: { previousBytes: 10 },
    },
  ],
  'clean-file-system': [
    {
      how: 'recovery needed',
      spoil: () => {},
      found: /recovery/,
      options: { buildFacts: { fileSystem: 'dirty' } },
    },
  ],
};

describe('a good image', () => {
  it('passes every check there is', async () => {
    const verdict = await judged(goodRoot());
    expect(verdict.findings.filter((f) => f.status !== 'pass')).toEqual([]);
    expect(verdict).toMatchObject({ passed: true, profile: 'dgxos5', baseImage: 'ubuntu/focal' });
    expect(verdict.counts).toEqual({
      pass: CHECKS.length,
      blocker: 0,
      major: 0,
      warning: 0,
      waived: 0,
      notApplicable: 0,
    });
  });
});

describe('an image that a check must not complain of', () => {
  const finds = async (id: string, spoil: (root: Root) => unknown, options: Partial<JudgeOptions> = {}) => {
    const root = goodRoot();
    spoil(root);
    return (await judged(root, options)).findings.find((f) => f.id === id)!;
  };

  it.each<[string, string, (root: Root) => unknown]>([
    [
      'crash-dumps',
      'a kdump-tools that has the script',
      (r) =>
        r
          .package('kdump-tools')
          .put('usr/share/kdump-tools/kdump_set_default', 'x', { mode: 0o755 })
          .remove('curtin'),
    ],
    [
      'crash-dumps',
      'a kdump-tools of which only the configuration is left',
      (r) => r.package('kdump-tools', 'deinstall ok config-files').remove('curtin'),
    ],
    [
      'crash-dumps',
      'a hook that drops the key',
      (r) =>
        r.package('kdump-tools').put('curtin/curtin-hooks', `${BUILTIN}del config["kernel-crash-dumps"]\n`),
    ],
    [
      'kernel-options',
      'files that add',
      (r) =>
        r
          .put('etc/default/grub.d/a.cfg', 'GRUB_CMDLINE_LINUX_DEFAULT="${GRUB_CMDLINE_LINUX_DEFAULT} a"\n')
          .put(
            'etc/default/grub.d/b.cfg',
            'OLD="$GRUB_CMDLINE_LINUX_DEFAULT"\nGRUB_CMDLINE_LINUX_DEFAULT="b $OLD"\n',
          ),
    ],
    [
      'kernel-options',
      'a file that is not a .cfg',
      (r) => r.put('etc/default/grub.d/a.cfg.disabled', 'GRUB_CMDLINE_LINUX_DEFAULT=x\n'),
    ],
    [
      'kernel-options',
      "the cloud image's file, which curtin moves away",
      (r) =>
        r.put('etc/default/grub.d/50-cloudimg-settings.cfg', 'GRUB_CMDLINE_LINUX_DEFAULT=console=tty1\n'),
    ],
    [
      'module-signatures',
      'modules of the kernel package itself',
      (r) => r.put(`usr/lib/modules/${K}/kernel/fs/ext4.ko`, 'x'),
    ],
    [
      'module-signatures',
      'signed modules, compressed',
      (r) =>
        r
          .put(`usr/lib/modules/${K}/updates/a.ko.gz`, gzipSync(SIGNED))
          .put(`usr/lib/modules/${K}/updates/b.ko.zst`, zstdCompressSync(SIGNED)),
    ],
    [
      'initrd-renewed',
      "a kernel of Ubuntu's, without a hook",
      (r) =>
        kernelPackage(r, 'install ok installed', 'fuse-module, linux-image, v4l2loopback').remove('curtin'),
    ],
  ])('%s: %s', async (id, _, spoil) => {
    expect(await finds(id, spoil)).toMatchObject({ status: 'pass' });
  });

  it('says of modules that it cannot look into, and of which there are none, that it does not know', async () => {
    const dkms = `usr/lib/modules/${K}/updates/dkms`;
    expect(
      await finds('module-signatures', (r) => r.remove(`${dkms}/nvidia.ko`).put(`${dkms}/nvidia.ko.xz`, 'x')),
    ).toMatchObject({
      status: 'not-applicable',
      found: 'no such module that can be examined; not examined: nvidia',
    });
  });

  it('names the sources that every deployment asks, and those that do not answer', async () => {
    const list = 'etc/apt/sources.list.d/cuda.list';
    const spoil = (r: Root) => r.put(list, 'deb https://repo.example/cuda focal main\n');
    expect((await finds('apt-sources', spoil)).found).toContain(`used at every deployment: /${list}`);
    const archive = { file: `/${list}`, uri: 'https://repo.example/cuda', suite: 'focal' };
    const dead = { ...archive, state: 'dead' as const, said: '404' };
    const finding = await finds('apt-sources', spoil, { archives: [dead] });
    expect(finding).toMatchObject({ status: 'fail', severity: 'blocker' });
    expect(finding.found).toMatch(/repo\.example\/cuda focal .* does not answer: 404/);
    // MAAS writes this one anew.
    const replaced = { ...dead, file: '/etc/apt/sources.list' };
    expect(await finds('apt-sources', () => {}, { archives: [replaced] })).toMatchObject({
      severity: 'warning',
    });
    const away = { ...archive, state: 'unreachable' as const, said: 'EAI_AGAIN' };
    expect(await finds('apt-sources', spoil, { archives: [away] })).toMatchObject({
      status: 'pass',
      found: expect.stringContaining('this host cannot reach any of them (EAI_AGAIN)'),
    });
    const alive = { ...archive, state: 'alive' as const, said: '200' };
    expect(
      await finds('apt-sources', spoil, { archives: [alive, { ...away, uri: 'http://b' }] }),
    ).toMatchObject({
      status: 'fail',
    });
  });
});

describe.each(CHECKS.map((check) => [check.number, check.id, check] as const))(
  'check %i, %s',
  (_number, id, check) => {
    it.each(BAD[id] ?? [])('fails on $how', async ({ spoil, found, severity, options }) => {
      const root = goodRoot();
      spoil(root);
      const verdict = await judged(root, options);
      const finding = verdict.findings.find((f) => f.id === id)!;
      expect(finding).toMatchObject({ status: 'fail', severity: severity ?? check.severity });
      expect(finding.found).toMatch(found);
      if (finding.severity === 'blocker') expect(verdict.passed).toBe(false);
    });

    it('has a bad image, a reason and a remedy', () => {
      expect(BAD[id]?.length).toBeGreaterThan(0);
      expect(check.why.length).toBeGreaterThan(10);
      expect(check.fix.length).toBeGreaterThan(10);
    });
  },
);
