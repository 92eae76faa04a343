import { describe, expect, it } from 'vitest';
import type { Severity } from '../../../pipeline/image/checks/types.ts';
import { goodRoot, judged, type Root } from './root.ts';

async function finding(spoil: (root: Root) => unknown) {
  const root = goodRoot();
  spoil(root);
  return (await judged(root)).findings.find((f) => f.id === 'fstab')!;
}
const hook = (script: string) => (r: Root) =>
  r.put('curtin/curtin-hooks', `#!/bin/sh\n${script}\n`, { mode: 0o755 });
const fstab = (line: string) => (r: Root) => r.put('etc/fstab', `# c\n${line}\n`);
const put = (path: string, text: string) => (r: Root) => r.put(path, text);
const UNIT = '[Unit]\nBefore=x\n[Mount]\nWhat=/dev/disk/by-uuid/1-2\nWhere=/data\n';

describe('fstab finds', () => {
  it.each<[string, Severity]>([
    ['/dev/mapper/vg-root / ext4 defaults 0 1', 'blocker'],
    ['/dev/ubuntu-vg/ubuntu-lv / ext4 defaults 0 1', 'blocker'],
    ['/dev/mmcblk0p1 /x ext4', 'blocker'],
    ['/dev/nvme0n1p2 /x xfs', 'blocker'],
    ['/dev/md127 /x xfs', 'blocker'],
    ['/dev/sda1 /x ext4', 'blocker'],
    ['/dev/nbd0p1 /x ext4', 'blocker'],
    ['/dev/zvol/rpool/x /x ext4', 'blocker'],
    ['/dev/disk/by-id/virtio-1 /x ext4', 'blocker'],
    ['/dev/disk/by-path/pci-1 /x ext4', 'blocker'],
    ['/dev/disk/by-uuid/1 /x ext4', 'blocker'],
    ['/dev/disk/by-partuuid/1 /x ext4', 'blocker'],
    ['/dev/disk/by-label/x\\040y /x ext4', 'blocker'],
    ['UUID="1-2" /x ext4', 'blocker'],
    ["'UUID=1-2' /x ext4", 'blocker'],
    ['LABEL=a\\040b /x ext4', 'blocker'],
    ['PARTUUID=1 /x ext4', 'blocker'],
    ['PARTLABEL=1 /x ext4', 'blocker'],
    ['ID=ata-x /x ext4', 'blocker'],
    ['rpool/home /home zfs defaults', 'blocker'],
    ['hostshare /mnt 9p trans=virtio 0 0', 'blocker'],
    ['share /mnt virtiofs', 'blocker'],
    ['/images/gone.iso /x iso9660 loop', 'blocker'],
    ['UUID=1 none swap sw 0 0', 'major'],
    ['/dev/dm-1 swap swap', 'major'],
    ['UUID=1 /x ext4 _netdev', 'major'],
    ['UUID=1 /x ext4 noauto,x-systemd.automount', 'major'],
    ['10.0.2.2:/srv /x nfs', 'major'],
    ['//127.0.0.1/x /x cifs', 'major'],
    ['UUID=1 /x ext4 nofail', 'warning'],
    ['UUID=1 /x ext4 noauto', 'warning'],
    ['/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0', 'warning'],
    ['/swap.img none swap sw 0 0', 'warning'],
  ])('%s: %s', async (line, severity) => {
    expect(await finding(fstab(line))).toMatchObject({ status: 'fail', severity });
  });

  it.each<[string, Severity, RegExp, (r: Root) => unknown]>([
    ['an encrypted disk', 'major', /crypttab:2.*UUID=1/, put('etc/crypttab', '# c\nroot UUID=1 none luks\n')],
    [
      'one that may be missing',
      'warning',
      /crypttab:1/,
      put('etc/crypttab', 'a /dev/sda5 /dev/urandom swap,nofail\n'),
    ],
    [
      'an array',
      'warning',
      /mdadm\.conf:2/,
      put('etc/mdadm/mdadm.conf', 'HOMEHOST <system>\nARRAY /dev/md0 metadata=1.2 UUID=1:2\n'),
    ],
    [
      'the device that grub takes for the root',
      'blocker',
      /grub:1: GRUB_DEVICE=\/dev\/vda2.*finds no root file system/,
      put('etc/default/grub', 'GRUB_DEVICE=/dev/vda2\n'),
    ],
    [
      'a file that is not there, without which the machine stops',
      'blocker',
      /without it the machine ends in emergency mode/,
      fstab('/images/gone.iso /x iso9660 loop'),
    ],
    [
      'a file that is not there, and may be missing',
      'warning',
      /the file is not in the image/,
      fstab('/images/gone.iso /x iso9660 loop,nofail'),
    ],
    [
      "LVM's devices",
      'warning',
      /system\.devices:2/,
      put('etc/lvm/devices/system.devices', '# c\nIDTYPE=sys_wwid IDNAME=x DEVNAME=/dev/vda3\n'),
    ],
    [
      "LVM's devices in use",
      'major',
      /no other disk/,
      (r) =>
        put(
          'etc/lvm/devices/system.devices',
          'IDTYPE=devname IDNAME=/dev/vda3\n',
        )(r.put('etc/lvm/lvm.conf', 'devices {\n\tuse_devicesfile = 1\n}\n')),
    ],
    ["ZFS' pools", 'warning', /zpool\.cache/, put('etc/zfs/zpool.cache', 'x')],
    [
      'a hibernated system',
      'major',
      /resume:1: RESUME=UUID/,
      put('etc/initramfs-tools/conf.d/resume', 'RESUME=UUID=1-2\n'),
    ],
    [
      'resume= of the kernel',
      'major',
      /resume=\/dev\/vda2/,
      put('etc/default/grub', 'GRUB_CMDLINE_LINUX_DEFAULT="quiet resume=/dev/vda2"\n'),
    ],
    [
      'root= of the kernel',
      'blocker',
      /root=UUID=1/,
      put('etc/default/grub.d/x.cfg', "GRUB_CMDLINE_LINUX='root=UUID=1 x'\n"),
    ],
    [
      'a mount unit that local-fs.target requires',
      'blocker',
      /data\.mount:4/,
      (r) =>
        put(
          'etc/systemd/system/data.mount',
          UNIT,
        )(r.link('etc/systemd/system/local-fs.target.requires/data.mount', '../data.mount')),
    ],
    [
      'a mount unit that a target wants',
      'major',
      /data\.mount:4/,
      (r) =>
        put(
          'etc/systemd/system/data.mount',
          UNIT,
        )(r.link('etc/systemd/system/multi-user.target.wants/data.mount', '../data.mount')),
    ],
    [
      'a mount unit that nothing asks for',
      'warning',
      /data\.mount:4/,
      put('etc/systemd/system/data.mount', UNIT),
    ],
    [
      'a swap unit',
      'major',
      /x\.swap:2/,
      (r) =>
        put(
          'etc/systemd/system/x.swap',
          '[Swap]\nWhat=/dev/vda2\n',
        )(r.link('etc/systemd/system/swap.target.wants/x.swap', '/etc/systemd/system/x.swap')),
    ],
  ])('%s', async (_how, severity, text, spoil) => {
    const found = await finding(spoil);
    expect(found).toMatchObject({ status: 'fail', severity });
    expect(found.found).toMatch(text);
  });

  it('each mount by its place', async () => {
    const found = await finding(fstab('UUID=1 / ext4\nUUID=2 /boot/efi vfat\nUUID=3 none swap'));
    expect(found.items?.map((i) => [i.subject, i.severity])).toEqual([
      ['/etc/fstab /', 'blocker'],
      ['/etc/fstab /boot/efi', 'blocker'],
      ['/etc/fstab swap', 'major'],
    ]);
  });
});

