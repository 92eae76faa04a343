import { describe, expect, it } from 'vitest';
import type { ImageFacts } from '../../../pipeline/image/facts/facts.ts';
import { goodRoot, inspect, module, NET_RAW, type Node, type Root } from '../checks/root.ts';

const KEY = 'ssh-ed25519 AAAA x\n';
const CREDENTIAL = '{"auths": {"x": {"auth": "abc"}}}';
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const lines = (count: number, one: (i: number) => string) => numbers(count).map(one).join('');

/** Puts that many files. */
const files =
  (path: (i: number) => string, content: string | ((i: number) => string) = 'x', more: Partial<Node> = {}) =>
  (root: Root, count: number) => {
    for (const i of numbers(count))
      root.put(path(i), typeof content === 'string' ? content : content(i), more);
  };

const text =
  (path: string, one: (i: number) => string, before = '') =>
  (root: Root, count: number) =>
    root.put(path, before + lines(count, one));

const factsOf = async (spoil: (root: Root) => unknown) => {
  const root = goodRoot();
  spoil(root);
  return inspect(await root.tar());
};

type Put = (root: Root, count: number) => unknown;
type Kept = (facts: ImageFacts) => number;
const logins = (facts: ImageFacts) => facts.access.grants.filter(({ why }) => why.includes('console')).length;

