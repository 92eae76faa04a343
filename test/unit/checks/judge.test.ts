import { describe, expect, it } from 'vitest';
import { judge } from '../../../pipeline/image/checks/judge.ts';
import { CHECKS } from '../../../pipeline/image/checks/table.ts';
import { goodRoot, inspect, judged, small } from './root.ts';

const waiver = { check: 'ssh-host-keys', reason: 'lab only', until: '2026-06-30' };

describe('judge', () => {
  it('has every number and id of the table once, in order', () => {
    const numbers = CHECKS.map((c) => c.number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(new Set(CHECKS.map((c) => c.id)).size).toBe(CHECKS.length);
  });

  it('lets a waiver through until its last day, and says so', async () => {
    const root = goodRoot().put('etc/ssh/ssh_host_rsa_key', 'x');
    const options = { waivers: [waiver] };
    const on = await judged(root, { ...options, now: new Date('2026-06-30T23:59:59Z') });
    expect(on.passed).toBe(true);
    expect(on.findings.find((f) => f.id === 'ssh-host-keys')).toMatchObject({
      status: 'waived',
      found: expect.stringContaining('lab only'),
    });
    const after = await judged(root, { ...options, now: new Date('2026-07-01T00:00:00Z') });
    expect(after.passed).toBe(false);
    expect(after.findings.find((f) => f.id === 'ssh-host-keys')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('ended on 2026-06-30'),
    });
  });

  it('does not waive what passes', async () => {
    const verdict = await judged(goodRoot(), { waivers: [waiver], now: new Date('2026-01-01') });
    expect(verdict.counts.waived).toBe(0);
  });

  it('waives nothing of another check', async () => {
    const root = goodRoot()
      .put('etc/ssh/ssh_host_rsa_key', 'x')
      .put('etc/ssh/sshd_config', 'PermitRootLogin yes\n');
    const verdict = await judged(root, { waivers: [waiver], now: new Date('2026-01-01') });
    expect(verdict.passed).toBe(false);
    expect(verdict.findings.find((f) => f.id === 'sshd')).toMatchObject({
      status: 'fail',
      severity: 'blocker',
    });
    expect(verdict.counts).toMatchObject({ waived: 1, blocker: 1 });
  });

  it('lets no check pass whose files could not be checked', async () => {
    const facts = await inspect(await goodRoot().tar());
    const unread = [{ path: 'etc/ssh/sshd_config', why: 'it is too large' }];
    const verdict = judge({ ...facts, unread }, { profile: small() });
    expect(verdict.findings.find((f) => f.id === 'sshd')).toMatchObject({
      status: 'fail',
      found: '/etc/ssh/sshd_config could not be checked: it is too large',
    });
    expect(verdict.passed).toBe(false);
    expect(verdict.counts.blocker).toBe(1);
  });

  describe('a waiver that names a finding', () => {
    const [rsa, ed25519] = ['/etc/ssh/ssh_host_rsa_key', '/etc/ssh/ssh_host_ed25519_key'];
    const root = () => goodRoot().put(rsa!.slice(1), 'x').put(ed25519!.slice(1), 'x');
    const now = new Date('2026-01-01');
    const check = async (waivers: object[]) => {
      const verdict = await judged(root(), { waivers: waivers as never, now });
      return { verdict, finding: verdict.findings.find((f) => f.id === 'ssh-host-keys')! };
    };

    it('hides that one and no other', async () => {
      const { verdict, finding } = await check([{ ...waiver, finding: rsa }]);
      expect(verdict.passed).toBe(false);
      expect(finding).toMatchObject({ status: 'fail', severity: 'blocker' });
      expect(finding.items).toEqual([
        { subject: ed25519, severity: 'blocker', text: ed25519, waived: false },
        { subject: rsa, severity: 'blocker', text: rsa, waived: true },
      ]);
      expect(finding.found).toBe(
        `ssh host keys are in the image: ${ed25519} (${rsa}: waived until 2026-06-30: lab only)`,
      );
      expect(verdict.notes).toBeUndefined();
    });

    it('hides all with one each, or with a pattern', async () => {
      const both = await check([
        { ...waiver, finding: rsa },
        { ...waiver, finding: ed25519, reason: 'another' },
      ]);
      expect(both.finding).toMatchObject({ status: 'waived' });
      expect(both.finding.found).toContain('another');
      expect((await check([{ ...waiver, finding: '/etc/ssh/*_key' }])).finding.status).toBe('waived');
      expect((await check([{ ...waiver, finding: '/etc/ssh/*' }])).verdict.passed).toBe(true);
      expect((await check([{ ...waiver, finding: '/etc/ssh' }])).verdict.passed).toBe(false);
    });

    it('says which are hidden for how long beside one that is not', async () => {
      const image = goodRoot();
      for (const name of ['a', 'b', 'c']) image.put(`etc/ssh/ssh_host_${name}_key`, 'x');
      const of = (name: string) => `/etc/ssh/ssh_host_${name}_key`;
      const waivers = [
        { ...waiver, finding: of('a') },
        { ...waiver, finding: of('b'), until: '2026-12-31' },
      ];
      const { findings } = await judged(image, { waivers, now });
      expect(findings.find((f) => f.id === 'ssh-host-keys')?.found).toBe(
        `ssh host keys are in the image: ${of('c')} (${of('a')}: waived until 2026-06-30: lab only) (${of('b')}: waived until 2026-12-31: lab only)`,
      );
    });

    it('that has ended hides nothing, and is named', async () => {
      const { finding } = await check([{ ...waiver, finding: rsa, until: '2025-12-31' }]);
      expect(finding).toMatchObject({ status: 'fail', waiver: { until: '2025-12-31' } });
      expect(finding.found).toContain('ended on 2025-12-31');
    });

    it('does not lower what is left: an empty root password stays a blocker beside a waived rule', async () => {
      const image = goodRoot()
        .put('etc/sudoers.d/site', 'ops ALL=(ALL) NOPASSWD: ALL\n')
        .put('etc/shadow', 'root::19000:0:99999:7:::\n');
      const verdict = await judged(image, {
        waivers: [{ ...waiver, check: 'accounts', finding: '/etc/sudoers.d/site*' }],
        now,
      });
      expect(verdict.passed).toBe(false);
      const items = verdict.findings.find((f) => f.id === 'accounts')!.items!;
      expect(
        items.filter(({ subject, waived }) => subject.startsWith('/etc/sudoers.d/site') && !waived),
      ).toEqual([]);
      expect(items.some(({ waived }) => waived)).toBe(true);
      expect(items.filter(({ waived, severity }) => !waived && severity === 'blocker')).not.toEqual([]);
    });

    it('should be narrower when it names no finding, and that it waives nothing when nothing is there', async () => {
      const wide = await check([waiver]);
      expect(wide.finding.status).toBe('waived');
      expect(wide.verdict.notes).toEqual([
        expect.stringContaining(`Narrow it to: finding: "${rsa}", finding: "${ed25519}"`),
      ]);
      const gone = await check([{ ...waiver, finding: '/etc/ssh/gone' }]);
      expect(gone.verdict.notes).toEqual([
        'The waiver of "ssh-host-keys" for "/etc/ssh/gone" has nothing to waive here.',
      ]);
    });
  });

  it('passes nothing of an archive that breaks off', async () => {
    const tar = await goodRoot().tar();
    const verdict = judge(await inspect(tar.subarray(0, 5000)), { profile: small() });
    expect(verdict.passed).toBe(false);
    const passed = verdict.findings.filter((f) => f.status === 'pass').map((f) => f.id);
    expect(passed).toEqual(['member-names']);
    expect(verdict.findings.find((f) => f.id === 'ssh-host-keys')?.status).toBe('not-applicable');
  });

  it('says of a check it cannot answer why', async () => {
    const verdict = await judged(goodRoot(), {
      buildFacts: null,
      profile: small('any-ubuntu'),
      baseImage: null,
    });
    const silent = verdict.findings.filter((f) => f.status === 'not-applicable');
    expect(silent.map((f) => f.id).sort()).toEqual([
      'clean-file-system',
      'dgx-identity',
      'eula-diversion',
      'nvidia-module',
      'os-release',
      'size',
    ]);
    for (const finding of silent) expect(finding.found.length).toBeGreaterThan(10);
  });

  it('asks the demo for a hook but not for a driver, and takes Debian', async () => {
    const root = goodRoot().put('usr/lib/os-release', 'ID=debian\nVERSION_CODENAME=bookworm\n');
    root.remove('usr/lib/modules/5.4.0-125-generic/updates').remove('etc/dgx-release');
    const options = { profile: small('demo'), baseImage: 'ubuntu/jammy' };
    expect((await judged(root, options)).counts).toMatchObject({ blocker: 0, major: 0 });
    expect((await judged(root.remove('curtin'), options)).findings.find((f) => f.id === 'hook')?.status).toBe(
      'fail',
    );
  });

  it('takes a base image in any letter case, as MAAS does', async () => {
    const verdict = await judged(goodRoot(), { baseImage: 'Ubuntu/FOCAL' });
    expect(verdict.baseImage).toBe('ubuntu/focal');
    expect(verdict.findings.find((f) => f.id === 'os-release')).toMatchObject({ status: 'pass' });
  });

  it.each([
    [79, 'fail', '-21.0 %'],
    [80, 'pass', '-20.0 %'],
    [120, 'pass', '+20.0 %'],
    [121, 'fail', '+21.0 %'],
  ])('compares a size of %d with 100 of the last release: %s', async (stored, status, words) => {
    const facts = await inspect(await goodRoot().tar());
    const verdict = judge(
      { ...facts, bytes: { ...facts.bytes, stored } },
      { profile: small(), previousBytes: 100 },
    );
    expect(verdict.findings.find((f) => f.id === 'size')).toMatchObject({
      status,
      found: expect.stringContaining(words),
    });
  });

  it('refuses a profile that is not there, and names those that are', async () => {
    const facts = await inspect(await goodRoot().tar());
    expect(() => judge(facts, { profile: 'dgxos9' })).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('dgxos7') }),
    );
    expect(() => judge(facts, { profile: 'constructor' })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });

  it('keeps no hash and no key of the image in its facts', async () => {
    const root = goodRoot()
      .put('etc/shadow', 'root:$6$salt$SECRETHASH:1::::::\n')
      .put('root/.ssh/authorized_keys', 'ssh-rsa SECRETKEY x\n')
      .put('etc/apt/sources.list', 'deb [trusted=yes] http://user:SECRETPW@x.example/ focal main\n');
    expect(JSON.stringify(await inspect(await root.tar()))).not.toMatch(/SECRET/);
  });

  it('gives the same findings for facts that went through JSON', async () => {
    const facts = await inspect(await goodRoot().tar());
    expect(judge(JSON.parse(JSON.stringify(facts)), { profile: small() })).toEqual(
      judge(facts, { profile: small() }),
    );
  });
});
