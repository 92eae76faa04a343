import { describe, expect, it } from 'vitest';
import { parseWaivers } from '../../../pipeline/image/checks/waivers.ts';
import { goodRoot, inspect, judged, type Root, small } from './root.ts';

const KERNEL = '5.4.0-125-generic';
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

async function finding(id: string, spoil: (root: Root) => unknown, options = {}) {
  const root = goodRoot();
  spoil(root);
  return (await judged(root, options)).findings.find((f) => f.id === id)!;
}

const PASSWD = `root:x:0:0:root:/root:/bin/bash
svc:x:90:90::/var/lib/svc:/bin/sh
old:x:92:92::/var/lib/old:/bin/sh
high:x:1000:90::/home/high:/bin/bash
low:x:999:93::/home/low:/bin/bash
svc:x:1500:1500::/home/svc:/bin/bash
`;
const sudoers = async (text: string, passwd = PASSWD) => {
  const { status, severity } = await finding('accounts', (r) =>
    r
      .put('etc/passwd', passwd)
      // No line for `old`, whose password is missing so.
      .put('etc/shadow', 'root:*:1\nsvc:!:1\nhigh:!:1\nlow:!:1\n', { mode: 0o640, gid: 42 })
      .put('etc/group', 'empty:x:80:\nsvcs:x:81:svc,old\nmixed:x:82:svc,high\n')
      .put('etc/sudoers', `${text}\n`, { mode: 0o440 }),
  );
  return status === 'pass' ? 'pass' : severity;
};
const RUN = 'NOPASSWD: /usr/lib/svc/run';
const names = (count: number, name = 'u') => numbers(count).map((i) => `${name}${i}`);

