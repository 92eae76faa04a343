import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { goodRoot } from '../../unit/checks/root.ts';
import { elf } from '../../unit/parsers/elf.ts';
import { Host } from './host.ts';

let host: Host;
const sandboxes: Sandbox[] = [];

async function sandbox(options: Partial<Parameters<typeof startSandbox>[0]> = {}): Promise<Sandbox> {
  const dir = join(`${host.dir}-maas`, String(sandboxes.length));
  const started = await startSandbox({ dir, family: '3.5', ...options });
  sandboxes.push(started);
  return started;
}

const UNCHECKED = ['--no-validate', '--base-image', 'ubuntu/focal'];
const chunks = (maas: Sandbox) => maas.counts.chunk ?? 0;
const asAdmin = (maas: Sandbox) => ({ MAAS_API_URL: maas.url, MAAS_API_KEY: maas.apiKey });

beforeEach(() => {
  host = new Host();
  writeFileSync(join(host.dir, 'site.tar.gz'), gzipSync('a root'));
});
afterEach(async () => {
  for (const one of sandboxes.splice(0)) await one.close();
  host.remove();
  rmSync(`${host.dir}-maas`, { recursive: true, force: true });
});

describe('the argument', () => {
  it('is neither a file nor an image: said so, with the images there are', async () => {
    const none = await host.run(['upload', 'nope.tar.gz']);
    expect(none.code).toBe(3);
    expect(none.stderr).toContain('"nope.tar.gz" is neither a file nor an image of the configuration');
    expect(none.stderr).toContain('No image is configured');
    writeFileSync(
      join(host.dir, 'dgxos-maas.yaml'),
      `images:\n  dgx1: {release: demo, platform: demo1, version: "5.0", iso: {source: none.iso, sha256: "${'0'.repeat(64)}"}}\n`,
    );
    const near = await host.run(['upload', 'dgx2', '--name', 'custom/x']);
    expect(near.stderr).toContain('neither a file nor an image of the configuration. Did you mean "dgx1"?');
    expect(near.stderr).toContain('The images are: dgx1.');
    // A folder of that name is not a file; the image is meant.
    mkdirSync(join(host.dir, 'dgx1'));
    const image = await host.run(['upload', 'dgx1', '--title', 'x']);
    expect(image.code).toBe(2);
    expect(image.stderr).toContain('--title is only for the upload of a file');
  });

  it('is a name that MAAS cannot deploy: refused before a request is sent, with one that works', async () => {
    const maas = await sandbox();
    for (const name of ['ubuntu/x', 'rhel/8', 'custom/x/y', 'custom/jammy', 'a b']) {
      const refused = await host.run(['upload', 'site.tar.gz', ...UNCHECKED, '--name', name], {
        env: asAdmin(maas),
      });
      expect([name, refused.code]).toEqual([name, 2]);
      expect(refused.stderr).toMatch(/For example --name custom\/\S+/);
    }
    expect(maas.counts.total ?? 0).toBe(0);
  });
});

describe('the key is asked about before the file is read', () => {
  it.each(['3.4', '3.7'])('%s: one of no administrator ends it', async (family) => {
    const maas = await sandbox({ family });
    const env = { ...asAdmin(maas), MAAS_API_KEY: maas.userKey };
    const { code, stderr } = await host.run(['upload', 'site.tar.gz'], { env });
    expect(code).toBe(7);
    expect(stderr).toContain('belongs to user, who is not an administrator');
    // The file is not a root file system, which nobody came to see.
    expect(stderr).not.toContain('unfit');
  });

  it('3.8: an entitlement decides, so nothing is said of administrators', async () => {
    const maas = await sandbox({ family: '3.8' });
    const login = await host.run(['login', maas.url], { input: maas.userKey });
    expect([login.code, login.stderr]).toEqual([0, '']);
    const { stderr } = await host.run(['upload', 'site.tar.gz', ...UNCHECKED, '--url', maas.url]);
    expect(stderr).not.toContain('not an administrator, and only');
  });

  it('a wrong key ends it', async () => {
    const maas = await sandbox();
    const env = { ...asAdmin(maas), MAAS_API_KEY: maas.apiKey.replace(/.$/, (c) => (c === 'x' ? 'y' : 'x')) };
    const { code, stderr } = await host.run(['upload', 'site.tar.gz'], { env });
    expect(code).toBe(7);
    expect(stderr).not.toContain('unfit');
  });
});

