import { pack } from 'tar-stream';
import { type JudgeOptions, judge, type Verdict } from '../../../pipeline/image/checks/judge.ts';
import { PROFILES, type Profile } from '../../../pipeline/image/checks/profiles.ts';
import type { ImageFacts } from '../../../pipeline/image/facts/facts.ts';
import { createInspector } from '../../../pipeline/image/facts/inspector.ts';

export interface Node {
  type: 'file' | 'directory' | 'symlink' | 'link' | 'character-device' | 'block-device' | 'fifo';
  mode: number;
  uid: number;
  gid: number;
  content: string | Buffer;
  linkname: string;
  /** Raw records of a PAX header before the member. */
  pax: Record<string, string | Buffer>;
}

/** The differences between the systems that a root can be of. */
export interface System {
  version: string;
  codename: string;
  kernel: string;
  arch: string;
  /** Version of a driver by DKMS; null: none yet. */
  driver: string | null;
}

const FOCAL: System = {
  ...{ version: '20.04', codename: 'focal', kernel: '5.4.0-125-generic', arch: 'amd64' },
  driver: '450.203.03',
};

/** VFS capability, revision 2: cap_net_raw+ep, as setcap writes it. */
export const NET_RAW = Buffer.from('0100000200200000000000000000000000000000', 'hex');

/** A small root that DGX OS 5 could have: every check passes on it. Tests spoil it. */
export class Root {
  readonly nodes = new Map<string, Node>();
  /** Of its packages. */
  readonly arch: string;

  constructor(arch = 'amd64') {
    this.arch = arch;
  }

  put(path: string, content: string | Buffer = '', more: Partial<Node> = {}): this {
    return this.#add(path, { type: 'file', mode: 0o644, content, ...more });
  }

  dir(path: string, more: Partial<Node> = {}): this {
    return this.#add(path, { type: 'directory', mode: 0o755, ...more });
  }

  link(path: string, linkname: string): this {
    return this.#add(path, { type: 'symlink', mode: 0o777, linkname });
  }

  #add(path: string, more: Partial<Node>): this {
    const node = {
      mode: 0o644,
      uid: 0,
      gid: 0,
      content: '',
      linkname: '',
      pax: {},
      type: 'file' as const,
      ...more,
    };
    this.nodes.set(path, node);
    return this;
  }

  /** Changes a member that is there. */
  change(path: string, more: Partial<Node>): this {
    const node = this.nodes.get(path);
    if (!node) throw new Error(`the root has no ${path}`);
    Object.assign(node, more);
    return this;
  }

  /** Takes a member out, with everything below it. */
  remove(path: string): this {
    let found = false;
    for (const name of [...this.nodes.keys()])
      if (name === path || name.startsWith(`${path}/`)) found = this.nodes.delete(name);
    if (!found) throw new Error(`the root has no ${path}`);
    return this;
  }

  package(
    name: string,
    status = 'install ok installed',
    version = '1.0',
    arch = this.arch,
    more: Record<string, string> = {},
  ): this {
    const old = this.nodes.get('var/lib/dpkg/status')?.content ?? '';
    const fields = Object.entries({ Description: 'x\n more', ...more }).map(
      ([key, value]) => `${key}: ${value}\n`,
    );
    const stanza = `Package: ${name}\nStatus: ${status}\nArchitecture: ${arch}\nVersion: ${version}\n${fields.join('')}\n`;
    return this.put('var/lib/dpkg/status', `${old}${stanza}`);
  }

  withoutPackage(name: string): this {
    const status = String(this.nodes.get('var/lib/dpkg/status')!.content);
    return this.put(
      'var/lib/dpkg/status',
      status
        .split('\n\n')
        .filter((stanza) => !stanza.startsWith(`Package: ${name}\n`))
        .join('\n\n'),
    );
  }

  /** The tar; `prefix` stands before every name. */
  tar(prefix = './'): Promise<Buffer> {
    return tarOf([...this.nodes].map(([path, node]) => ({ name: `${prefix}${path}`, ...node })));
  }
}

const PAX_NAME = './PaxHeaders/x';
/** The same bytes whenever a test makes them. */
const mtime = new Date('2026-01-01T00:00:00Z');