// curtin 18.1 to 24: `curthooks` runs /curtin/curtin-hooks of the image in the place of `builtin_curthooks`, which writes /etc/fstab anew.
describe('a disk of the build machine in /etc/fstab', () => {
  const written = (script: string | null) => (r: Root) => {
    r.put('etc/fstab', 'UUID=1 / ext4\nUUID=3 none swap\n').put('etc/crypttab', 'root UUID=1 none luks\n');
    if (script === null) r.remove('curtin/curtin-hooks');
    else hook(script)(r);
  };

  it.each<[string, string | null, Severity, Severity]>([
    ['no hook in the image', null, 'warning', 'warning'],
    [
      'a hook that calls curtin’s own',
      'python3 -c "curthooks.builtin_curthooks(c, t, s)"',
      'warning',
      'warning',
    ],
    ['a hook that does all by itself', 'update-initramfs -u', 'blocker', 'major'],
    ['a hook that names curtin’s own in a comment', 'true # no builtin_curthooks here', 'blocker', 'major'],
  ])('%s', async (_how, script, root, swap) => {
    const { items } = await finding(written(script));
    expect(items?.map((item) => [item.subject, item.severity])).toEqual([
      ['/etc/fstab /', root],
      ['/etc/fstab swap', swap],
      [expect.stringContaining('/etc/crypttab'), 'major'],
    ]);
    expect(/curtin writes the file anew/.test(items![0]!.text)).toBe(root === 'warning');
  });
});

