import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { demoIso, demoWorkspace, quiet, running, start, type Workspace } from './demo.ts';

let workspace: Workspace;
let sandbox: Sandbox;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  workspace = demoWorkspace(await demoIso({ installer: 'subiquity', specimens: false }), {
    release: 'demo-subiquity',
    // On the medium: no network is needed.
    packages: ['tree'],
    late_commands: {
      '50_mark': 'touch /target/etc/late-command-ran',
      '60_list': ['curtin', 'in-target', '--target=/target', '--', 'tree', '-o', '/etc/tree.txt', '/etc/apt'],
    },
    files: [
      { source: './one.txt', path: '/etc/one.txt', mode: '0640', owner: 'root:adm' },
      { source: './site.list', path: '/etc/apt/sources.list.d/site.list' },
      { source: './site.asc', path: '/etc/apt/keyrings/site.asc' },
    ],
  });
  for (const [name, text] of Object.entries({ 'one.txt': 'one\n', 'site.list': SITE, 'site.asc': KEY }))
    writeFileSync(join(workspace.dir, name), text);
  sandbox = await startSandbox({ dir: join(workspace.dir, 'maas') });
  env = { MAAS_API_URL: sandbox.url, MAAS_API_KEY: sandbox.apiKey };
});
afterAll(async () => {
  await sandbox?.close();
  rmSync(workspace.dir, { recursive: true, force: true });
});

/** The user's own source of packages; lines such as the medium's are removed from other files. */
const SITE =
  'deb [signed-by=/etc/apt/keyrings/site.asc] https://packages.site.example/debian bookworm main\n';
const KEY = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n-----END PGP PUBLIC KEY BLOCK-----\n';

/** Nothing but logs; see `buildFiles`. */
const leftOver = async () =>
  (await readdir(join(workspace.work, 'demo/build'))).filter((name) => !name.endsWith('.log'));

describe('from an ISO with subiquity to a boot resource, by UEFI', () => {
  it('leaves no VM and no half-made output after SIGINT', async () => {
    const run = start(workspace, ['run', 'demo'], env);
    await run.shown(/VM: installing: fetching/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(await running(workspace.dir)).toEqual([]);
    expect(await leftOver()).toEqual([]);
  });

  it('leaves no VM after kill -9, and goes on from there to a complete boot resource', async () => {
    const killed = start(workspace, ['run', 'demo'], env);
    await killed.shown(/Packer starts the VM/);
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await quiet(workspace.dir, 30)).toEqual([]);

    const { code, stdout, stderr } = await start(workspace, ['run', 'demo', '--json'], env).ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/· iso +fresh/);
    const result = JSON.parse(stdout);
    expect(result.validate.verdict.passed).toBe(true);
    expect(result.upload.resources[0]).toMatchObject({
      ...{ skipped: false, sha256: result.pack.artifact.sha256 },
      name: expect.stringMatching(/^custom\/demo1-1\.0-\d{8}-[0-9a-f]{7}$/),
    });
    expect(await leftOver()).toEqual(['root.tar']);
  });

  it("has the medium's packages, what the user added, and nothing that the installer left", async () => {
    const artifact = join(workspace.work, 'demo/pack/demo.tar.gz');
    const manifest = JSON.parse(await readFile(join(workspace.work, 'demo/pack/demo.manifest.json'), 'utf8'));
    const names = manifest.packages.map((p: { name: string }) => p.name);
    expect(names).toEqual(expect.arrayContaining(['hello', 'demo-system-configurations', 'tree']));
    expect(names).not.toContain('unattended-upgrades');
    const list = execFileSync('tar', ['-tzvf', artifact, '--numeric-owner'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    expect(list).toMatch(/^-rw-r----- 0\/4 +4 \S+ \S+ \.\/etc\/one\.txt$/m);
    expect(list).toMatch(/\.\/etc\/late-command-ran$/m);
    expect(list).toMatch(/^d\S+ 0\/0 +0 \S+ \S+ \.\/boot\/efi\/$/m);
    expect(list).not.toMatch(
      /\.\/(?:home\/nvidia|tmp\/.|boot\/efi\/.|etc\/cloud\/(?:cloud-init\.disabled|ds-identify\.cfg|clean\.d\/99)|etc\/netplan\/.|etc\/sudoers\.d\/nvidia|etc\/apt\/sources\.list\.d\/build)/,
    );
    const text = (path: string) =>
      execFileSync('tar', ['-xzOf', artifact, `./${path}`], { encoding: 'utf8' });
    expect(text('etc/apt/sources.list.d/site.list')).toBe(SITE);
    expect(text('etc/apt/keyrings/site.asc')).toBe(KEY);
    // The package works in the target, and the files were there before the commands.
    expect(text('etc/tree.txt')).toMatch(/keyrings\n[^\n]*site\.asc\n/);
    expect(text('etc/apt/sources.list')).toMatch(/^deb http:\/\/deb\.debian\.org\/debian bookworm main$/m);
    const passwd = text('etc/passwd');
    const people = passwd.split('\n').filter((line) => /^[^:]*:[^:]*:[1-5]\d{3,4}:/.test(line));
    expect(people).toEqual([]);
  });
});
