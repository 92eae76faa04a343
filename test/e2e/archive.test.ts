import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARCHIVE_URL, type DemoArchive } from '../../scripts/archive/build.ts';
import { serveFolder } from '../../scripts/archive/serve.ts';
import { ROOT, start, type Workspace } from './demo.ts';
import { ended, installing, mountsBelow } from './namespaces.ts';

let made: DemoArchive;
let server: { url: string; close(): void };
let workspace: Workspace;

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
  const argv = [join(ROOT, 'scripts/demo-archive.ts'), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 1 << 26 });
  made = JSON.parse(stdout) as DemoArchive;
  server = await serveFolder(made.archive);
  workspace = archiveWorkspace();
});
afterAll(() => {
  server?.close();
  rmSync(workspace.dir, { recursive: true, force: true });
});

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
    const { code, stderr } = await start(workspace, ['run', 'demo', '--until', 'validate']).ended;
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
    expect(list.stdout).toContain(ARCHIVE_URL);
    expect(list.stdout).not.toContain(server.url);
  });

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
