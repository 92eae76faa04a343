import { readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UbuntuHost } from './ubuntu-host.ts';

const PASSWORD = 'corr"ect $horse';
const URL = 'http://192.168.1.1:5240/MAAS';
// The variables of DeepOps' guide, with another password.
const GROUP_VARS = `maas_adminusers:
  - username: 'admin'
    email: 'admin@{{ maas_dns_domain }}'
    password: '${PASSWORD}'
maas_dns_domain: 'deepops.local'
maas_region_controller: '192.168.1.1'
maas_region_controller_url: 'http://{{ maas_region_controller }}:5240/MAAS'
maas_repo: 'ppa:maas/2.8'
`;
const PACKAGE_WAY = [
  'add-apt-repository -y ppa:maas/2.8',
  'apt-get update -q',
  'apt-get install -q -y maas',
  `maas-region local_config_set --maas-url ${URL}`,
  'systemctl restart maas-regiond',
  'maas createadmin --username admin --email admin@deepops.local',
];

let host: UbuntuHost;
let vars: string;
beforeEach(() => {
  host = new UbuntuHost();
  vars = host.write('all.yml', GROUP_VARS);
});
afterEach(() => host.remove());

describe("with DeepOps' variables", () => {
  test('the role, step by step; the second run does nothing', async () => {
    const first = await host.run(['--group-vars', vars]);
    expect(first.stderr).toBe('');
    expect(first.changes).toEqual(PACKAGE_WAY);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain(`6 changes done. Next: dgxos-maas login ${URL}`);
    expect(host.state.users).toEqual({
      admin: { email: 'admin@deepops.local', password: PASSWORD, keys: '' },
    });
    expect(readFileSync(join(host.root, 'etc/maas/regiond.conf'), 'utf8')).toBe(`maas_url: ${URL}\n`);

    const second = await host.run(['--group-vars', vars]);
    expect(second.changes).toEqual([]);
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/^is so +apt repository ppa:maas\/2\.8$/m);
    expect(second.stdout).toContain('Nothing to do.');
    for (const { stdout, stderr, lines, calls } of [first, second]) {
      expect(stdout + stderr + lines.join('\n')).not.toContain(PASSWORD);
      // An API key that a command prints is not shown either.
      expect(stdout + stderr).not.toContain('thetokensecret');
      expect(calls.flatMap((call) => call.env).filter((name) => /PASS|KEY|SECRET/.test(name))).toEqual([]);
    }
  });

  test('typed at a terminal, passwords still come from where they are, and are not asked for', async () => {
    const { code, stdout, changes } = await host.run(['--group-vars', vars], { terminal: true });
    expect(code, stdout).toBe(0);
    expect(changes).toEqual(PACKAGE_WAY);
    expect(host.state.users.admin.password).toBe(PASSWORD);
  }, 20_000);

  test('--dry-run prints the same commands and starts none that changes', async () => {
    const { changes, stdout, code } = await host.run(['--dry-run', '--group-vars', vars]);
    expect(changes).toEqual([]);
    expect(code).toBe(0);
    for (const line of PACKAGE_WAY) expect(stdout).toContain(line);
    expect(stdout).toContain('6 changes; nothing was done.');
    expect(stdout).not.toContain(PASSWORD);
  });

  test('--dry-run needs no root; a run does', async () => {
    host.write('uid', '1000');
    expect((await host.run(['-n', '--group-vars', vars])).code).toBe(0);
    const { code, stderr, changes } = await host.run(['--group-vars', vars]);
    expect([code, changes]).toEqual([4, []]);
    expect(stderr).toContain('Installing MAAS needs root');
  });

  test('a run that failed is taken up where it stopped', async () => {
    host.write('restart-fails', '');
    const first = await host.run(['--group-vars', vars]);
    expect(first.code).toBe(4);
    expect(first.stderr).toContain('Job for maas-regiond.service failed');
    rmSync(join(host.root, 'restart-fails'));
    // The service runs since before the URL was written.
    host.write('started', String(Math.floor(Date.now() / 1000) - 60));
    const second = await host.run(['--group-vars', vars]);
    expect(second.changes).toEqual(PACKAGE_WAY.slice(4));
  });

  test('a changed URL is set and the service restarted, and nothing else', async () => {
    await host.run(['--group-vars', vars]);
    const { changes } = await host.run(['--group-vars', vars, '--url', 'http://10.0.0.1:5240/MAAS']);
    expect(changes).toEqual([
      'maas-region local_config_set --maas-url http://10.0.0.1:5240/MAAS',
      'systemctl restart maas-regiond',
    ]);
  });

  test('a configuration older than the service is not a reason to restart', async () => {
    await host.run(['--group-vars', vars]);
    utimesSync(join(host.root, 'etc/maas/regiond.conf'), 1, 1);
    expect((await host.run(['--group-vars', vars])).changes).toEqual([]);
  });

  test('software-properties-common is installed where add-apt-repository is not there', async () => {
    host.write('state.json', JSON.stringify({ packages: [], snaps: {}, users: {} }));
    const { changes } = await host.run(['--group-vars', vars]);
    expect(changes.slice(0, 3)).toEqual([
      'apt-get update -q',
      'apt-get install -q -y software-properties-common',
      'add-apt-repository -y ppa:maas/2.8',
    ]);
  });

  test.each([
    [
      'deb822 of Ubuntu 24.04',
      'maas.sources',
      'Types: deb\nURIs: https://ppa.launchpadcontent.net/maas/2.8/ubuntu/\n',
      true,
    ],
    [
      'a list of Ubuntu 18.04',
      'maas.list',
      'deb http://ppa.launchpad.net/maas/2.8/ubuntu bionic main\n',
      true,
    ],
    [
      'a line commented out',
      'maas.list',
      '# deb http://ppa.launchpad.net/maas/2.8/ubuntu bionic main\n',
      false,
    ],
    ['another version', 'maas.list', 'deb http://ppa.launchpad.net/maas/2.80/ubuntu bionic main\n', false],
    [
      'a disabled one',
      'maas.sources',
      'Enabled: no\nURIs: https://ppa.launchpadcontent.net/maas/2.8/ubuntu/\n',
      false,
    ],
  ])('a repository that is there is seen: %s', async (_, file, text, there) => {
    host.write(`etc/apt/sources.list.d/${file}`, text);
    const { stdout } = await host.run(['-n', '--group-vars', vars]);
    expect(stdout.includes('is so     apt repository ppa:maas/2.8')).toBe(there);
  });
});

