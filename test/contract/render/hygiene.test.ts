import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderBuild } from '../../../pipeline/install/render/render.ts';
import { example } from '../../unit/render/example.ts';
import { runOk } from '../process/run-tool.ts';

const OWN_LISTS = ['a site.list', 'site.sources'];
const given = mkdtempSync(join(tmpdir(), 'given-'));
const OWN = OWN_LISTS.map((name, i) => {
  writeFileSync(join(given, String(i)), '');
  const path = `/etc/apt/sources.list.d/${name}`;
  return { source: join(given, String(i)), path, mode: '0644', owner: '0:0' };
});
const { httpDir } = await renderBuild(example({ image: { packages: ['jq'], files: OWN } }));
const late = parse(readFileSync(join(httpDir, 'curtin.yaml'), 'utf8')).late_commands as Record<
  string,
  string[]
>;

/** The only tools a step may find: those that work on the files below the directory, and stand-ins that note their arguments. */
const bin = mkdtempSync(join(tmpdir(), 'bin-'));
const calls = join(bin, 'calls');
for (const tool of ['sh', 'rm', 'find', 'sed', 'ln', 'grep', 'cat'])
  symlinkSync(
    (process.env.PATH ?? '')
      .split(':')
      .map((dir) => join(dir, tool))
      .find(existsSync) as string,
    join(bin, tool),
  );
for (const tool of ['usermod', 'apt-get', 'cloud-init', 'debconf-show', 'debconf-set-selections', 'dpkg']) {
  const says =
    { dpkg: 'echo amd64', 'debconf-show': 'echo "* grub-pc/install_devices: /dev/vda"' }[tool] ?? 'true';
  writeFileSync(join(bin, tool), `#!/bin/sh\necho "${tool} $*" >> ${calls}\n${says}\n`, { mode: 0o755 });
}

/** Runs late commands in a directory in place of the target's root: no privilege, no other system at hand. */
async function clean(root: string, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    const [first, ...words] = late[key] as [string, ...string[]];
    const [script = '', ...args] = first === 'curtin' ? words.slice(4) : words.slice(1);
    const here = script.replace('\ncd /\n', `\ncd ${root}\n`);
    // A path that is not relative would be this machine's.
    const absolute = here
      .replaceAll(root, '')
      .match(/(?<=^|[\s"'=])\/(etc|var|root|home|tmp|usr|lib|boot)\b(?!\/machine-id var)/m);
    if (absolute || (first === 'curtin' && here === script))
      throw new Error(`${key} is not confined: ${absolute?.[0]}`);
    const { stderr } = await runOk(['sh', '-c', here, ...args], {
      env: { TARGET_MOUNT_POINT: root, PATH: bin },
    });
    expect(stderr, key).toBe('');
  }
}

function rootWith(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'root-'));
  for (const [path, text] of Object.entries(files)) put(root, path, text);
  return root;
}

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const text = (root: string, path: string) => readFileSync(join(root, path), 'utf8');

