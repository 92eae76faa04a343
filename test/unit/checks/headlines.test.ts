import { describe, expect, it } from 'vitest';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { widthOf } from '../../../pipeline/core/text/width.ts';
import { type Finding, headlineOf } from '../../../pipeline/image/checks/judge.ts';
import { finding as onMachine } from '../../../pipeline/maas/acceptance/inspect.ts';
import { verdictTable } from '../../../pipeline/report/text/verdict.ts';
import { goodRoot, judged, type Root } from './root.ts';

type Spoil = (root: Root) => Root;
const sshd =
  (text: string): Spoil =>
  (r) =>
    r.put('etc/ssh/sshd_config', text);

/** Each spoiled image with its headline: the fault and its position, in words that stand alone. */
const SAID: [id: string, spoil: Spoil, headline: string | RegExp][] = [
  [
    'sshd',
    sshd('# a\nPermitRootLogin yes\n'),
    'sshd lets root log in with a password (/etc/ssh/sshd_config:2: permitrootlogin yes)',
  ],
  [
    'sshd',
    sshd('PasswordAuthentication yes\nGatewayPorts yes\n'),
    'sshd accepts passwords (/etc/ssh/sshd_config:1: passwordauthentication yes) (and 1 more)',
  ],
  [
    'ssh-host-keys',
    (r) => r.put('etc/ssh/ssh_host_rsa_key', 'x'),
    'ssh host keys are in the image: /etc/ssh/ssh_host_rsa_key',
  ],
  [
    'accounts',
    (r) => r.put('etc/shadow', 'root:$6$abc$HASH:1::::::\ndaemon:*:1::::::\n'),
    'root has a password (sha512crypt)',
  ],
  [
    'accounts',
    (r) => r.put('root/.ssh/authorized_keys', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBx x\n'),
    /^keys in \/root\/\.ssh\/authorized_keys \(1\) open root$/,
  ],
  [
    'accounts',
    (r) => r.put('etc/sudoers.d/x', 'ALL ALL=(ALL) NOPASSWD: ALL\n', { mode: 0o440 }),
    /^sudo asks for no password \(\/etc\/sudoers\.d\/x:1: /,
  ],
  ['machine-id', (r) => r.put('etc/machine-id', `${'ab'.repeat(16)}\n`), /^\/etc\/machine-id is /],
  [
    'cloud-init-state',
    (r) => r.put('var/lib/cloud/instance', 'x'),
    /^cloud-init has an earlier instance in the image: \/var\/lib\/cloud\/instance/,
  ],
  [
    'fstab',
    (r) => r.put('etc/fstab', 'UUID=0a-1b /x ext4 defaults 0 2\n'),
    /^disks of the build machine are named: \/etc\/fstab:1: /,
  ],
  [
    'resolv-conf',
    (r) => r.put('etc/resolv.conf', 'nameserver 10.0.0.1\n'),
    /^\/etc\/resolv\.conf is not systemd-resolved’s link: /,
  ],
  [
    'proxies',
    (r) => r.put('etc/environment', 'http_proxy=http://10.0.2.2:3128\n'),
    /^a proxy of the build machine is set: \/etc\/environment:1: /,
  ],
  [
    'apt-sources',
    (r) => r.put('etc/apt/sources.list', 'deb http://127.0.0.1/x focal main\n'),
    /^127\.0\.0\.1 is the build machine \(\/etc\/apt\/sources\.list:1: /,
  ],
  [
    'hook',
    (r) => r.change('curtin/curtin-hooks', { mode: 0o644 }),
    /^curtin cannot run \/curtin\/curtin-hooks: it is not executable/,
  ],
  ['netplan', (r) => r.withoutPackage('netplan.io'), 'netplan.io is not installed'],
];

const of = (verdict: { findings: Finding[] }, id: string) =>
  verdict.findings.find((finding) => finding.id === id) as Finding;

describe('the headline of a finding', () => {
  it.each(SAID)('%s: what was found', async (id, spoil, headline) => {
    const found = of(await judged(spoil(goodRoot())), id);
    expect(found.status).toBe('fail');
    expect(headlineOf(found)).toMatch(
      typeof headline === 'string'
        ? new RegExp(`^${headline.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
        : headline,
    );
    // The title is beside it, never in its place.
    expect(headlineOf(found)).not.toContain(found.title);
  });

  it('names the worst of several, whatever comes first', async () => {
    const root = goodRoot().put('etc/ssh/sshd_config', 'GatewayPorts yes\nPermitRootLogin yes\n');
    expect(headlineOf(of(await judged(root), 'sshd'))).toMatch(
      /^sshd lets root log in with a password .*\(and 1 more\)$/,
    );
  });

  it('is the title of a check that passes', async () => {
    const verdict = await judged(goodRoot());
    for (const finding of verdict.findings.filter(({ status }) => status === 'pass'))
      expect(headlineOf(finding)).toBe(finding.title);
  });

  it('does not say that something is there which could not be checked', async () => {
    const root = goodRoot().put('etc/cloud/cloud.cfg', Buffer.alloc(20 << 20, 0x23));
    const found = of(await judged(root), 'cloud-init-enabled');
    expect(headlineOf(found)).toMatch(/^\/etc\/cloud\/cloud\.cfg could not be checked: /);
  });

  it('is what was found where a record of an earlier version has none', () => {
    const old = { status: 'fail', title: 'The title', found: 'the fault' } as Finding;
    expect(headlineOf(old)).toBe('the fault');
    expect(headlineOf({ ...old, status: 'pass' })).toBe('The title');
  });

  it('of an acceptance is its check’s word on it, else the command', () => {
    const check = { id: 'x', title: 'x is up', wrong: null, severity: 'major', why: 'w', fix: 'f' } as const;
    const failed = { status: 'fail', found: 'exit code 3 instead of 0' } as const;
    expect(onMachine({ ...check, wrong: 'x is down' }, 1, failed).headline).toBe(
      'x is down: exit code 3 instead of 0',
    );
    expect(onMachine({ ...check, command: ['systemctl', 'is-active', 'x'] }, 1, failed).headline).toBe(
      'systemctl is-active x: exit code 3 instead of 0',
    );
    expect(onMachine(check, 1, { status: 'pass', found: 'active' }).headline).toBe('x is up');
  });
});

describe('the table of a verdict', () => {
  it.each([60, 80, 120])('fits %i columns and has every word', async (width) => {
    const verdict = await judged(SAID.reduce((root, [, spoil]) => spoil(root), goodRoot()));
    const file = { name: `${'日本語'.repeat(20)}.tar.gz`, size: 1, sha256: 'ab'.repeat(32) };
    const text = verdictTable(file, verdict, paint(true, width));
    for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(width);
    const words = (said: string) => said.replace(/\u001b\[\d+m/g, '').replace(/\s+/g, '');
    for (const { why, fix } of verdict.findings.filter(({ status }) => status === 'fail')) {
      expect(words(text)).toContain(words(why));
      expect(words(text)).toContain(words(fix));
    }
  });
});
