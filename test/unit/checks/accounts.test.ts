import { describe, expect, it } from 'vitest';
import { goodRoot, judged, type Root } from './root.ts';

async function accounts(spoil: (root: Root) => unknown) {
  const root = goodRoot()
    .put('etc/passwd', PASSWD)
    .put('etc/shadow', SHADOW, { mode: 0o640, gid: 42 })
    .put('etc/group', 'root:x:0:\nsvcs:x:90:svc\nsudo:x:27:bob\n');
  spoil(root);
  return (await judged(root)).findings.find((f) => f.id === 'accounts')!;
}
const PASSWD = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1::/usr/sbin:/usr/sbin/nologin
svc:x:90:90::/var/lib/svc:/bin/sh
helper:x:91:91::/nonexistent:/bin/false
bob:x:1000:1000::/data/bob:/bin/bash
`;
const SHADOW = 'root:*:1\ndaemon:*:1\nsvc:!:1\nhelper:*:1\nbob:!:1\n';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 x\n';
const HASH = '$6$salt$SECRETHASH';

const sudoers = (text: string, file = 'etc/sudoers') => accounts((r) => r.put(file, text, { mode: 0o440 }));

describe('sudo', () => {
  it.each([
    ['bob ALL=(ALL) NOPASSWD: ALL', 'blocker'],
    ['bob ALL = NOPASSWD : /bin/true', 'blocker'],
    ['bob ALL=(ALL) /bin/a, NOPASSWD: /bin/b, /bin/c, PASSWD: /bin/d', 'blocker'],
    ['bob ALL=(ALL) \\\n NOPASSWD: \\\n ALL', 'blocker'],
    ['#1000 ALL=(ALL) NOPASSWD: ALL', 'blocker'],
    ['%sudo ALL=(ALL) NOPASSWD: ALL', 'blocker'],
    ['User_Alias A = bob\nCmnd_Alias C = /bin/x\nA ALL = NOPASSWD: C', 'blocker'],
    ['nobody-yet ALL=(ALL) NOPASSWD: ALL', 'blocker'],
    ['bob ALL=(ALL) ALL\nbob ALL=(ALL) NOPASSWD: ALL', 'blocker'],
    ['bob ALL=(ALL) NOPASSWD: ALL\ncarol ALL=(ALL) ALL', 'blocker'],
    ['bob ALL=(ALL) NOPASSWD: ALL\nbob ALL=(daemon) ALL', 'blocker'],
    ['%sudo ALL=(ALL:ALL) ALL\nDefaults !authenticate', 'blocker'],
    ['%sudo ALL=(ALL:ALL) ALL\nDefaults:bob !authenticate', 'blocker'],
    ['%sudo ALL=(ALL:ALL) ALL\nDefaults env_reset, !authenticate', 'blocker'],
    ['%sudo ALL=(ALL:ALL) ALL\nDefaults authenticate\nDefaults>root !authenticate', 'blocker'],
    ['%sudo ALL=(ALL:ALL) ALL\nDefaults!/bin/ls !authenticate', 'major'],
    ['%sudo ALL=(ALL:ALL) ALL\nDefaults exempt_group=sudo', 'blocker'],
    ['%sudo ALL=(ALL:ALL) ALL\nDefaults !authenticate\nDefaults:bob authenticate', 'blocker'],
    ['%sudo ALL=(ALL:ALL) ALL\nDefaults !authenticate\nDefaults:!ALL authenticate', 'blocker'],
    ['bob ALL=(daemon) NOPASSWD: ALL\nbob ALL=(svc) ALL', 'blocker'],
    ['bob ALL=(daemon, svc) NOPASSWD: ALL\nbob ALL=(daemon) ALL', 'blocker'],
    ['bob ALL=(daemon:sudo) NOPASSWD: ALL\nbob ALL=(daemon) ALL', 'blocker'],
    ['bob ALL=(daemon) NOPASSWD: ALL\nbob ALL=ALL', 'blocker'],
    // A service's own.
    ['svc ALL=(helper) NOPASSWD: /usr/lib/svc/run', 'warning'],
    ['%svcs ALL=(helper, #91) NOPASSWD: /usr/lib/svc/run -x, /usr/lib/svc/stop', 'warning'],
    // Debian's ceph-base 16.2.15 brings this one.
    ['svc ALL=NOPASSWD: /usr/sbin/smartctl -x --json=o /dev/*', 'warning'],
    ['svc ALL=(root) NOPASSWD: /usr/lib/svc/run', 'warning'],
    ['svc ALL=(root, bob) NOPASSWD: /usr/lib/svc/run', 'major'],
    ['%sudo ALL=(ALL:ALL) ALL\nDefaults:svc !authenticate', 'major'],
    ['svc ALL=(bob) NOPASSWD: /usr/lib/svc/run', 'major'],
    ['svc ALL=(ALL) NOPASSWD: /usr/lib/svc/run', 'blocker'],
    ['svc ALL=(helper) NOPASSWD: ALL', 'blocker'],
    ['svc ALL=(helper) NOPASSWD: ALL, !/bin/sh', 'blocker'],
    ['svc ALL=(root) NOPASSWD: /usr/bin/python3.11', 'blocker'],
    ['svc ALL=(root) NOPASSWD: /usr/lib/svc/', 'blocker'],
    ['svc ALL=(root) NOPASSWD: /usr/lib/*', 'blocker'],
    ['svc, bob ALL=(helper) NOPASSWD: /usr/lib/svc/run', 'blocker'],
  ])('%j is a %s', async (text, severity) => {
    expect(await sudoers(`${text}\n`)).toMatchObject({ status: 'fail', severity });
  });

  it.each([
    'root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d',
    '# bob ALL=(ALL) NOPASSWD: ALL',
    'bob ALL=(ALL) NOPASSWD: ALL\nbob ALL=(ALL) ALL',
    'bob ALL=(ALL) NOPASSWD: ALL\nALL ALL=(ALL:ALL) ALL',
    'bob ALL=(ALL) NOPASSWD: ALL, PASSWD: ALL',
    'bob ALL=(ALL) NOPASSWD: PASSWD: ALL',
    'bob ALL=(ALL) NOPASSWD: !ALL',
    '%sudo ALL=(ALL) ALL\nDefaults !authenticate\nDefaults authenticate',
    '%sudo ALL=(ALL) ALL\nDefaults:bob !authenticate\nDefaults:bob authenticate',
    '%sudo ALL=(ALL) ALL\nDefaults !!authenticate',
    '%sudo ALL=(ALL) PASSWD: ALL\nDefaults !authenticate',
    '%sudo ALL=(ALL) ALL\nDefaults exempt_group=sudo\nDefaults !exempt_group',
    'Defaults badpass_message="NOPASSWD: ALL"',
    '%sudo ALL=(ALL) ALL\nDefaults !authenticate\nDefaults:ALL authenticate',
    'bob ALL=(daemon, svc) NOPASSWD: ALL\nbob ALL=(daemon, svc) ALL',
    'bob ALL=(daemon:sudo) NOPASSWD: ALL\nbob ALL=(daemon:sudo) ALL',
  ])('%j asks', async (text) => {
    expect(await sudoers(`${text}\n`)).toMatchObject({ status: 'pass' });
  });

  it.each([
    ['@includedir /etc/sudoers.d', 'etc/sudoers.d/90-x', true],
    ['#includedir /etc/sudoers.d', 'etc/sudoers.d/90-x', true],
    ['@includedir sudoers.d', 'etc/sudoers.d/90-x', true],
    ['#include /etc/more', 'etc/more', true],
    ['@include "/etc/with blank"', 'etc/with blank', true],
    ['@include /etc/with\\ blank', 'etc/with blank', true],
    ['@includedir /etc/sudoers.d', 'etc/sudoers.d/x.conf', false],
    ['@includedir /etc/sudoers.d', 'etc/sudoers.d/x~', false],
    ['root ALL=(ALL) ALL', 'etc/sudoers.d/x', false],
  ])('%s and /%s: read %s', async (include, file, read) => {
    const finding = await accounts((r) =>
      r
        .dir('etc/sudoers.d')
        .put('etc/sudoers', `${include}\n`, { mode: 0o440 })
        .put(file, 'bob ALL=(ALL) NOPASSWD: ALL\n', { mode: 0o440 }),
    );
    expect(finding.status).toBe(read ? 'fail' : 'pass');
  });

  it.each([
    ['Defaults exempt_group=sudo', 'Defaults exempt_group=sudo'],
    ['Defaults !authenticate', 'Defaults !authenticate'],
    ['Defaults:bob !authenticate', 'Defaults:bob !authenticate'],
    ['Defaults@host !authenticate', 'Defaults@host !authenticate'],
    ['Defaults>daemon !authenticate', 'Defaults>daemon !authenticate'],
    ['Defaults!/bin/ls !authenticate', 'Defaults!/bin/ls !authenticate'],
  ])('%s is in the text as it was written', async (line, text) => {
    const finding = await sudoers(`%sudo ALL=(ALL:ALL) ALL\n${line}\n`);
    expect(finding.items?.map((item) => item.text).join()).toContain(text);
  });

  it('names each rule, so that a waiver of one hides no other', async () => {
    const finding = await sudoers('bob ALL=NOPASSWD: ALL\nsvc ALL=NOPASSWD: /bin/x\n');
    expect(finding.items?.map((i) => i.subject)).toEqual([
      '/etc/sudoers: bob: ALL',
      '/etc/sudoers: svc: /bin/x',
    ]);
  });

  it('does not pass over an included file that it cannot look into', async () => {
    const finding = await accounts((r) =>
      r.put('etc/sudoers', '@include /opt/rules\n', { mode: 0o440 }).put('opt/rules', 'x'),
    );
    expect(finding.found).toMatch(/\/opt\/rules could not be checked/);
  });
});

describe('sudo for root', () => {
  // sudo 1.9.13 run as root asks for nothing, whatever its rules say.
  it.each([
    'root ALL=(ALL:ALL) NOPASSWD: ALL',
    '#0 ALL=(ALL) NOPASSWD: ALL',
    'User_Alias R = root\nR ALL=(ALL) NOPASSWD: ALL',
    'root ALL=(ALL) ALL\nDefaults:root !authenticate',
  ])('%j opens nothing', async (text) => {
    expect(await sudoers(text)).toMatchObject({ status: 'pass' });
  });

  it('a list with anybody else does', async () => {
    expect(await sudoers('root, bob ALL=(ALL) NOPASSWD: ALL')).toMatchObject({ severity: 'blocker' });
  });
});

describe('consoles', () => {
  it.each([
    [
      'etc/systemd/system/getty@tty1.service.d/autologin.conf',
      '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root --noclear %I $TERM\n',
    ],
    [
      'usr/lib/systemd/system/serial-getty@.service',
      '[Service]\nExecStart=-/sbin/agetty -o "-p -- \\\\u" -a bob \\\n --keep-baud 115200 %I $TERM\n',
    ],
    ['etc/systemd/system/getty@tty2.service', '[Service]\nExecStart=agetty -a bob tty2\nRestart=always\n'],
    ['etc/gdm3/custom.conf', '[daemon]\nAutomaticLoginEnable = True\nAutomaticLogin = bob\n'],
    ['etc/gdm3/custom.conf', '[daemon]\nAutomaticLogin = eve\nTimedLoginEnable = 1\nTimedLogin = bob\n'],
    ['etc/lightdm/lightdm.conf.d/50-x.conf', '[Seat:*]\nautologin-user=bob\n'],
    ['etc/sddm.conf', '[Autologin]\nUser=bob\n'],
  ])('/%s logs somebody in', async (file, text) => {
    const finding = await accounts((r) => r.put(file, text));
    expect(finding).toMatchObject({ status: 'fail', severity: 'major' });
    expect(finding.items?.map((i) => i.subject)).toEqual([`/${file}`]);
  });

  it.each([
    // As the packages have them.
    [
      'usr/lib/systemd/system/getty@.service',
      "[Service]\nExecStart=-/sbin/agetty -o '-p -- \\\\u' --noclear - $TERM\n",
    ],
    [
      'etc/gdm3/custom.conf',
      '[daemon]\n#WaylandEnable=false\n# Enabling automatic login\n#  AutomaticLoginEnable = true\n#  AutomaticLogin = user1\n[security]\n',
    ],
    ['etc/gdm3/custom.conf', '[daemon]\nAutomaticLoginEnable = false\nAutomaticLogin = bob\n'],
    ['etc/gdm3/custom.conf', '[daemon]\nAutomaticLoginEnable = true\n'],
    ['etc/gdm3/custom.conf', '[daemon]\nAutomaticLogin = bob\n'],
    ['etc/gdm3/custom.conf', '[daemon]\nTimedLoginEnable = true\nTimedLogin =\n'],
    ['etc/systemd/system/getty@tty2.service', '[Unit]\nExecStart=agetty -a bob tty2\n'],
    ['etc/lightdm/lightdm.conf', '[Seat:*]\nautologin-user=\n'],
    ['etc/lightdm/lightdm.conf', '[Seat:*]\n#autologin-user=\n'],
    [
      'etc/systemd/system/getty@tty1.service.d/a.conf.off',
      '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root %I\n',
    ],
  ])('/%s with %j asks', async (file, text) => {
    expect(await accounts((r) => r.put(file, text))).toMatchObject({ status: 'pass' });
  });
});

describe('keys', () => {
  it.each([
    [
      'a home of passwd',
      (r: Root) => r.put('data/bob/.ssh/authorized_keys', KEY),
      'blocker',
      '/data/bob/.ssh/authorized_keys for bob',
    ],
    [
      'the second file',
      (r: Root) => r.put('root/.ssh/authorized_keys2', KEY),
      'blocker',
      '/root/.ssh/authorized_keys2 for root',
    ],
    [
      'a service without a shell',
      (r: Root) => r.put('usr/sbin/.ssh/authorized_keys', KEY),
      'major',
      '/usr/sbin/.ssh/authorized_keys for daemon',
    ],
    [
      'AuthorizedKeysFile with tokens',
      (r: Root) =>
        r
          .put('etc/ssh/sshd_config', 'AuthorizedKeysFile none /etc/keys/%u-%U%%\n')
          .put('etc/keys/bob-1000%', KEY),
      'blocker',
      '/etc/keys/bob-1000% for bob',
    ],
    [
      'AuthorizedKeysFile of a Match block',
      (r: Root) =>
        r
          .put('etc/ssh/sshd_config', 'Match User bob\nAuthorizedKeysFile %h/keys/authorized\n')
          .put('data/bob/keys/authorized', KEY),
      'blocker',
      '/data/bob/keys/authorized for bob',
    ],
    [
      'a file that is not read on the way',
      (r: Root) => r.put('etc/ssh/sshd_config', 'AuthorizedKeysFile /srv/k/%u\n').put('srv/k/bob', KEY),
      'blocker',
      '/srv/k/bob for bob',
    ],
    [
      'the skeleton of homes',
      (r: Root) => r.put('etc/skel/.ssh/authorized_keys', KEY),
      'blocker',
      '/etc/skel/.ssh/authorized_keys',
    ],
    [
      'a home that waits for its account',
      (r: Root) => r.put('home/ubuntu/.ssh/authorized_keys', KEY),
      'blocker',
      '/home/ubuntu/.ssh/authorized_keys',
    ],
    [
      'one that sshd does not read',
      (r: Root) =>
        r.put('etc/ssh/sshd_config', 'AuthorizedKeysFile none\n').put('root/.ssh/authorized_keys', KEY),
      'warning',
      '/root/.ssh/authorized_keys',
    ],
    [
      'options in front',
      (r: Root) => r.put('root/.ssh/authorized_keys', 'command="a \\" b",no-pty ecdsa-sha2-nistp256 AAAA\n'),
      'blocker',
      '/root/.ssh/authorized_keys for root',
    ],
  ])('of %s', async (_how, spoil, severity, subject) => {
    const finding = await accounts(spoil);
    expect(finding).toMatchObject({ status: 'fail', severity });
    expect(finding.items?.map((i) => i.subject)).toEqual([subject]);
    expect(JSON.stringify(finding)).not.toContain('AAAA');
  });

  it.each([
    ['comments and text', (r: Root) => r.put('root/.ssh/authorized_keys', '# ssh-rsa AAAA\nno key here\n\n')],
    ['documentation', (r: Root) => r.put('usr/share/doc/x/.ssh/authorized_keys', KEY)],
    ['a home that is gone from passwd', (r: Root) => r.put('var/lib/gone/.ssh/authorized_keys', KEY)],
  ])('are none: %s', async (_how, spoil) => {
    expect(await accounts(spoil)).toMatchObject({ status: 'pass' });
  });
});

describe('passwords', () => {
  it.each([
    ['shadow-', 'etc/shadow-', `bob:${HASH}:1\n`, 'major'],
    ['passwd- with a hash inside', 'etc/passwd-', 'bob:ab01FAX.bQRSU:1000:1000::/:/bin/sh\n', 'major'],
    ['shadow.org', 'etc/shadow.org', `bob:${HASH}:1\n`, 'major'],
    ['gshadow', 'etc/gshadow', `sudo:${HASH}::bob\n`, 'blocker'],
    ['gshadow-', 'etc/gshadow-', `sudo:${HASH}::bob\n`, 'major'],
    ['group', 'etc/group', `sudo:${HASH}:27:bob\n`, 'blocker'],
    ['opasswd', 'etc/security/opasswd', `bob:1000:1:${HASH}\n`, 'major'],
  ])('hashes in %s', async (_how, file, text, severity) => {
    const finding = await accounts((r) => r.put(file, text, { mode: 0o640, gid: 42 }));
    expect(finding).toMatchObject({ status: 'fail', severity });
    expect(finding.items?.map((i) => i.subject)).toEqual([`/${file}`]);
    expect(JSON.stringify(finding)).not.toContain('SECRET');
  });

  it('locked copies and group passwords are none', async () => {
    const finding = await accounts((r) =>
      r
        .put('etc/shadow-', `bob:!${HASH}:1\nroot:*:1\n`)
        .put('etc/passwd-', PASSWD)
        .put('etc/gshadow', 'sudo:!::bob\nadm:*::\nx:::\n'),
    );
    expect(finding).toMatchObject({ status: 'pass' });
  });

  it('an empty password is as dangerous as PAM lets it be', async () => {
    const empty = (pam: string) => (r: Root) =>
      r.put('etc/shadow', SHADOW.replace('bob:!', 'bob:')).put('etc/pam.d/common-auth', pam);
    expect(await accounts(empty('auth [success=1] pam_unix.so nullok\n'))).toMatchObject({
      severity: 'blocker',
    });
    expect(await accounts(empty('auth required pam_unix.so\n# pam_unix.so nullok\n'))).toMatchObject({
      severity: 'major',
    });
  });

  it('lines of NIS count when nsswitch.conf asks for them', async () => {
    const nis = (service: string) => (r: Root) =>
      r
        .put('etc/passwd', `${PASSWD}+@admins::::::\n`)
        .put('etc/nsswitch.conf', `passwd: ${service} # compat\n`);
    expect(await accounts(nis('compat'))).toMatchObject({ severity: 'blocker' });
    expect(await accounts(nis('files systemd'))).toMatchObject({ severity: 'warning' });
  });

  it('uid 0 under another name, however it is written', async () => {
    const finding = await accounts((r) =>
      r.put('etc/passwd', `${PASSWD} toor:x:000:0::/:/bin/sh\nzero:x:+0:0::/:/bin/sh\n`),
    );
    expect(finding.items?.map((i) => i.subject)).toEqual(['uid 0 of toor', 'uid 0 of zero']);
  });
});

