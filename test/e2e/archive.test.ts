import { execFile } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARCHIVE_URL, type DemoArchive } from '../../scripts/archive/build.ts';
import { serveFolder } from '../../scripts/archive/serve.ts';
import { madeBy, start, type Workspace } from './demo.ts';
import { ended, installing, mountsBelow } from './namespaces.ts';
import { asOrdinaryUser, membersOf, withOrdinaryUser } from './ordinary-user.ts';
import { KILLS, killAtRandom, leftBy, packagesOf, sha256, wholeRun } from './random-kills.ts';

let made: DemoArchive;
let server: { url: string; close(): void };
let workspace: Workspace;
/** Seconds that a run takes. */
let seconds = 30;

function archiveWorkspace(image: Record<string, unknown> = {}): Workspace {
  const dir = mkdtempSync(join(tmpdir(), 'e2e-'));
  const config = join(dir, 'dgxos-maas.yaml');
  const { root, repository } = made;
  const settings = {
    release: 'demo-archive',
    platform: 'demo_switch',
    version: '1.0',
    accept_eula: true,
    archive: {
      root: { source: root.path, sha256: root.sha256 },
      repository: { source: repository.path, sha256: repository.sha256 },
    },
    mirrors: { [ARCHIVE_URL]: server.url },
    packages: ['hello'],
    ...image,
  };
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({ workspace: './work', cache: './cache', images: { demo: settings } }),
  );
  return { dir, work: join(dir, 'work'), config };
}

beforeAll(async () => {
  made = await madeBy('demo-archive.ts');
  server = await serveFolder(made.archive);
  workspace = archiveWorkspace();
});
afterAll(() => {
  server?.close();
  rmSync(workspace.dir, { recursive: true, force: true });
});

const debs = (of: Workspace) => join(of.dir, 'cache/debs');
/** Packages of the cache that have their final name. */
const keptDebs = (of: Workspace) =>
  existsSync(debs(of)) ? readdirSync(debs(of)).filter((name) => !name.endsWith('.partial')) : [];
const packages = (of: Workspace) => readFileSync(join(of.work, 'demo/build/packages.tsv'), 'utf8');
/** Without the addresses, which name the mirror of this run. */
const taken = (of: Workspace) =>
  packages(of)
    .split('\n')
    .map((line) => line.split('\t').slice(0, 4).join(' '));

