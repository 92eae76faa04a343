import { entryBytes, PLAIN } from '../../fuzz/tar-entry.ts';

const CHUNK = 64 << 10;

const TEXT = Buffer.alloc(100_000, 'a line of a file\n');
const VERSIONS = Buffer.alloc(1 << 20, '\0version=1\0vermagic=x\0 ver');
const UNIT = Buffer.from('[Match]\nName=eth0\n');
const HOLES: [number, number][] = Array.from({ length: 2000 }, (_, i) => [i * 1024, 1024]);
const RECORDS: [string, string][] = Array.from({ length: 40_000 }, (_, i) => [`k${i}`, 'v'.repeat(8)]);
const long = (length: number) => `${'d'.repeat(200)}/`.repeat(Math.floor(length / 201)).slice(0, -1);

const entry = (fields: Partial<typeof PLAIN>): Buffer => entryBytes({ ...PLAIN, ...fields });

/** The files that are read line by line, full of short lines that each mean something. */
const LINES: [name: string, line: string, size: number][] = [
  ['var/lib/dpkg/status', 'Package: a\nStatus: install ok installed\n\n', 6 << 20],
  ['var/cache/debconf/config.dat', 'Name: grub-pc/install_devices\nValue: /dev/sda\n\n', 4 << 20],
  ['var/lib/dpkg/diversions', 'a\nb\n:\n', 4 << 20],
  ['boot/grub/grub.cfg', "menuentry 'a' {\nlinux /vmlinuz-1\n}\n", 4 << 20],
  ['etc/passwd', 'a:x:0:0::/:/bin/sh\n', 3 << 20],
  ['etc/shadow', 'a::1::::::\n', 3 << 20],
  ['etc/sudoers', 'a ALL=(ALL) NOPASSWD: ALL\n', 3 << 20],
  ['etc/ssh/sshd_config', 'Match user a\nPermitRootLogin yes\n', 200 << 10],
  ['etc/apt/sources.list', 'deb file:/a b c\n', 900 << 10],
  ['etc/apt/apt.conf', 'Acquire::http::Proxy "http://a:1";\n', 900 << 10],
  ['etc/fstab', '/dev/sda1 / ext4 defaults 0 0\n', 200 << 10],
  ['etc/environment', 'http_proxy=http://a\n', 200 << 10],
  ['etc/default/grub', 'GRUB_DEFAULT=0\n', 200 << 10],
  ['etc/x', 'CHANGE_ME_NOW\n', 60 << 10],
  ['etc/cloud/cloud.cfg', 'datasource_list: [ MAAS ]\n', 200 << 10],
];