/** Things of any number: how many are kept, a root with so many, and the number in its facts. */
const TABLE: Record<string, [most: number, put: Put, kept: Kept]> = {
  accounts: [5000, text('etc/passwd', (i) => `u${i}:x:${i}:0::/:/bin/sh\n`), (f) => f.accounts.length],
  'files with hashes': [
    50,
    files((i) => `etc/shadow-${i}`, 'bob:$6$salt$HASH:1\n'),
    (f) => f.access.credentials.hashes.length,
  ],
  'names of one file with hashes': [
    20,
    text('etc/shadow-', (i) => `u${i}:$6$salt$HASH:1\n`),
    (f) => f.access.credentials.hashes[0]!.names.length,
  ],
  'pins of apt': [
    100,
    text('etc/apt/preferences', (i) => `Package: linux-${i}\nPin: version 1\nPin-Priority: 1001\n\n`),
    (f) => f.apt.pins.length,
  ],
  'packages of a line of a pin': [
    50,
    (root, count) =>
      root.put('etc/apt/preferences', `Package: ${lines(count, (i) => `p${i} `)}\nPin-Priority: -1\n`),
    (f) => f.apt.pins[0]!.packages.length,
  ],
  'archives of apt': [
    200,
    text('etc/apt/sources.list', (i) => `deb http://a/ubuntu s${i} main\n`),
    (f) => f.apt.archives?.length ?? 0,
  ],
  'defects of apt': [
    200,
    text('etc/apt/sources.list', (i) => `deb [trusted=yes] http://a/ubuntu s${i} main\n`),
    (f) => f.apt.bad.length,
  ],
  'programs without their capability': [
    50,
    files((i) => `opt/f${i}/gstreamer-1.0/gst-ptp-helper`),
    (f) => f.xattrs.bare.length,
  ],
  'names of attributes': [
    100,
    // One of the root's own has a capability.
    (root, count) =>
      root.put('a', 'x', {
        pax: Object.fromEntries(numbers(count - 1).map((i) => [`SCHILY.xattr.user.n${i}`, 'v'])),
      }),
    (f) => Object.keys(f.xattrs.names).length,
  ],
  capabilities: [
    1000,
    files((i) => `opt/f${i}`, 'x', { pax: { 'SCHILY.xattr.security.capability': NET_RAW } }),
    (f) => f.xattrs.capabilities.length,
  ],
  kernels: [100, files((i) => `boot/vmlinuz-6.${i}-generic`), (f) => f.kernels.length],
  'instances of cloud-init': [
    50,
    files((i) => `var/lib/cloud/instances/${i}`),
    (f) => f.cloud.instances.length,
  ],
  'consoles that log in': [
    20,
    files(
      (i) => `etc/systemd/system/getty@tty${i}.service`,
      '[Service]\nExecStart=/sbin/agetty -a bob tty\n',
    ),
    logins,
  ],
  'libraries of the driver': [
    200,
    files((i) => `usr/lib/x${i}-linux-gnu/libcuda.so.450.203.03`),
    (f) => f.driver.libraries.length,
  ],
  'versions of firmware': [
    200,
    files((i) => `usr/lib/firmware/nvidia/450.${i}/gsp_x.bin`),
    (f) => f.driver.firmware.length,
  ],
  'modules of DKMS': [200, files((i) => `var/lib/dkms/m${i}/1.0/source`), (f) => f.driver.dkms.length],
  'kernels of modules of DKMS': [
    1000,
    files((i) => `var/lib/dkms/m/1.0/5.${i}/x86_64/module/m.ko`),
    (f) => f.driver.dkms[0]!.kernels.length,
  ],
  'builds of nvidia-fs': [
    200,
    files(
      (i) => `var/lib/dkms/nvidia-fs/2/5.${i}/x86_64/log/make.log`,
      'NVIDIA_SRC_DIR=/usr/src/nvidia-450.203.03/x',
    ),
    (f) => f.driver.fsBuilds.length,
  ],
  'rights without a password': [
    50,
    text('etc/doas.conf', () => 'permit nopass bob\n'),
    (f) => f.access.grants.length,
  ],
  'host keys': [20, files((i) => `etc/ssh/ssh_host_${i}_key`), (f) => f.identity.sshHostKeys.length],
  'files of keys': [100, files((i) => `home/u${i}/.ssh/authorized_keys`, KEY), (f) => f.access.keys.length],
  'files of keys of accounts': [
    100,
    (root, count) => {
      root.put(
        'etc/passwd',
        lines(count, (i) => `u${i}:x:${1000 + i}:0::/home/u${i}:/bin/sh\n`),
      );
      files((i) => `home/u${i}/.ssh/authorized_keys`, KEY)(root, count);
    },
    (f) => f.access.keys.length,
  ],
  'files of the installer’s first boot': [
    50,
    files((i) => `etc/systemd/system/oem-config-${i}`),
    (f) => f.oemConfig.length,
  ],
  services: [
    2000,
    files((i) => `etc/systemd/system/multi-user.target.wants/s${i}.service`),
    (f) => f.services.length,
  ],
  'files that may hold a secret': [
    100,
    files((i) => `home/u${i}/.docker/config.json`, CREDENTIAL),
    (f) => f.leftovers.secrets.count,
  ],
  'files of one kind that belong to a machine': [
    5,
    files((i) => `var/lib/dhcp/dhclient.eth${i}.leases`),
    (f) => f.identity.state.length,
  ],
  'modules by their signatures': [
    500,
    files((i) => `usr/lib/modules/5.4.0-125-generic/extra/m${i}.ko`),
    // One of the root's own is signed.
    (f) => f.modules.unsigned.length + f.modules.signed,
  ],
  'modules that are compared': [
    200,
    // One of the root's own is of NVIDIA.
    files(
      (i) => `usr/lib/modules/5.4.0-125-generic/extra/m${i}.ko`,
      module('m', '6.1.0-1').toString('latin1'),
    ),
    (f) => f.modules.added.length,
  ],
  'owners that are wrong': [
    50,
    files((i) => `etc/sudoers.d/f${i}`, '', { uid: 5 }),
    (f) => f.owners.wrong.length,
  ],
  'programs with more rights than their caller': [
    1000,
    files((i) => `opt/f${i}`, '', { mode: 0o4755 }),
    (f) => f.owners.setuid.length,
  ],
  proxies: [
    200,
    files((i) => `etc/profile.d/p${i}.sh`, 'export http_proxy=http://p:1\n'),
    (f) => f.proxies.length,
  ],
  'doors of sshd': [
    200,
    text('etc/ssh/sshd_config', (i) => `Match User u${i}\nPermitRootLogin yes\n`),
    (f) => f.access.sshd.settings.length,
  ],
  'rules of sudo without a password': [
    100,
    text('etc/sudoers', (i) => `u${i} ALL=(ALL) NOPASSWD: ALL\n`),
    (f) => f.access.sudo.doors.length,
  ],
  'tokens that were not replaced': [50, text('etc/motd', () => 'CHANGE_NAME\n'), (f) => f.dgx.tokens.length],
};

describe('an image’s facts keep no more than so many', () => {
  it.each(Object.entries(TABLE))('%s', async (_what, [most, put, kept]) => {
    const numbers = [];
    for (const count of [most, most + 1]) numbers.push(kept(await factsOf((root) => put(root, count))));
    expect(numbers).toEqual([most, most]);
  });
});