describe('the choice of MAAS', () => {
  it('with one kept login that one; with several they are named, and --url chooses', async () => {
    const first = await sandbox();
    await host.run(['login', first.url], { input: first.apiKey });
    const one = await host.run(['upload', 'site.tar.gz', ...UNCHECKED, '--name', 'custom/one']);
    expect([one.code, chunks(first)]).toEqual([0, 1]);
    const second = await sandbox();
    await host.run(['login', second.url], { input: second.apiKey });
    const many = await host.run(['upload', 'site.tar.gz', ...UNCHECKED]);
    expect(many.code).toBe(3);
    expect(many.stderr).toContain(`There are logins for`);
    for (const { url } of [first, second]) expect(many.stderr).toContain(url);
    const chosen = await host.run(['upload', 'site.tar.gz', ...UNCHECKED, '--url', `${second.url}/`]);
    expect([chosen.code, chunks(second)]).toEqual([0, 1]);
    const listed = await host.run(['--json', 'images', '--url', second.url]);
    expect(listed.json.targets[0].images).toHaveLength(1);
    const unknown = await host.run(['images', '--url', 'http://127.0.0.1:1/MAAS']);
    expect(unknown.stderr).toContain(`There are logins for: ${[first.url, second.url].sort().join(', ')}.`);
  });

  it('a profile of the maas command gives URL and key', async () => {
    const maas = await sandbox();
    const database = new DatabaseSync(join(host.dir, '.maascli.db'));
    database.exec('CREATE TABLE profiles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, data BLOB)');
    const data = { credentials: maas.apiKey.split(':'), url: `${maas.url}/api/2.0/`, name: 'lab' };
    database.prepare('INSERT INTO profiles (name, data) VALUES (?, ?)').run('lab', JSON.stringify(data));
    database.close();
    const sent = await host.run(['upload', 'site.tar.gz', ...UNCHECKED, '--maas-profile', 'lab']);
    expect([sent.code, chunks(maas)]).toEqual([0, 1]);
    const unknown = await host.run(['upload', 'site.tar.gz', '--maas-profile', 'lap']);
    expect(unknown.stderr).toContain('There are: lab');
  });

  it('the key of MAAS_API_URL is not shown to the MAAS of --url', async () => {
    const [mine, other] = [await sandbox(), await sandbox()];
    const { code } = await host.run(['images', '--url', other.url], { env: asAdmin(mine) });
    expect([code, other.counts.total ?? 0]).toEqual([3, 0]);
    const both = await host.run(['images', '--url', other.url, '--to', 'default'], { env: asAdmin(mine) });
    expect(both.code).toBe(2);
  });
});

describe('the base image', () => {
  it.each([
    [['--base-image', 'debian/bookworm'], 'ubuntu, centos, rhel or ol'],
    [['--base-image', 'focal', '--no-validate'], 'ubuntu, centos, rhel or ol'],
    [['--base-image', 'ubuntu/'], 'ubuntu, centos, rhel or ol'],
    [['--no-validate'], '--base-image ubuntu/focal'],
  ])('%j is refused before the file is read', async (flags, hint) => {
    const maas = await sandbox();
    const options = { env: asAdmin(maas) };
    const { code, stderr } = await host.run(['upload', 'site.tar.gz', ...flags], options);
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain('reading');
  });

  it('that MAAS has not imported is a warning of the upload', async () => {
    const maas = await sandbox();
    const flags = ['--no-validate', '--base-image', 'ubuntu/noble'];
    const { code, stderr } = await host.run(['upload', 'site.tar.gz', ...flags], { env: asAdmin(maas) });
    expect(code).toBe(0);
    expect(stderr).toContain(
      'has not imported ubuntu/noble for amd64: until then no machine can be deployed with "site"',
    );
    const focal = await host.run(['upload', 'site.tar.gz', ...UNCHECKED, '--name', 'custom/f'], {
      env: asAdmin(maas),
    });
    expect(focal.stderr).not.toContain('has not imported');
  });
});