describe('PAM, doas and polkit', () => {
  it.each([
    ['etc/pam.d/sudo', 'auth sufficient pam_permit.so\n@include common-auth\n', 'blocker'],
    ['etc/pam.d/su', 'auth sufficient pam_rootok.so\nauth required pam_permit.so\n', 'blocker'],
    [
      'etc/pam.d/common-auth',
      'auth [success=2 default=ignore] pam_permit.so\nauth required pam_unix.so\n',
      'blocker',
    ],
    ['etc/pam.d/su', 'auth sufficient pam_wheel.so trust group=adm\n@include common-auth\n', 'major'],
    ['etc/doas.conf', 'permit keepenv nopass :wheel\n', 'blocker'],
    [
      'etc/polkit-1/rules.d/49-x.rules',
      'polkit.addRule(function(a, s) {\n return polkit.Result.YES;\n});\n',
      'warning',
    ],
    [
      'etc/polkit-1/localauthority/50-local.d/x.pkla',
      '[x]\nIdentity=unix-user:*\nResultAny=yes\n',
      'warning',
    ],
  ])('/%s with %j is a %s', async (file, text, severity) => {
    const finding = await accounts((r) => r.put(file, text));
    expect(finding).toMatchObject({ status: 'fail', severity });
    expect(finding.items?.map((i) => i.subject)).toEqual([`/${file}`]);
  });

  it.each([
    // Debian's own.
    [
      'etc/pam.d/common-auth',
      'auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\t\t\tpam_deny.so\nauth\trequired\t\t\tpam_permit.so\n',
    ],
    [
      'etc/pam.d/su',
      '# auth sufficient pam_wheel.so trust\nauth sufficient pam_rootok.so\n@include common-auth\n',
    ],
    ['etc/doas.conf', 'permit persist :wheel\n# permit nopass :wheel\n'],
    [
      'etc/polkit-1/rules.d/40-x.rules',
      '// polkit.Result.YES\npolkit.addAdminRule(function() { return ["unix-group:sudo"]; });\n',
    ],
  ])('/%s with %j is none', async (file, text) => {
    expect(await accounts((r) => r.put(file, text))).toMatchObject({ status: 'pass' });
  });
});
