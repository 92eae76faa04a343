import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { attributesOf, mountPartition } from './attributes.ts';
import { demoIso, demoWorkspace, type Iso, quiet, running, start, type Workspace } from './demo.ts';
import { differences } from './trees.ts';

let iso: Iso;
let workspace: Workspace;
let sandbox: Sandbox;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  iso = await demoIso();
  workspace = demoWorkspace(iso, { install: 'vm' });
  sandbox = await startSandbox({ dir: join(workspace.dir, 'maas') });
  env = { MAAS_API_URL: sandbox.url, MAAS_API_KEY: sandbox.apiKey };
});
afterAll(async () => {
  await sandbox?.close();
  rmSync(workspace.dir, { recursive: true, force: true });
});

const artifact = () => join(workspace.work, 'demo/pack/demo.tar.gz');

describe('from ISO to boot resource, direct boot', () => {
  it('prints the plan before anything was done', async () => {
    const { code, stdout } = await start(workspace, ['run', 'demo', '--dry-run'], env).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('6 of 6 stages would run');
    expect(existsSync(join(workspace.work, 'demo'))).toBe(false);
  });

  it('leaves no VM, and no half-made output, after SIGINT in the middle of the installation', async () => {
    const run = start(workspace, ['run', 'demo'], env);
    await run.shown(/VM: installing/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(await running(workspace.dir)).toEqual([]);
    const left = await readdir(join(workspace.work, 'demo/build'));
    expect(left.filter((name) => !name.endsWith('.log'))).toEqual([]);
  });

  it('leaves no VM after kill -9 while the VM boots', async () => {
    const run = start(workspace, ['run', 'demo'], env);
    await run.shown(/VM: kernel/);
    run.child.kill('SIGKILL');
    await run.ended;
    expect(await quiet(workspace.dir, 30)).toEqual([]);
  });

  it('goes on where it stood and ends with a complete boot resource', async () => {
    const { code, stdout, stderr } = await start(workspace, ['run', 'demo', '--json'], {
      ...env,
      DGXOS_MAAS_KEEP_DISK: '1',
    }).ended;
    expect(stderr).toMatch(/· iso +fresh/);
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout);
    const sha256 = createHash('sha256')
      .update(await readFile(artifact()))
      .digest('hex');
    expect(result.pack.artifact).toMatchObject({ path: artifact(), sha256 });
    expect(result.validate.verdict.passed).toBe(true);
    const [resource] = result.upload.resources;
    expect(resource).toMatchObject({
      sha256,
      skipped: false,
      name: expect.stringMatching(/^custom\/demo1-1\.0-\d{8}-[0-9a-f]{7}$/),
    });
  });

  it('does nothing the second time', async () => {
    const { code, stderr } = await start(workspace, ['run', 'demo'], env).ended;
    expect(code).toBe(0);
    expect(stderr.match(/fresh/g)).toHaveLength(6);
  });

  it('has a manifest beside the artifact that describes it', async () => {
    const manifest = JSON.parse(await readFile(join(workspace.work, 'demo/pack/demo.manifest.json'), 'utf8'));
    const names = manifest.packages.map((p: { name: string }) => p.name);
    for (const name of ['systemd', 'cloud-init', 'netplan.io', 'openssh-server'])
      expect(names).toContain(name);
    expect(manifest.kernels).toHaveLength(1);
    expect(manifest.tools).toMatchObject({ packer: expect.any(String), qemu: expect.any(String) });
  });

  it('writes no credential anywhere', async () => {
    const build = join(workspace.work, 'demo/build');
    for (const name of (await readdir(build)).filter((n) => n.endsWith('.log'))) {
      const text = readFileSync(join(build, name), 'latin1');
      expect(text).not.toMatch(/\$6\$[0-9a-f]{16}\$/);
      expect(text).not.toContain(sandbox.apiKey);
    }
  });

  it.skipIf(process.getuid?.() !== 0)(
    "gives what curtin's tar extracts the same as the disk, to the last attribute (needs root for the loop mount)",
    async () => {
      const target = join(workspace.dir, 'extracted');
      execFileSync('mkdir', ['-p', target]);
      execFileSync('sh', [
        '-c',
        // The options of curtin's extract_root_tgz_url.
        `tar -C ${target} --xattrs '--xattrs-include=*' -Sxpzf - --numeric-owner < ${artifact()}`,
      ]);
      const disk = await mountPartition(join(workspace.work, 'demo/build/output-qemu/packer-qemu'));
      try {
        const [there, here] = [attributesOf(disk.path), attributesOf(target)];
        expect(Object.keys(there).some((path) => path.startsWith('opt/specimens/'))).toBe(true);
        const differences = [...new Set([...Object.keys(there), ...Object.keys(here)])]
          .filter((path) => there[path] !== here[path])
          .map((path) => ({ path, disk: there[path], extracted: here[path] }));
        expect(differences).toEqual([]);
      } finally {
        disk.unmount();
      }
    },
  );

  it.skipIf(process.getuid?.() !== 0)(
    'gives the same root as an installation in namespaces, but for what belongs to a run (needs root to keep owners)',
    async () => {
      const other = demoWorkspace(iso, { install: 'namespace' });
      const { code, stderr } = await start(other, ['build', 'demo'], env).ended;
      expect(code, stderr).toBe(0);
      const { stdout } = await start(
        workspace,
        ['diff', artifact(), join(other.work, 'demo/pack/demo.tar.gz'), '--json'],
        env,
      ).ended;
      const { packages, kernels } = JSON.parse(stdout);
      expect({ packages, kernels }).toMatchObject({
        packages: { added: [], removed: [], changed: [] },
        kernels: { added: [], removed: [] },
      });

      expect(differences(artifact(), join(other.work, 'demo/pack/demo.tar.gz'))).toEqual([]);
      rmSync(other.dir, { recursive: true, force: true });
    },
  );

  it('packs again without a build, to the same bytes, also after a kill in the middle', async () => {
    const before = createHash('sha256')
      .update(await readFile(artifact()))
      .digest('hex');
    const run = start(workspace, ['build', 'demo', '--force', 'pack'], env);
    await run.shown(/▸ pack/);
    await new Promise((r) => setTimeout(r, 300));
    run.child.kill('SIGKILL');
    await run.ended;
    const again = await start(workspace, ['build', 'demo'], env).ended;
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toMatch(/· build +fresh/);
    expect(
      createHash('sha256')
        .update(await readFile(artifact()))
        .digest('hex'),
    ).toBe(before);
    expect(
      (await readdir(join(workspace.work, 'demo/pack'))).filter((name) => name.includes('partial')),
    ).toEqual([]);
  });

  it('sends nothing again that MAAS has already', async () => {
    const before = sandbox.counts;
    const puts = before.PUT ?? before.put;
    const { code, stdout } = await start(workspace, ['upload', 'demo', '--json'], env).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('"skipped": true');
    expect(sandbox.counts.PUT ?? sandbox.counts.put).toBe(puts);
  });
});