describe('the architecture', () => {
  /** A root of 1100 members and 51 MB, as the checks want it at least. */
  async function root(arch: string): Promise<string> {
    const made = goodRoot().put('usr/weight', Buffer.alloc(51_000_000));
    for (let i = 0; i < 1100; i += 1) made.put(`usr/share-${i}`, '');
    const status = String(made.nodes.get('var/lib/dpkg/status')!.content);
    made.put('var/lib/dpkg/status', status.replaceAll('Architecture: amd64', `Architecture: ${arch}`));
    made.link('usr/bin/sh', 'dash').put('usr/bin/dash', elf(arch === 'arm64' ? 183 : 62), { mode: 0o755 });
    const name = `${arch}.tar.gz`;
    writeFileSync(join(host.dir, name), gzipSync(await made.tar(), { level: 1 }));
    return name;
  }

  it('is the image’s own; another that is asked for is refused before the first byte', async () => {
    const maas = await sandbox();
    const env = asAdmin(maas);
    const arm = await root('arm64');
    const wrong = await host.run(['upload', arm, '--architecture', 'amd64/generic'], { env });
    expect(wrong.code, wrong.stderr).toBe(6);
    expect(wrong.stderr).toContain(
      'the image is arm64 (by dpkg and /usr/bin/dash), and amd64/generic is requested',
    );
    expect([maas.counts.create ?? 0, chunks(maas)]).toEqual([0, 0]);
    const right = await host.run(['upload', arm], { env });
    expect(right.code, right.stderr).toBe(0);
    const { images } = (await host.run(['--json', 'images'], { env })).json.targets[0];
    expect(images).toMatchObject([{ name: 'arm64', architecture: 'arm64/generic' }]);
  });
});

describe('images', () => {
  const uploadAs = (name: string, env: Record<string, string>) =>
    host.run(['upload', 'site.tar.gz', ...UNCHECKED, '--name', `custom/${name}`], { env });

  it('delete takes names and ids, asks, and keeps what others uploaded', async () => {
    const maas = await sandbox({ machines: 1 });
    const env = asAdmin(maas);
    for (const name of ['one', 'two', 'three']) await uploadAs(name, env);
    const asked = await host.run(['images', 'delete', 'one'], { env });
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('one (');
    const dry = await host.run(['--json', 'images', 'delete', 'custom/one', 'two', '-n'], { env });
    // The same content has a third name: nothing is freed.
    expect(dry.json).toMatchObject({
      dryRun: true,
      deleted: [
        { name: 'one', frees: 0 },
        { name: 'two', frees: 0 },
      ],
    });
    const { id } = dry.json.deleted[1];
    const done = await host.run(
      ['--json', 'images', 'delete', 'one', String(id), '--yes', '--url', maas.url],
      { env },
    );
    expect(done.code, done.stderr).toBe(0);
    const left = await host.run(['--json', 'images'], { env });
    expect(left.json.targets[0].images.map(({ name }: { name: string }) => name)).toEqual(['three']);

    const unknown = await host.run(['images', 'delete', 'tree', '-y'], { env });
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('Did you mean "three"?');
    // Another host, as far as the ledger knows.
    const stranger = { ...env, XDG_STATE_HOME: join(host.dir, 'other') };
    const foreign = await host.run(['images', 'delete', 'three', '-y'], { env: stranger });
    expect([foreign.code, foreign.stderr]).toEqual([
      7,
      expect.stringContaining('not uploaded from this host'),
    ]);
    const forced = await host.run(['images', 'delete', 'three', '-y', '--force'], { env: stranger });
    expect(forced.code, forced.stderr).toBe(0);
  });

  it('are shown by name; an unknown one and an empty channel say so', async () => {
    const maas = await sandbox();
    const env = asAdmin(maas);
    writeFileSync(
      join(host.dir, 'dgxos-maas.yaml'),
      `images:\n  dgx1: {release: demo, platform: demo1, version: "5.0", iso: {source: none.iso, sha256: "${'0'.repeat(64)}"}}\n`,
    );
    for (const name of ['one', 'two']) await uploadAs(name, env);
    const one = await host.run(['--json', 'images', 'two'], { env });
    expect(one.json.targets[0].images).toMatchObject([{ name: 'two', sets: [{ complete: true }] }]);
    const channel = await host.run(['images', 'dgx1:stable'], { env });
    expect(channel.code).toBe(7);
    expect(channel.stderr).toContain('The channel "stable" of dgx1 has no build on');
    const back = await host.run(['rollback', 'dgx1', '--channel', 'stable'], { env });
    expect(back.stderr).toContain('The channel "stable" of dgx1 has no build on');
    expect(back.stderr).toContain('dgx1 has no channel on it yet');
  });
});

describe('an image of the configuration', () => {
  it('is not built for a MAAS that will not take it', async () => {
    const maas = await sandbox({ family: '3.4' });
    writeFileSync(
      join(host.dir, 'dgxos-maas.yaml'),
      `images:\n  dgx1: {release: demo, platform: demo1, version: "5.0", iso: {source: none.iso, sha256: "${'0'.repeat(64)}"}}\n`,
    );
    const env = { ...asAdmin(maas), MAAS_API_KEY: maas.userKey };
    const { code, stderr } = await host.run(['run', 'dgx1'], { env });
    expect(code).toBe(7);
    expect(stderr).toContain('belongs to user, who is not an administrator');
  });
});
