import { describe, expect, it } from 'vitest';
import { goodRoot, judged, type Root } from './root.ts';

async function sshd(spoil: (root: Root) => unknown) {
  const root = goodRoot();
  spoil(root);
  return (await judged(root)).findings.find((f) => f.id === 'sshd')!;
}
const config = (text: string) => sshd((r) => r.put('etc/ssh/sshd_config', text));

describe('sshd', () => {
  it.each([
    ['PermitRootLogin yes', 'blocker', 'permitrootlogin'],
    ['PasswordAuthentication no\nMatch all\nPasswordAuthentication yes', 'blocker', 'passwordauthentication'],
    ['Match Address 10.0.0.0/8\nPermitRootLogin yes', 'blocker', 'permitrootlogin for address 10.0.0.0/8'],
    ['Match User b,root\nPermitRootLogin yes', 'blocker', 'permitrootlogin for user b,root'],
    ['Match LocalPort 2222\nPermitEmptyPasswords yes', 'blocker', 'permitemptypasswords for localport 2222'],
    ['Match RDomain x\nPasswordAuthentication=yes', 'blocker', 'passwordauthentication for rdomain x'],
    [
      'Match Group sudo Host *\nPasswordAuthentication yes',
      'blocker',
      'passwordauthentication for group sudo host *',
    ],
    ['Match invalid-user\nPasswordAuthentication yes', 'blocker', 'passwordauthentication for invalid-user'],
    ['UsePAM yes\nChallengeResponseAuthentication yes', 'blocker', 'kbdinteractiveauthentication'],
    ['AuthorizedKeysCommand /bin/echo ssh-rsa AAAA', 'blocker', 'authorizedkeyscommand'],
    ['AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys %u', 'warning', 'authorizedkeyscommand'],
    ['AuthorizedKeysFile /etc/ssh/all', 'major', 'authorizedkeysfile'],
    ['AuthorizedKeysFile /tmp/%u', 'blocker', 'authorizedkeysfile'],
    ['HostbasedAuthentication yes', 'major', 'hostbasedauthentication'],
    ['TrustedUserCAKeys /etc/ssh/ca.pub', 'warning', 'trustedusercakeys'],
    ['PermitUserEnvironment LANG,LC_*', 'warning', 'permituserenvironment'],
    ['GatewayPorts clientspecified', 'warning', 'gatewayports'],
    ['StrictModes no', 'warning', 'strictmodes'],
    ['AuthenticationMethods none', 'warning', 'authenticationmethods'],
    ['AuthenticationMethods none\nUsePAM yes', 'warning', 'authenticationmethods'],
    ['AuthenticationMethods none\nPermitEmptyPasswords no', 'warning', 'authenticationmethods'],
    ['Match User', 'major', '/etc/ssh/sshd_config'],
  ])('%j is a %s: %s', async (text, severity, subject) => {
    const finding = await config(`${text}\n`);
    expect(finding).toMatchObject({ status: 'fail', severity });
    expect(finding.items?.map((i) => i.subject)).toEqual([subject]);
  });

  it.each([
    'PermitRootLogin no\nPermitRootLogin yes',
    'PermitRootLogin without-password',
    'Match all\nPermitRootLogin no\nMatch all\nPermitRootLogin yes',
    // No account with uid 0 goes by that name.
    'Match User backup\nPermitRootLogin yes',
    'KbdInteractiveAuthentication yes',
    'AuthenticationMethods publickey,keyboard-interactive',
    'AuthorizedKeysFile /etc/ssh/keys/%u .ssh/authorized_keys',
    'AuthorizedKeysCommand none\nAuthorizedKeysFile none\nTrustedUserCAKeys none',
    // Ubuntu's own file.
    'Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\nAcceptEnv LANG LC_*\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server',
  ])('%j opens nothing', async (text) => {
    expect(await config(`${text}\n`)).toMatchObject({ status: 'pass' });
  });

  it('counts the keys of a certificate authority', async () => {
    const finding = await sshd((r) =>
      r
        .put('etc/ssh/sshd_config', 'TrustedUserCAKeys /etc/ssh/ca.pub\n')
        .put('etc/ssh/ca.pub', 'ssh-ed25519 AAAA ca\n'),
    );
    expect(finding).toMatchObject({ severity: 'blocker' });
  });

  it.each([
    ['etc/default/ssh', 'SSHD_OPTS="-o PermitRootLogin=yes"\n'],
    [
      'etc/systemd/system/ssh.service.d/x.conf',
      '[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -o PermitRootLogin=yes\n',
    ],
    ['etc/systemd/system/ssh.service.d/x.conf', '[Service]\nEnvironment="SSHD_OPTS=-oPermitRootLogin=yes"\n'],
  ])('reads what %s puts on its command line', async (file, text) => {
    const finding = await sshd((r) =>
      r
        .put(
          'usr/lib/systemd/system/ssh.service',
          '[Service]\nEnvironmentFile=-/etc/default/ssh\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\n',
        )
        .put(file, text),
    );
    expect(finding).toMatchObject({ severity: 'blocker' });
    expect(finding.found).toMatch(/command line of sshd.*permitrootlogin yes/);
  });

  it('follows -f to another file, and links to folders', async () => {
    const finding = await sshd((r) =>
      r
        .put('etc/systemd/system/ssh.service', '[Service]\nExecStart=/usr/sbin/sshd -D -f /etc/ssh/other\n')
        .dir('etc/real')
        .put('etc/ssh/other', 'Include sshd_config.d/*.conf\n')
        .link('etc/ssh/sshd_config.d', '../real')
        .put('etc/real/1.conf', 'PermitRootLogin yes\n'),
    );
    expect(finding.found).toMatch(/sshd_config\.d\/1\.conf:1/);
  });

  it('does not pass over a file that it cannot look into', async () => {
    const finding = await sshd((r) =>
      r
        .put('etc/ssh/sshd_config', 'Include /opt/ssh/*.conf\nInclude /srv/one.conf\n')
        .dir('opt/ssh')
        .put('opt/ssh/a.conf', 'PermitRootLogin yes\n')
        .put('srv/one.conf', 'PermitRootLogin yes\n'),
    );
    expect(finding).toMatchObject({ status: 'fail', severity: 'blocker' });
    expect(finding.items?.map((i) => i.subject)).toEqual(['/opt/ssh/*.conf', '/srv/one.conf']);
  });
});