describe('a rule of sudo without a password', () => {
  it.each<[string, string]>([
    [`svc ALL=(root) ${RUN}`, 'warning'],
    [`old ALL=(root) ${RUN}`, 'warning'],
    [`low ALL=(root) ${RUN}`, 'warning'],
    [`high ALL=(root) ${RUN}`, 'blocker'],
    [`%svcs ALL=(root) ${RUN}`, 'warning'],
    [`%mixed ALL=(root) ${RUN}`, 'blocker'],
    [`%empty ALL=(root) ${RUN}`, 'blocker'],
    [`%none ALL=(root) ${RUN}`, 'blocker'],
    [`root ALL=(ALL) ${RUN}`, 'pass'],
    [`#0 ALL=(ALL) ${RUN}`, 'pass'],
    [`svc ALL=(!root) ${RUN}`, 'blocker'],
    ['svc ALL=(root) NOPASSWD: list', 'warning'],
    ['svc ALL=(root) NOPASSWD: /usr/bin/apachectl *', 'blocker'],
    ['svc ALL=(root) NOPASSWD: /usr/bin/apachectl -k *', 'warning'],
    ['svc ALL=(root) NOPASSWD: /usr/bin/apache *', 'warning'],
    // A later rule that asks everybody but one.
    ['high ALL=(ALL) NOPASSWD: ALL\n!svc, ALL ALL=(ALL) ALL', 'blocker'],
    ['high ALL=(ALL) NOPASSWD: ALL\nALL !x, ALL=(ALL) ALL', 'blocker'],
    ['high ALL=(ALL) NOPASSWD: ALL\nALL x=(ALL) ALL', 'blocker'],
    ['high ALL=(ALL:x) NOPASSWD: ALL\nhigh ALL=(ALL:ALL) ALL', 'pass'],
    ['high ALL=(ALL:x) NOPASSWD: ALL\nhigh ALL=(ALL:y) ALL', 'blocker'],
    ['high ALL=(ALL:x) NOPASSWD: ALL\nhigh ALL=(ALL:x) ALL', 'pass'],
    ['high ALL=(ALL) NOPASSWD: ALL\nhigh ALL=(!ALL) ALL', 'blocker'],
    ['high ALL=(ALL) NOPASSWD: ALL, PASSWD: !ALL', 'blocker'],
    // Defaults that are bound.
    ['svc ALL=(root) /a\nDefaults:!svc !authenticate', 'pass'],
    ['svc ALL=(root) /a\nDefaults:svc, !old !authenticate', 'blocker'],
    [`svc ALL=(root) /a\nDefaults:high !authenticate`, 'blocker'],
    [`svc ALL=(root) /a\nDefaults:ALL !authenticate`, 'blocker'],
    [`svc ALL=(root) /a\nDefaults@host !authenticate`, 'blocker'],
    [`svc ALL=(root) /a\nDefaults>svc !authenticate`, 'major'],
    [`svc ALL=(root) /a\nDefaults!ALL !authenticate`, 'blocker'],
    [`svc ALL=(root) /a\nDefaults:root !authenticate`, 'pass'],
    [`svc ALL=(root) ${RUN}\nDefaults !authenticate`, 'warning'],
  ])('%j: %s', async (text, expected) => {
    expect(await sudoers(text)).toBe(expected);
  });

  it('is compared with the last ten that ask', async () => {
    const rules = (others: number) =>
      [
        'high ALL=(ALL) NOPASSWD: ALL',
        'high ALL=(ALL) ALL',
        ...names(others).map((u) => `${u} ALL=(ALL) ALL`),
      ].join('\n');
    expect([await sudoers(rules(9)), await sudoers(rules(10))]).toEqual(['pass', 'blocker']);
  });

  it('is asked again by a list of twenty that it runs as', async () => {
    const rules = (count: number) => {
      const list = names(count).join(', ');
      return `high ALL=(${list}) NOPASSWD: ALL\nhigh ALL=(${list}) ALL`;
    };
    expect([await sudoers(rules(20)), await sudoers(rules(21))]).toEqual(['pass', 'blocker']);
  });

  it('is narrow with a hundred commands, and two hundred users but one', async () => {
    const commands = (count: number) =>
      `svc ALL=(root) NOPASSWD: ${numbers(count)
        .map((i) => `/usr/lib/svc/r${i}`)
        .join(', ')}`;
    expect([await sudoers(commands(100)), await sudoers(commands(101))]).toEqual(['warning', 'blocker']);
    const users = (count: number, last: string) => `${'svc, '.repeat(count - 1)}${last} ALL=(root) ${RUN}`;
    expect([await sudoers(users(199, 'svc')), await sudoers(users(199, 'high'))]).toEqual([
      'warning',
      'blocker',
    ]);
    expect([await sudoers(users(200, 'svc')), await sudoers(users(201, 'high'))]).toEqual([
      'blocker',
      'blocker',
    ]);
  });

  it('follows twenty aliases in each other', async () => {
    const chain = (depth: number) =>
      [
        ...numbers(depth).map((i) => `User_Alias A${i} = ${i + 1 < depth ? `A${i + 1}` : 'svc'}`),
        `A0 ALL=(root) ${RUN}`,
      ].join('\n');
    expect([await sudoers(chain(21)), await sudoers(chain(22))]).toEqual(['warning', 'blocker']);
    expect(await sudoers(`User_Alias A = B\nUser_Alias B = A\nA ALL=(root) ${RUN}`)).toBe('blocker');
  });

  it('may be behind what is read of a file', async () => {
    const { found } = await finding('accounts', (r) =>
      r.put('etc/sudoers', `${'Defaults a\n'.repeat(20_002)}`, { mode: 0o440 }),
    );
    expect(found).toContain('/etc/sudoers');
  });
});