describe('the apt sources', () => {
  const settle = async (id: string, codename: string, files: Record<string, string>) => {
    const root = rootWith({
      'etc/os-release': `ID=${id}\nVERSION_CODENAME=${codename}\n`,
      'etc/apt/sources.list.d/keep.list': '',
      ...files,
    });
    await clean(root, '60_apt_sources', '60_apt_sources');
    return root;
  };

  it("put Ubuntu's archive in the place of the medium's repository", async () => {
    const root = await settle('ubuntu', 'focal', {
      'etc/apt/sources.list': 'deb [trusted=yes] http://127.0.0.1/ /\n',
      'etc/apt/sources.list.d/build-archive.list': 'deb http://x y z\n',
      'etc/apt/sources.list.d/nvidia.list':
        'deb https://repo.example/ focal common\ndeb file:///cdrom focal main\n',
      'etc/apt/sources.list.d/cd.sources': 'Types: deb\nURIs: file:///cdrom\nSuites: focal\n',
      'etc/apt/sources.list.d/good.sources': 'Types: deb\nURIs: https://repo.example\nSuites: focal\n',
    });
    expect(text(root, 'etc/apt/sources.list').split('\n')).toEqual([
      'deb http://archive.ubuntu.com/ubuntu focal main restricted universe multiverse',
      'deb http://archive.ubuntu.com/ubuntu focal-updates main restricted universe multiverse',
      'deb http://security.ubuntu.com/ubuntu focal-security main restricted universe multiverse',
      '',
    ]);
    expect(text(root, 'etc/apt/sources.list.d/nvidia.list')).toBe('deb https://repo.example/ focal common\n');
    expect(readdirSync(join(root, 'etc/apt/sources.list.d')).sort()).toEqual([
      'good.sources',
      'keep.list',
      'nvidia.list',
    ]);
  });

  it('are left alone where they are good', async () => {
    const good = 'deb http://mirror.example/debian bookworm main\n';
    expect(
      text(await settle('debian', 'bookworm', { 'etc/apt/sources.list': good }), 'etc/apt/sources.list'),
    ).toBe(good);
    const stanzas = await settle('ubuntu', 'noble', {
      'etc/apt/sources.list.d/ubuntu.sources': 'URIs: http://archive.ubuntu.com/ubuntu\n',
    });
    expect(existsSync(join(stanzas, 'etc/apt/sources.list'))).toBe(false);
  });

  it("keep what the user's own files say, whatever it is", async () => {
    const own = 'deb [trusted=yes] http://127.0.0.1:3142/site ./\n';
    const stanza = 'Types: deb\nURIs: file:///srv/site\nSuites: ./\nTrusted: yes\n';
    const root = rootWith({
      'etc/os-release': 'ID=ubuntu\nVERSION_CODENAME=noble\n',
      'etc/apt/sources.list.d/a site.list': own,
      'etc/apt/sources.list.d/site.sources': stanza,
      'etc/apt/sources.list.d/of-the-medium.list': own,
      'etc/apt/sources.list.d/of-the-medium.sources': stanza,
    });
    await clean(root, '60_apt_sources', '60_apt_sources');
    expect(text(root, 'etc/apt/sources.list.d/a site.list')).toBe(own);
    expect(text(root, 'etc/apt/sources.list.d/site.sources')).toBe(stanza);
    expect(text(root, 'etc/apt/sources.list.d/of-the-medium.list')).toBe('');
    expect(existsSync(join(root, 'etc/apt/sources.list.d/of-the-medium.sources'))).toBe(false);
  });

  it("have the archive of the distribution only while a package is wanted that the medium's repository does not hold", async () => {
    const root = rootWith({
      'etc/os-release': 'ID=debian\nVERSION_CODENAME=bookworm\n',
      'etc/apt/sources.list.d/medium.list': 'deb http://127.0.0.1/ /\n',
    });
    const added = join(root, 'etc/apt/sources.list.d/build-archive.list');
    const apt = join(bin, 'apt-get');
    const stand = readFileSync(apt, 'utf8');
    await clean(root, '50_build_sources');
    expect(existsSync(added)).toBe(false);
    expect(text(bin, 'calls')).toContain('apt-get --simulate install --no-install-recommends jq\n');
    writeFileSync(apt, stand.replace('\ntrue', '\n[ "$1" != --simulate ] || exit 100'));
    await clean(root, '50_build_sources').finally(() => writeFileSync(apt, stand));
    expect(readFileSync(added, 'utf8')).toContain('deb http://deb.debian.org/debian bookworm main\n');
    expect(text(bin, 'calls')).toMatch(/^apt-get .*update$/m);
  });

  it("are Debian's in Debian", async () => {
    const root = await settle('debian', 'bookworm', { 'etc/apt/sources.list': '' });
    expect(text(root, 'etc/apt/sources.list')).toContain(
      'deb http://deb.debian.org/debian-security bookworm-security main\n',
    );
  });
});

const hygiene = Object.keys(late).filter((key) => /^(6[1-9]|7\d)_/.test(key));