describe('fstab passes', () => {
  it.each([
    'tmpfs /tmp tmpfs defaults 0 0',
    'proc /proc proc defaults 0 0',
    'none /x tmpfs',
    'server:/export /x nfs defaults',
    '[fd00::1]:/x /x nfs4',
    '//server/share /x cifs credentials=/etc/x',
    'me@server:/x /x fuse.sshfs',
    'mon1,mon2:/ /x ceph',
    '/srv/data /data none bind 0 0',
    'overlay /x overlay lowerdir=/a,upperdir=/b,workdir=/c',
    '#UUID=1 / ext4',
    '   # UUID=1 / ext4',
    '',
    '/etc/fstab /x auto loop',
    'hugetlbfs /dev/hugepages hugetlbfs mode=1770',
    'tmpfs /dev/shm tmpfs',
  ])('%s', async (line) => {
    expect(await finding(fstab(line))).toMatchObject({ status: 'pass' });
  });

  it.each<[string, (r: Root) => unknown]>([
    ['a swap file of the image', (r) => fstab('/swap.img none swap sw 0 0')(r.put('swap.img', 'x'))],
    [
      'a stock mdadm.conf',
      put(
        'etc/mdadm/mdadm.conf',
        'HOMEHOST <system>\nMAILADDR root\n# ARRAY /dev/md0\nARRAY <ignore> UUID=1\n',
      ),
    ],
    ['resume off', put('etc/initramfs-tools/conf.d/resume', 'RESUME=none\n')],
    ['resume by itself', put('etc/initramfs-tools/initramfs.conf', 'RESUME=auto\n')],
    ['a stock crypttab', put('etc/crypttab', '# <target name>\t<source device>\n')],
    [
      "snapd's mounts",
      (r) =>
        r
          .put('snap.file', 'x')
          .put(
            'etc/systemd/system/snap-x-1.mount',
            '[Mount]\nWhat=/snap.file\nWhere=/snap/x/1\nType=squashfs\n',
          ),
    ],
    ['a unit of tmpfs', put('etc/systemd/system/tmp.mount', '[Mount]\nWhat=tmpfs\nWhere=/tmp\nType=tmpfs\n')],
    ['a masked unit', (r) => r.link('etc/systemd/system/tmp.mount', '/dev/null')],
    ['a variable of ones own with a disk', put('etc/default/grub', 'MY_DISK=/dev/vda2\n')],
    ['a device for grub that is none', put('etc/default/grub', 'GRUB_DEVICE=overlay\n')],
    [
      'root= of something else than a disk',
      put('etc/default/grub', 'GRUB_CMDLINE_LINUX="root=overlay resume=none"\n'),
    ],
    ['root= in a comment', put('etc/default/grub', 'GRUB_DEFAULT=0\n#GRUB_CMDLINE_LINUX="root=UUID=1"\n')],
  ])('%s', async (_how, spoil) => {
    expect(await finding(spoil)).toMatchObject({ status: 'pass' });
  });
});