describe('the size of an image', () => {
  it('is at least that of its profile', async () => {
    const { archive, bytes } = await inspect(await goodRoot().tar());
    const least = async (members: number, size: number) =>
      (
        await finding('stream-whole', () => {}, {
          profile: small('dgxos5', {
            least: { members: archive.members + members, bytes: bytes.stored + size },
          }),
        })
      ).status;
    expect([await least(0, 0), await least(1, 0), await least(0, 1)]).toEqual(['pass', 'fail', 'fail']);
  });

  it('is within its budget, and near the one before', async () => {
    const { bytes } = await inspect(await goodRoot().tar());
    const of = async (budget: number | null, previousBytes: number | null) => {
      const { status, found } = await finding('size', () => {}, {
        profile: small('dgxos5', { budget: budget === null ? null : bytes.stored + budget }),
        previousBytes,
      });
      return `${status} ${/[-+][\d.]+ %/.exec(found)?.[0] ?? ''}`.trim();
    };
    expect(await of(0, null)).toBe('pass');
    expect(await of(-1, null)).toBe('fail');
    expect(await of(0, 0)).toBe('pass');
    expect(await of(null, 0)).toBe('not-applicable');
    expect(await of(null, bytes.stored)).toBe('pass +0.0 %');
    expect(await of(null, bytes.stored / 1.2)).toMatch(/\+20\.0 %/);
    expect(await of(null, bytes.stored / 0.75)).toBe('fail -25.0 %');
  });
});

describe('smaller limits of checks', () => {
  it('a finding names eight things', async () => {
    const said = async (count: number) =>
      (
        await finding('accounts', (r) =>
          r.put(
            'etc/sudoers',
            names(count)
              .map((u) => `${u} ALL=(ALL) NOPASSWD: ALL\n`)
              .join(''),
            { mode: 0o440 },
          ),
        )
      ).found;
    expect(await said(8)).toContain('u7');
    expect(await said(8)).not.toMatch(/and \d+ more/);
    expect(await said(9)).toMatch(/and 1 more/);
  });

  it.each([
    ['linux-firmware', 'pass'],
    ['linux-firmware=1.0', 'pass'],
    ['linux-firmware=2.0', 'fail'],
    ['linux-nothing', 'fail'],
  ])('/curtin/CUSTOM_KERNEL names an installed package: %s', async (kernel, status) => {
    expect((await finding('hook-kernel', (r) => r.put('curtin/CUSTOM_KERNEL', `${kernel}\n`))).status).toBe(
      status,
    );
  });

  it('a kernel is from a package, where packages are known', async () => {
    const text = async (spoil: (root: Root) => unknown) =>
      (await finding('kernel-modules', spoil)).found ?? '';
    expect(await text((r) => r.withoutPackage(`linux-image-${KERNEL}`))).toContain('comes from no package');
    expect(await text((r) => r.remove('var/lib/dpkg/status'))).not.toContain('comes from no package');
  });

  it('a build of nvidia-fs is compared where the driver is known', async () => {
    const log = `var/lib/dkms/nvidia-fs/2/${KERNEL}/x86_64/log/make.log`;
    const fs = await finding('added-modules', (r) => r.put(log, 'NVIDIA_SRC_DIR=/usr/src/nvidia-1.2/x\n'));
    expect(fs.found).not.toContain('was built with the sources');
    const none = goodRoot({
      version: '20.04',
      codename: 'focal',
      kernel: KERNEL,
      arch: 'amd64',
      driver: null,
    });
    none.put(log, 'NVIDIA_SRC_DIR=/usr/src/nvidia-450.1/x\n');
    const { findings } = await judged(none);
    expect(findings.find(({ id }) => id === 'added-modules')?.found).not.toContain(
      'was built with the sources',
    );
  });

  it.each<[string, RegExp]>([
    ['- x', /must be a mapping/],
    ['- []', /must be a mapping/],
    ['- check: sshd\n  reason: a\n  until: 2026-1-1', /not a day/],
    ['- check: sshd\n  reason: a\n  until: 2026-02-30', /not a day/],
    ['- check: sshd\n  reason: a\n  until: 2026-02-28x', /not a day/],
    ['- check: sshd\n  reason: a\n  until: 2026-02', /not a day/],
    ['- check: sshd\n  reason: a\n  until: "2026"', /not a day/],
    ['- check: sshd\n  reason: " "\n  until: 2026-02-28', /no "reason"/],
  ])('waivers that are refused: %j', (text, message) => {
    expect(() => parseWaivers(text, 'f')).toThrow(message);
  });
});