describe('passwords', () => {
  const args = ['--repo', 'ppa:maas/3.5', '--url', URL, '--admin', 'ann:ann@example.org'];

  test('from a file that only its owner reads; without one nothing is installed', async () => {
    const none = await host.run(args);
    expect([none.code, none.changes]).toEqual([3, []]);
    expect(none.stderr).toContain('There is no password for administrator ann');

    const open = host.write('open', `ann:${PASSWORD}\n`);
    const refused = await host.run([...args, '--passwords', open]);
    expect([refused.code, refused.changes]).toEqual([3, []]);
    expect(refused.stderr).toContain(`chmod 600 ${open}`);

    const file = host.write('closed', `\nann:${PASSWORD}:with:colons\n`, 0o600);
    expect((await host.run([...args, '--passwords', file])).code).toBe(0);
    expect(host.state.users.ann.password).toBe(`${PASSWORD}:with:colons`);
    // A user who exists needs no password.
    expect(await host.run(args)).toMatchObject({ code: 0, changes: [] });
  });

  test('from stdin and from the environment, which no command inherits', async () => {
    await host.run([...args, '--passwords', '-'], { input: `ann:${PASSWORD}\n` });
    const more = await host.run([...args.slice(0, 4), '--admin', 'bob:bob@example.org'], {
      env: { MAAS_ADMIN_PASSWORD: 'hunter2222' },
    });
    expect(more.changes).toEqual(['maas createadmin --username bob --email bob@example.org']);
    expect(host.state.users).toMatchObject({ ann: { password: PASSWORD }, bob: { password: 'hunter2222' } });
    expect(more.calls.flatMap((call) => call.env)).not.toContain('MAAS_ADMIN_PASSWORD');
    expect(more.stdout + more.stderr).not.toContain('hunter2222');
  });

  test('a line that is none is not repeated in the message', async () => {
    const { code, stderr } = await host.run([...args, '--passwords', '-'], { input: 'onlyapassword\n' });
    expect(code).toBe(3);
    expect(stderr).toContain('Line 1 of the passwords is not NAME:PASSWORD');
    expect(stderr).not.toContain('onlyapassword');
  });
});