/** Everything that an image can have very many of: each row makes archives that grow in one way, member by member. */
export const HOSTILE: Record<string, { members: number; member(i: number): Buffer }> = {
  'symlinks with targets of 4095 bytes': {
    members: 20_000,
    member: (i) => entry({ type: '2', name: `l${i}`, longLink: 't'.repeat(4095) }),
  },
  symlinks: {
    members: 250_000,
    member: (i) => entry({ type: '2', name: `usr/lib/l${i}`, link: `../x${i}` }),
  },
  'hard links with long names': {
    members: 60_000,
    member: (i) =>
      i === 0
        ? entry({ name: `${long(3000)}/x` })
        : entry({ type: '1', name: `etc/h${i}`, longLink: `${long(3000)}/x` }),
  },
  'hard links in documentation': {
    members: 60_000,
    member: (i) =>
      i === 0
        ? entry({ name: `${long(3000)}/x` })
        : entry({ type: '1', name: `usr/share/doc/p${i}/copyright`, longLink: `${long(3000)}/x` }),
  },
  'long names': { members: 40_000, member: (i) => entry({ name: '', longName: `${long(4000)}/f${i}` }) },
  'names of their own in every folder': {
    members: 20_000,
    member: (i) => entry({ name: '', longName: `${`${i.toString(36)}/`.repeat(800)}x` }),
  },
  'configuration files of 100 KB': {
    members: 2000,
    member: (i) => file(`etc/f${i}`, TEXT.subarray(0, 100_000)),
  },
  'small configuration files': { members: 400_000, member: (i) => file(`etc/d/f${i}`, TEXT.subarray(0, 10)) },
  'network units': { members: 60_000, member: (i) => file(`etc/systemd/network/f${i}.network`, UNIT) },
  kernels: {
    members: 200_000,
    member: (i) =>
      i % 2 ? file(`boot/vmlinuz-${i}`, UNIT) : entry({ type: '5', name: `lib/modules/${i}/` }),
  },
  'modules of DKMS': {
    members: 20_000,
    member: (i) =>
      entry({ name: '', longName: `var/lib/dkms/m${i % 300}/${i}/${'k'.repeat(3000)}/x86_64/module/x.ko` }),
  },
  'kernel modules that speak of versions': {
    members: 300,
    member: (i) => file(`lib/modules/5/extra/m${i}.ko`, VERSIONS),
  },
  'names at the top': { members: 400_000, member: (i) => entry({ name: `${i}${'n'.repeat(60)}` }) },
  'PAX headers of 900 KB': {
    members: 60,
    member: (i) => entry({ name: `p${i}`, pax: RECORDS }),
  },
  'extended attributes of 64 KB': {
    members: 3000,
    member: (i) =>
      entry({ name: `x${i}`, pax: [[`SCHILY.xattr.user.${i}${'k'.repeat(200)}`, 'v'.repeat(64_000)]] }),
  },
  capabilities: {
    members: 100_000,
    member: (i) =>
      entry({
        name: `usr/bin/${i}`,
        pax: [['SCHILY.xattr.security.capability', 'not a capability, but as long as one']],
      }),
  },
  ACLs: {
    members: 60_000,
    member: (i) =>
      entry({ name: `a${i}`, pax: [['SCHILY.acl.access', `user::rwx\nuser:n${i}:rwx\n`.repeat(20)]] }),
  },
  'holes where configuration belongs': {
    members: 100_000,
    member: (i) =>
      entry({
        name: `etc/sudoers.d/${i}${'n'.repeat(50)}`,
        sparse: { form: 'gnu', map: [[2 ** 32, 0]], size: 2 ** 32 },
      }),
  },
  'a map of holes': {
    members: 30,
    member: (i) => entry({ name: `s${i}`, sparse: { form: 'gnu', map: HOLES, size: HOLES.length * 1024 } }),
  },
  'setuid files with owners of their own': {
    members: 300_000,
    member: (i) =>
      entry({
        name: `usr/bin/s${i}`,
        mode: '0006755\0',
        uid: `${(i % 200_000).toString(8).padStart(7, '0')}\0`,
      }),
  },
  licences: {
    members: 60_000,
    member: (i) =>
      file(
        `usr/share/doc/p${i}/copyright`,
        Buffer.from(`Format: copyright-format\n\nFiles: *\nLicense: L${i}${'x'.repeat(150)}\n`),
      ),
  },
  'caches, logs and secrets': { members: 300_000, member: (i) => file(`var/log/installer/f${i}`, UNIT) },
  'keys of everybody': {
    members: 20_000,
    member: (i) => file(`home/u${i}/.ssh/authorized_keys`, TEXT.subarray(0, 2000)),
  },
  ...Object.fromEntries(
    LINES.map(([name, line, size]) => [
      `short lines in ${name}`,
      {
        members: 1 + Math.ceil(size / CHUNK),
        member: (i: number) =>
          i === 0 ? headerOf(name, Math.ceil(size / CHUNK) * CHUNK) : Buffer.alloc(CHUNK, line),
      },
    ]),
  ),
};

function file(name: string, body: Buffer): Buffer {
  return Buffer.concat([headerOf(name, body.length), body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.from(entry({ name }));
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.fill(' ', 148, 156);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** The chunks of one of these archives, each in the same buffer: making one must not cost what reading it may. */
export function* hostile(kind: string): Generator<Buffer> {
  const { members, member } = HOSTILE[kind]!;
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  let filled = 0;
  for (let i = 0; i <= members; i++) {
    const one = i < members ? member(i) : Buffer.alloc(1024);
    for (let at = 0; at < one.length; ) {
      const n = one.copy(chunk, filled, at);
      filled += n;
      at += n;
      if (filled < CHUNK) continue;
      yield chunk;
      filled = 0;
    }
  }
  yield chunk.subarray(0, filled);
}
