import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoIso, demoWorkspace, type Iso, start, type Workspace } from './demo.ts';
import { differences } from './trees.ts';

let iso: Iso;
let workspace: Workspace;
beforeAll(async () => {
  iso = await demoIso();
  workspace = demoWorkspace(iso, { install: 'namespace' });
});
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));

/** Another configuration of the same image, with the same cache. */
function configure(image: Record<string, unknown>): void {
  const config = JSON.parse(readFileSync(workspace.config, 'utf8'));
  Object.assign(config.images.demo, image);
  writeFileSync(workspace.config, JSON.stringify(config));
}

const artifact = () => join(workspace.work, 'demo/pack/demo.tar.gz');
const layers = () => readdirSync(join(workspace.dir, 'cache/layers'));
const FROM_LAYER = /going on from the layer/;

describe.skipIf(process.getuid?.() !== 0)('a build from a layer (needs root to compare owners)', () => {
  it("keeps the layer when only the user's part fails", async () => {
    configure({ packages: ['there-is-none-of-this-name'] });
    const { code, stderr } = await start(workspace, ['build', 'demo']).ended;
    expect([code, stderr]).toEqual([5, expect.stringMatching(/51_build_packages/)]);
    expect(stderr).toMatch(/is kept as a layer \(\d+ MB\)/);
    expect(layers()).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  it('is the same as one from the medium, in every path, owner, link, attribute and content', async () => {
    writeFileSync(join(workspace.dir, 'motd'), 'hello\n');
    configure({
      packages: ['tree'],
      files: [{ source: './motd', path: '/etc/motd.d/one', mode: '0640', owner: 'root:adm' }],
      late_commands: {
        '10_more': ['curtin', 'in-target', '--', 'sh', '-c', 'tree -d /etc > /var/lib/etc-tree'],
      },
    });
    const first = await start(workspace, ['run', 'demo', '--until', 'validate']).ended;
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toMatch(FROM_LAYER);
    expect(first.stderr).not.toMatch(/24_install_pkgs/);
    const fromLayer = join(workspace.dir, 'from-layer.tar.gz');
    writeFileSync(fromLayer, readFileSync(artifact()));

    const cold = await start(workspace, ['build', 'demo', '--force', 'build', '--cache-layers', 'none'])
      .ended;
    expect(cold.code, cold.stderr).toBe(0);
    expect(cold.stderr).not.toMatch(FROM_LAYER);
    expect(cold.stderr).toMatch(/24_install_pkgs/);
    const { stdout } = await start(workspace, ['diff', fromLayer, artifact(), '--json']).ended;
    expect(JSON.parse(stdout)).toMatchObject({
      packages: { added: [], removed: [], changed: [] },
      kernels: { added: [], removed: [] },
    });
    expect(differences(fromLayer, artifact())).toEqual([]);
  });

  it('does not use a layer that has been changed, and keeps a new one', async () => {
    const [key] = layers();
    const tar = join(workspace.dir, 'cache/layers', key!, 'root.tar');
    const bytes = readFileSync(tar);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(tar, bytes);
    const { code, stderr } = await start(workspace, ['build', 'demo', '--force', 'build']).ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/The layer [0-9a-f]{12} is not used: its root.tar has been changed/);
    expect(stderr).not.toMatch(FROM_LAYER);
    expect(stderr).toMatch(/is kept as a layer/);
    expect(layers()).toEqual([key]);
  });

  it('belongs to the user alone, and goes by prune --cache', async () => {
    const { stdout } = await start(workspace, ['prune', '--cache', '--json']).ended;
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      layers: [{ bytes: expect.any(Number) }],
      unfinished: 0,
    });
    expect(layers()).toEqual([]);
  });
});