describe('the snap', () => {
  const args = ['--snap', '3.5/stable', '--url', URL, '--admin', 'ann:ann@example.org'];
  const env = { MAAS_ADMIN_PASSWORD: PASSWORD };

  test('with the test database; the second run does nothing', async () => {
    const first = await host.run(args, { env });
    expect(first.stderr).toBe('');
    expect(first.changes).toEqual([
      'snap install maas --channel 3.5/stable',
      'snap install maas-test-db',
      `maas init region+rack --maas-url ${URL} --database-uri maas-test-db:///`,
      'maas createadmin --username ann --email ann@example.org',
    ]);
    expect(await host.run(args, { env })).toMatchObject({ code: 0, changes: [] });
    const moved = await host.run(['--snap', '3.5/stable', '--url', 'http://10.0.0.1:5240/MAAS']);
    expect(moved.changes).toEqual(['maas config --maas-url http://10.0.0.1:5240/MAAS']);
  });

  test("a database's password goes by stdin", async () => {
    const uri = 'postgres://maas:databasepassword@db/maasdb';
    const { changes, stdout } = await host.run([...args, '--database-uri', '-'], { env, input: `${uri}\n` });
    expect(changes).toContain(`maas init region+rack --maas-url ${URL}`);
    expect(host.state.database).toBe(uri);
    expect(stdout + changes.join()).not.toContain('databasepassword');
  });

  test("is taken in place of DeepOps' repository", async () => {
    const { changes } = await host.run(['--group-vars', vars, '--snap', '3.5/stable']);
    expect(changes[0]).toBe('snap install maas --channel 3.5/stable');
    expect(changes.filter((line) => line.includes('apt'))).toEqual([]);
  });
});

describe('impossible requests', () => {
  const given = ['--repo', 'ppa:maas/3.5', '--url', URL];
  test.each([
    [['--rep', 'x'], 2, '--rep'],
    [[...given, '--snap', '3.5/stable'], 2, 'Use either'],
    [[...given, '--database-uri', '-'], 2, '--database-uri is only for --snap'],
    [['--url', URL], 2, 'Neither --group-vars nor --repo'],
    [['--repo', 'ppa:maas/3.5'], 2, 'Neither --group-vars nor --url'],
    [['--repo', 'maas', '--url', URL], 3, '"maas" is not an apt repository'],
    [['--repo', 'deb https://me:tokentoken@archive.example/maas jammy main', '--url', URL], 3, 'auth.conf.d'],
    [['--repo', 'ppa:maas/3.5', '--url', '192.168.1.1'], 3, 'not an http(s) URL'],
    [[...given, '--admin', 'ann'], 2, '--admin needs NAME:EMAIL'],
    [[...given, '--admin', 'a b;:a@b'], 2, '--admin needs NAME:EMAIL'],
    [[...given, '--admin=-x:a@b'], 3, '"-x" cannot be the name'],
  ])('%j: exit code %i', async (args, code, message) => {
    const ran = await host.run(args);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).not.toContain('tokentoken');
    expect(ran.changes).toEqual([]);
  });

  test('another system than Ubuntu is refused', async () => {
    host.write('etc/os-release', 'ID=debian\n');
    const { code, changes } = await host.run(['--group-vars', vars]);
    expect([code, changes]).toEqual([4, []]);
  });

  test('the commands can be read on any host', async () => {
    host.write('etc/os-release', 'ID=debian\n');
    const { code, changes, stdout, stderr } = await host.run(['--group-vars', vars, '--dry-run']);
    expect([code, changes]).toEqual([0, []]);
    expect(stdout + stderr).toContain('ppa:maas/2.8');
  });

  test('a variable that only Ansible can fill in is named with its place', async () => {
    const file = host.write(
      'other.yml',
      GROUP_VARS.replace("'ppa:maas/2.8'", "\"{{ lookup('env', 'REPO') }}\""),
    );
    const { code, stderr } = await host.run(['--group-vars', file]);
    expect(code).toBe(3);
    expect(stderr).toContain(`${file}:8:`);
    expect(stderr).toContain('--repo ppa:maas/3.5');
  });

  test('the output of a failed command is shown', async () => {
    host.write('apt-fails', '');
    const { code, stderr } = await host.run(['--group-vars', vars]);
    expect(code).toBe(4);
    expect(stderr).toContain('E: Unable to locate package maas');
  });
});