describe('configuration of cloud-init', () => {
  const D = 'etc/cloud/cloud.cfg.d';
  const found = async (text: string, id: string) =>
    (await finding(id, (r) => r.put(`${D}/99-x.cfg`, text))).found;
  it('is looked into up to 64 KiB', async () => {
    const long = (length: number) =>
      found(`preserve_hostname: false\n#`.padEnd(length, 'x'), 'cloud-init-enabled');
    expect(await long(65_536)).not.toContain('too many');
    expect(await long(65_537)).toContain('has 65537 characters');
  });

  it.each([
    ['network: {version: 2}', false],
    ['network: {version: 2, renderer: networkd}', false],
    ['network: {version: 2, ethernets: {}}', true],
    ['network: {config: disabled}', true],
    [`network: ${'['.repeat(100)}`, false],
  ])('%j touches the network: %s', async (text, touches) => {
    const all = `${await found(text, 'cloud-init-enabled')} ${await found(text, 'network-state')}`;
    expect(/network \(|config: disabled/.test(all)).toBe(touches);
  });
});

describe('configuration of the network', () => {
  const texts = async (...files: [string, string][]) =>
    (await finding('network-state', (r) => files.forEach(([path, text]) => void r.put(path, text)))).found ??
    '';
  it.each<[string, string, boolean]>([
    ['etc/systemd/network/a.network.d/x.conf', '', false],
    ['etc/systemd/network/a.network.d/x.conf', '[Network]\nDHCP=yes\n', true],
    ['etc/udev/rules.d/70.rules', 'SUBSYSTEM=="net", NAME="e0"\n', true],
    ['etc/udev/rules.d/70.rules', 'SUBSYSTEM=="net", NAME="$x"\n', false],
    ['etc/udev/rules.d/70.rules', 'SUBSYSTEM=="block", NAME="e0"\n', false],
    ['etc/udev/rules.d/70.txt', 'SUBSYSTEM=="net", NAME="e0"\n', false],
    ['etc/udev/rules.d/70-persistent-net.rules', '# nothing\n', false],
    ['etc/udev/rules.d/70-persistent-net.rules', 'x\n', true],
  ])('%s with %j is named: %s', async (path, text, named) => {
    expect((await texts([path, text])).includes(path)).toBe(named);
  });
});

describe('proxies of services', () => {
  const proxies = async (...files: [string, string][]) =>
    (await finding('proxies', (r) => files.forEach(([path, text]) => void r.put(path, text)))).found ?? '';
  it('are counted once where two units name one file', async () => {
    const unit = '[Service]\nEnvironmentFile=/etc/own\n';
    const found = await proxies(
      ['etc/systemd/system/a.service', unit],
      ['etc/systemd/system/b.service', unit],
      ['etc/own', 'http_proxy=http://p:1\n'],
    );
    expect(found.match(/\/etc\/own/g)).toHaveLength(1);
  });

  it.each([
    ['http_proxy=http://p:1\n', true],
    ['http_proxy=http://p:1; unset http_proxy\n', false],
    ['http_proxy=http://p:1\nunset http_proxy\n', false],
    ['unset http_proxy\nhttp_proxy=http://p:1\n', true],
    ['http_proxy=http://p:1\nif x; then unset http_proxy; fi\n', true],
    ['http_proxy=http://p:1\nf() {\nunset http_proxy\n}\n', true],
  ])('of a shell, set and unset: %j', async (text, set) => {
    expect((await proxies(['etc/profile.d/x.sh', text])).includes('http_proxy')).toBe(set);
  });
});