describe('hygiene', () => {
  it('removes what belongs to one installation, twice over', async () => {
    const gone = [
      'etc/ssh/ssh_host_ed25519_key',
      'etc/cloud/cloud-init.disabled',
      'etc/cloud/cloud.cfg.d/99-installer.cfg',
      'etc/cloud/cloud.cfg.d/subiquity-disable-cloudinit-networking.cfg',
      'etc/netplan/50-cloud-init.yaml',
      'etc/udev/rules.d/70-persistent-net.rules',
      'var/lib/cloud/instance/user-data.txt',
      'var/lib/dhcp/dhclient.leases',
      'var/lib/systemd/random-seed',
      'etc/nvme/hostnqn',
      'root/.ssh/authorized_keys',
      'home/user/.ssh/authorized_keys',
      'root/.bash_history',
      'var/log/installer/syslog',
      'var/log/journal/0123/system.journal',
      'var/log/apt/history.log',
      'var/crash/core.1',
      'tmp/x/y',
      'var/tmp/z',
      'var/lib/apt/lists/archive_Packages',
      'var/cache/apt/pkgcache.bin',
    ];
    const kept = [
      'etc/ssh/sshd_config',
      'etc/cloud/cloud.cfg.d/05_logging.cfg',
      'home/user/.bashrc',
      'etc/hosts',
    ];
    const root = rootWith(Object.fromEntries([...gone, ...kept].map((path) => [path, 'x\n'])));
    put(root, 'etc/machine-id', 'b'.repeat(32));
    put(root, 'var/lib/dbus/machine-id', 'b'.repeat(32));
    put(root, 'etc/hostname', 'build-vm\n');
    put(root, 'etc/hosts', '127.0.0.1 localhost\n127.0.1.1 build-vm\n');
    put(root, 'etc/fstab', '# table\nUUID=1-2 / ext4 defaults 0 1\ntmpfs /scratch tmpfs defaults 0 0\n');
    put(root, 'etc/iscsi/initiatorname.iscsi', 'InitiatorName=iqn.x\n');
    put(root, 'var/log/lastlog', 'root logged in');
    await clean(root, ...hygiene);
    await clean(root, ...hygiene);
    for (const path of gone) expect(existsSync(join(root, path)), path).toBe(false);
    for (const path of kept) expect(existsSync(join(root, path)), path).toBe(true);
    expect(text(root, 'etc/machine-id')).toBe('');
    expect(readlinkSync(join(root, 'var/lib/dbus/machine-id'))).toMatch(/\/etc\/machine-id$/);
    expect(text(root, 'etc/hosts')).toBe('127.0.0.1 localhost\n');
    expect(text(root, 'etc/hostname')).toBe('localhost\n');
    expect(text(root, 'etc/fstab')).toBe('# table\ntmpfs /scratch tmpfs defaults 0 0\n');
    expect(text(root, 'etc/iscsi/initiatorname.iscsi')).toBe('GenerateName=yes\n');
    expect(text(root, 'var/log/lastlog')).toBe('');
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
    expect(text(bin, 'calls').split('\n')).toEqual(
      expect.arrayContaining([
        'usermod -p * root',
        'apt-get clean',
        'cloud-init clean --logs',
        'debconf-set-selections ',
      ]),
    );
  });

  it('says nothing on a root that has none of it', async () => {
    const root = rootWith({ 'etc/x': '', 'var/log/x': '', 'tmp/x': '', 'var/tmp/x': '' });
    await clean(root, ...hygiene);
  });

  it("links resolv.conf to systemd's stub where there is one", async () => {
    const root = rootWith({ 'lib/systemd/systemd-resolved': '' });
    mkdirSync(join(root, 'etc'));
    symlinkSync('/nowhere', join(root, 'etc/resolv.conf'));
    await clean(root, '80_resolv_conf');
    expect(readlinkSync(join(root, 'etc/resolv.conf'))).toBe('../run/systemd/resolve/stub-resolv.conf');
    const plain = rootWith({ 'etc/resolv.conf': 'nameserver 10.0.2.3\n' });
    await clean(plain, '80_resolv_conf');
    expect(lstatSync(join(plain, 'etc/resolv.conf')).size).toBe(0);
  });
});