/** Members as given, in their order, however odd their names. */
export async function tarOf(members: readonly ({ name: string } & Partial<Node>)[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, pax = {}, content = '', type = 'file', ...header } of members) {
    if (Object.keys(pax).length > 0) archive.entry({ name: PAX_NAME, mtime }, paxRecords(pax));
    if (type === 'file') archive.entry({ name, type, mtime, ...header }, Buffer.from(content as string));
    else archive.entry({ name, type, mtime, ...header, size: 0 });
  }
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return asPax(Buffer.concat(parts));
}

/** tar-stream writes no PAX header of one's own, so they are packed as files and get their type here. */
function asPax(tar: Buffer): Buffer {
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    if (tar.toString('latin1', at, at + PAX_NAME.length) === PAX_NAME) setType(tar, at, 'x');
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return tar;
}

/** Sets the type of the header at a place, and its checksum. */
export function setType(tar: Buffer, at: number, type: string): void {
  tar.write(type, at + 156, 'latin1');
  fixChecksum(tar, at);
}

export function fixChecksum(tar: Buffer, at: number): void {
  tar.fill(' ', at + 148, at + 156);
  let sum = 0;
  for (let i = at; i < at + 512; i++) sum += tar[i]!;
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
}

export function paxRecords(pax: Record<string, string | Buffer>): Buffer {
  return Buffer.concat(
    Object.entries(pax).map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as string), Buffer.from('\n')]);
      let length = rest.length;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
}

/** A kernel module with the mark of a signature at its end. */
export const SIGNED = 'x~Module signature appended~\n';

/** A kernel module as far as checks read it: a row of strings between other sections, and the mark of a signature. */
export function module(name: string, kernel: string, version?: string): Buffer {
  const strings = [
    'license=Dual MIT/GPL',
    ...(version ? [`version=${version}`] : []),
    ...['srcversion=49537B0E73914A0', 'depends=', `name=${name}`],
    `vermagic=${kernel} SMP mod_unload modversions `,
  ];
  return Buffer.from(`\x7fELF version=%s\0${strings.join('\0')}\0\0\0data${SIGNED}`, 'latin1');
}

export const HOOK = `#!/bin/bash
# curtin would install linux-generic here
set -e
if true; then echo "keeping the kernel"; fi
chroot "$TARGET_MOUNT_POINT" update-initramfs -u
`;

/** Hooks of mkinitramfs, and the program that each copies. */
const INITRD_PROGRAMS = [
  ['mdadm', '/sbin/mdadm'],
  ['lvm2', '/sbin/lvm'],
  ['bcache', '/lib/udev/bcache-register'],
] as const;

/** A hook of mkinitramfs as packages have them. */
export const initrdHook = (program: string): string => `#!/bin/sh
[ "$1" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions
copy_exec ${program}
`;

