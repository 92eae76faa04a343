import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoIso, demoWorkspace, type Iso, start, type Workspace } from './demo.ts';
import { ended, installing, mountsBelow } from './namespaces.ts';
import { asOrdinaryUser, membersOf, withOrdinaryUser } from './ordinary-user.ts';
import { differences } from './trees.ts';

let iso: Iso;
let workspace: Workspace;
beforeAll(async () => {
  // One of the specimens has an owner beyond the ids that an ordinary user has.
  iso = await demoIso({ specimens: false });
  workspace = demoWorkspace(iso, { install: 'namespace' });
});
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));

describe('an image without a VM', () => {
  const build = () => join(workspace.work, 'demo/build');

  it('leaves no process, no mount and only logs after SIGINT in the middle of the installation', async () => {
    const run = start(workspace, ['build', 'demo']);
    await run.shown(/installing: extract/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(await installing(build())).toEqual([]);
    expect(await mountsBelow(build())).toEqual([]);
    expect((await readdir(build())).filter((name) => !name.endsWith('.log'))).toEqual([]);
  });

  it('leaves no process and no mount after kill -9', async () => {
    const run = start(workspace, ['build', 'demo']);
    await run.shown(/installing: late/);
    run.child.kill('SIGKILL');
    await run.ended;
    expect(await ended(build())).toEqual([]);
    expect(await mountsBelow(build())).toEqual([]);
  });

  it('goes on where it stood, and ends with an artifact that passes', async () => {
    const { code, stderr } = await start(workspace, ['run', 'demo', '--until', 'validate']).ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/· iso +fresh/);
    expect((await readdir(build())).filter((name) => !name.endsWith('.log'))).toEqual(['root.tar']);
    const manifest = JSON.parse(await readFile(join(workspace.work, 'demo/pack/demo.manifest.json'), 'utf8'));
    expect(manifest.inputs).toMatchObject({ install: 'namespace' });
    expect(manifest.tools).toMatchObject({ 'util-linux': expect.any(String), squashfs: expect.any(String) });
  });

  it('is what Packer runs in the rendered folder, too', () => {
    const dir = join(workspace.dir, 'by-hand');
    execFileSync('mkdir', [dir]);
    execFileSync(
      'packer',
      ['build', '-color=false', `-var=iso_path=${iso.path}`, join(workspace.work, 'demo/render/packer')],
      {
        cwd: dir,
        env: { ...process.env, CHECKPOINT_DISABLE: '1' },
      },
    );
    expect(readdirSync(join(dir, 'output-namespace'))).toContain('root.tar');
    expect(existsSync(join(dir, 'output-namespace/work'))).toBe(false);
  });
});

// Another user's tar holds the same; its trees cannot be unpacked with their owners.
describe.skipIf(process.getuid?.() !== 0)(
  'a live system without curtin (needs root to compare owners)',
  () => {
    /** The rendered installation of a medium whose live system has lost its curtin. */
    function withoutCurtin(name: string, change: (folder: string) => void = () => {}) {
      const folder = join(workspace.dir, name);
      cpSync(join(workspace.work, 'demo/render'), folder, { recursive: true });
      const script = join(folder, 'packer/inside.sh');
      const lose = 'rm -r "$root/usr/bin/curtin" "$root/usr/lib/demo-curtin"';
      writeFileSync(
        script,
        readFileSync(script, 'utf8').replace('\nmount_live\n', `\n${lose}\nmount_live\n`),
      );
      change(folder);
      const env = { ...process.env, ISO: iso.path, OUTPUT: join(folder, 'out'), WORK: join(folder, 'work') };
      const { status } = spawnSync('bash', [join(folder, 'packer/build.sh')], { env, stdio: 'ignore' });
      return { status, out: env.OUTPUT, console: readFileSync(join(env.OUTPUT, 'console.log'), 'utf8') };
    }

    it('gives the same root by the rendered interpreter', () => {
      const { status, out, console } = withoutCurtin('interpreted');
      expect(status, console).toBe(0);
      expect(console).toContain('namespace: the live system has no curtin');
      expect(differences(join(workspace.work, 'demo/build/root.tar'), join(out, 'root.tar'))).toEqual([]);
    });

    it('with a configuration that the interpreter does not know is refused before anything of it runs', () => {
      const { status, console } = withoutCurtin('refused', (folder) =>
        appendFileSync(join(folder, 'http/curtin.yaml'), '\napt: {}\n'),
      );
      expect(status).toBe(1);
      expect(console).toContain(
        'namespace: FAILED the curtin configuration: apt: not known here; accepted are ',
      );
      expect(console).not.toContain('early, ');
    });
  },
);

// A user with a range of ids of its own, whatever user runs the tests.
describe.skipIf(process.getuid?.() !== 0)('as an ordinary user (needs root to become one)', () => {
  withOrdinaryUser();

  it('builds the same by a user namespace, also after a kill -9 that left files of other ids', async () => {
    const own = demoWorkspace(iso, { install: 'namespace' });
    const medium = join(own.dir, 'demo.iso');
    copyFileSync(iso.path, medium);
    writeFileSync(own.config, readFileSync(own.config, 'utf8').replaceAll(iso.path, medium));
    const run = asOrdinaryUser(own, medium);

    const killed = run('build', 'demo');
    for (let i = 0; i < 3000 && !killed.stderr().includes('installing: late'); i++) {
      expect(killed.child.exitCode, killed.stderr()).toBeNull();
      await new Promise((r) => setTimeout(r, 100));
    }
    killed.child.kill('SIGKILL');
    await killed.code;
    expect(await ended(own.work)).toEqual([]);

    const again = run('build', 'demo');
    expect(await again.code, again.stderr()).toBe(0);
    expect((await readdir(join(own.work, 'demo/build'))).filter((name) => !name.endsWith('.log'))).toEqual([
      'root.tar',
    ]);
    expect(membersOf(join(own.work, 'demo/build/root.tar'))).toEqual(
      membersOf(join(workspace.work, 'demo/build/root.tar')),
    );
    rmSync(own.dir, { recursive: true, force: true });
  });
});