describe('an image from archives', () => {
  const build = () => join(workspace.work, 'demo/build');

  it('leaves no process, no mount and only logs after SIGINT in the middle of the installation', async () => {
    const run = start(workspace, ['build', 'demo']);
    await run.shown(/installing: installing/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(await installing(build())).toEqual([]);
    expect(await mountsBelow(build())).toEqual([]);
    expect((await readdir(build())).filter((name) => !name.endsWith('.log'))).toEqual([]);
  });

  it('leaves no process and no mount after kill -9', async () => {
    const run = start(workspace, ['build', 'demo']);
    await run.shown(/installing: installing/);
    run.child.kill('SIGKILL');
    await run.ended;
    expect(await ended(build())).toEqual([]);
    expect(await mountsBelow(build())).toEqual([]);
  });

  it('ends with an artifact that passes, whose provenance names every package', async () => {
    const started = performance.now();
    const { code, stderr } = await start(workspace, ['run', 'demo', '--until', 'validate']).ended;
    seconds = (performance.now() - started) / 1000;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/· sources +fresh/);
    const provenance = JSON.parse(
      await readFile(join(workspace.work, 'demo/pack/demo.provenance.json'), 'utf8'),
    );
    const named = provenance.predicate.buildDefinition.resolvedDependencies.map(
      (one: { name?: string }) => one.name,
    );
    expect(named).toContain('deb:hello');
    expect(named).toContain('deb:nvidia-fabricmanager');
    expect(JSON.stringify(provenance)).not.toContain(server.url);
    // A mirror is of the build alone.
    const list = await promisify(execFile)(
      'tar',
      ['-xOzf', join(workspace.work, 'demo/pack/demo.tar.gz'), '--wildcards', './etc/apt/*'],
      { maxBuffer: 1 << 26 },
    );
    // The hook keeps the one kernel of the image, by its exact version.
    const pin = await promisify(execFile)('tar', [
      ...['-xOzf', join(workspace.work, 'demo/pack/demo.tar.gz'), './curtin/CUSTOM_KERNEL'],
    ]);
    expect(pin.stdout).toMatch(/^linux-image-\d\S+-cloud-amd64=\d\S+\n$/);
    expect(list.stdout).toContain(ARCHIVE_URL);
    expect(list.stdout).not.toContain(server.url);
  });

  it.each(Array.from({ length: KILLS }, (_, i) => i + 1))(
    'kill %i at a random moment: nothing runs or is mounted, nothing half-written has a name, and the next run is right',
    async (i) => {
      const list = [packagesOf(workspace), taken(workspace)];
      // Every second one fetches all packages.
      if (i % 2) rmSync(debs(workspace), { recursive: true, force: true });
      const where = await killAtRandom(workspace, i, seconds);
      for (const name of keptDebs(workspace)) expect(sha256(join(debs(workspace), name)), where).toBe(name);

      await wholeRun(workspace);
      expect([packagesOf(workspace), taken(workspace)]).toEqual(list);
      expect(await leftBy(workspace)).toEqual(['packages.tsv', 'root.tar']);
    },
  );

  it('is fresh afterwards, also by another mirror of the same archive', async () => {
    const other = await serveFolder(made.archive);
    const text = readFileSync(workspace.config, 'utf8');
    writeFileSync(workspace.config, text.replaceAll(server.url, other.url));
    try {
      const { code, stderr } = await start(workspace, ['run', 'demo', '--until', 'validate']).ended;
      expect(code, stderr).toBe(0);
      expect(stderr.match(/^· \w+ +fresh/gm)).toHaveLength(5);
    } finally {
      writeFileSync(workspace.config, text);
      other.close();
    }
  });

  it('--locked takes the same packages again, two builds at once by one cache', async () => {
    const lock = join(workspace.work, 'demo/pack/demo.provenance.json');
    const two = [archiveWorkspace(), archiveWorkspace()];
    for (const one of two)
      writeFileSync(
        one.config,
        readFileSync(one.config, 'utf8').replace('./cache', join(workspace.dir, 'cache')),
      );
    const results = await Promise.all(
      two.map((one) => start(one, ['run', 'demo', '--until', 'build', '--locked', lock]).ended),
    );
    for (const { code, stderr } of results) expect(code, stderr).toBe(0);
    for (const one of two) expect(taken(one)).toEqual(taken(workspace));
    for (const one of two) rmSync(one.dir, { recursive: true, force: true });
  });

  it('a package that no archive has is named', async () => {
    const other = archiveWorkspace({ packages: ['no-such-package'] });
    const { code, stderr } = await start(other, ['build', 'demo']).ended;
    expect(code, stderr).toBe(5);
    expect(stderr).toContain('Unable to locate package no-such-package');
    expect(await installing(other.work)).toEqual([]);
    rmSync(other.dir, { recursive: true, force: true });
  });

  it('a package that is another one than its archive says is refused', async () => {
    // As a proxy that lies would answer; of the same size, so that its sum alone says it.
    const folder = mkdtempSync(join(tmpdir(), 'lying-'));
    cpSync(made.archive, folder, { recursive: true });
    for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (/(^|\/)hello_[^/]*\.deb$/.test(entry))
        writeFileSync(join(folder, entry), Buffer.alloc(statSync(join(folder, entry)).size, 1));
    const lying = await serveFolder(folder);
    const other = archiveWorkspace({ mirrors: { [ARCHIVE_URL]: lying.url } });
    const { code, stderr } = await start(other, ['build', 'demo']).ended;
    expect(code, stderr).toBe(5);
    expect(stderr).toMatch(/Hash Sum mismatch|unexpected size/);
    lying.close();
    rmSync(folder, { recursive: true, force: true });
    rmSync(other.dir, { recursive: true, force: true });
  });
});

describe.skipIf(process.getuid?.() !== 0)('as an ordinary user (needs root to become one)', () => {
  withOrdinaryUser();

  it('is the same image by a user namespace, also after a kill -9 that left files of other ids', async () => {
    const own = archiveWorkspace();
    // Copies that this user can reach.
    const files = [made.root.path, made.repository.path].map((path) => {
      const copy = join(own.dir, basename(path));
      copyFileSync(path, copy);
      writeFileSync(own.config, readFileSync(own.config, 'utf8').replaceAll(path, copy));
      return copy;
    });
    const run = asOrdinaryUser(own, ...files);

    const killed = run('build', 'demo');
    for (let i = 0; i < 3000 && !killed.stderr().includes('installing: installing'); i++) {
      expect(killed.child.exitCode, killed.stderr()).toBeNull();
      await new Promise((r) => setTimeout(r, 100));
    }
    killed.child.kill('SIGKILL');
    await killed.code;
    expect(await ended(own.work)).toEqual([]);

    const again = run('build', 'demo');
    expect(await again.code, again.stderr()).toBe(0);
    expect(await leftBy(own)).toEqual(['packages.tsv', 'root.tar']);
    expect(taken(own)).toEqual(taken(workspace));
    const root = (of: Workspace) => membersOf(join(of.work, 'demo/build/root.tar'));
    expect(root(own)).toEqual(root(workspace));
    rmSync(own.dir, { recursive: true, force: true });
  });
});