export function goodRoot({ version, codename, kernel: KERNEL, arch, driver }: System = FOCAL): Root {
  const root = new Root(arch);
  root.dir('');
  for (const path of [
    'dev',
    'proc',
    'sys',
    'run',
    'tmp',
    'etc',
    'usr',
    'usr/bin',
    'usr/lib',
    'var',
    'boot',
    'root',
    'home',
  ])
    root.dir(path);
  for (const name of ['bin', 'lib', 'sbin']) root.link(name, `usr/${name}`);
  root
    .put(
      'usr/lib/os-release',
      `NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="${version}"\nVERSION_CODENAME=${codename}\nPRETTY_NAME="Ubuntu ${version} LTS"\n`,
    )
    .link('etc/os-release', '../usr/lib/os-release')
    .put('etc/passwd', 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n')
    .put('etc/shadow', 'root:*:18000:0:99999:7:::\ndaemon:!:18000::::::\n', { mode: 0o640, gid: 42 })
    .put('etc/sudoers', 'Defaults env_reset\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n', {
      mode: 0o440,
    })
    .put('usr/bin/sudo', 'x', { mode: 0o4755 })
    .put('usr/bin/su', 'x', { mode: 0o4755 })
    .put('usr/bin/mount', 'x', { mode: 0o4755 })
    .put('usr/bin/ping', 'x', { mode: 0o755, pax: { 'SCHILY.xattr.security.capability': NET_RAW } })
    .put('usr/bin/lsb_release', '#!/usr/bin/python3\n', { mode: 0o755 })
    .put('usr/bin/cloud-init', 'x', { mode: 0o755 })
    .put('usr/sbin/sshd', 'x', { mode: 0o755 })
    .put(
      'etc/ssh/sshd_config',
      'Include /etc/ssh/sshd_config.d/*.conf\n#PermitRootLogin yes\nPermitRootLogin no\n',
    )
    .put(`boot/vmlinuz-${KERNEL}`, 'x')
    .put(`boot/initrd.img-${KERNEL}`, 'x')
    .dir(`usr/lib/modules/${KERNEL}`)
    .put(`usr/lib/modules/${KERNEL}/modules.dep`, 'x')
    .put(
      'boot/grub/grub.cfg',
      `menuentry 'Ubuntu' --class x {\n\tlinux\t/boot/vmlinuz-${KERNEL} root=x ro\n}\n`,
    )
    .put('etc/default/grub', 'GRUB_DEFAULT=0\n')
    .dir('curtin')
    .put('curtin/curtin-hooks', HOOK, { mode: 0o755 })
    .put('curtin/finalize', '#!/bin/sh\n', { mode: 0o755 })
    .put('etc/machine-id', '')
    .link('var/lib/dbus/machine-id', '/etc/machine-id')
    .put('etc/apt/sources.list', `deb http://archive.ubuntu.com/ubuntu ${codename} main\n`)
    .put('etc/fstab', '# nothing\n')
    .put('etc/dgx-release', 'DGX_NAME="DGX A100"\nDGX_PLATFORM="DGX A100"\nDGX_SERIAL_NUMBER=""\n')
    .link('etc/resolv.conf', '../run/systemd/resolve/stub-resolv.conf')
    .put('var/cache/debconf/config.dat', 'Name: grub-pc/install_devices\nTemplate: x\nValue: \n\n')
    .put('var/lib/dpkg/diversions', '/bin/sh\n/bin/sh.distrib\ndash\n');
  for (const [hook, program] of INITRD_PROGRAMS)
    root
      .put(`usr/share/initramfs-tools/hooks/${hook}`, initrdHook(program), { mode: 0o755 })
      .put(`usr${program}`, 'x', { mode: 0o755 });
  root.package(`linux-image-${KERNEL}`);
  if (driver !== null)
    root
      .put(`usr/lib/modules/${KERNEL}/updates/dkms/nvidia.ko`, module('nvidia', KERNEL, driver))
      .package('libnvidia-compute-450-server', 'install ok installed', `${driver}-0ubuntu0.20.04.1`);
  for (const name of `cloud-init netplan.io snapd initramfs-tools grub-efi-${arch}-signed shim-signed efibootmgr mdadm lvm2 xfsprogs open-iscsi cryptsetup bcache-tools btrfs-progs nvme-cli openvswitch-switch linux-firmware iputils-ping dpkg`.split(
    ' ',
  ))
    root.package(name);
  return root;
}

/** A profile that takes roots of a few dozen members. */
export function small(id: keyof typeof PROFILES = 'dgxos5', more: Partial<Profile> = {}): Profile {
  return { ...PROFILES[id], least: { members: 10, bytes: 10 }, ...more };
}

/** The facts of a tar, written to the inspector in chunks of `size` bytes. */
export async function inspect(tar: Buffer, size = 65_536, options = {}): Promise<ImageFacts> {
  const inspector = createInspector(options);
  for (let at = 0; at < tar.length; at += size)
    await new Promise<void>((resolve, reject) =>
      inspector.write(tar.subarray(at, at + size), (error) => (error ? reject(error) : resolve())),
    );
  inspector.end();
  return inspector.facts();
}

export async function judged(root: Root, options: Partial<JudgeOptions> = {}): Promise<Verdict> {
  return judge(await inspect(await root.tar()), {
    profile: small(),
    stream: { format: 'gzip', whole: true, bytes: 1000, problem: null },
    buildFacts: { pack: 'guest' },
    platform: 'dgx_a100',
    packages: ['linux-firmware'],
    ...options,
  });
}
