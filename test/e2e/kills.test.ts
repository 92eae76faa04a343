import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLayer, listLayers } from '../../pipeline/install/namespace/layer-store.ts';
import { demoIso, demoWorkspace, start, type Workspace } from './demo.ts';
import { ended, mountsBelow } from './namespaces.ts';

/** Number of kills; for more: KILLS=20 npx vitest run --project e2e test/e2e/kills.test.ts */
const KILLS = Number(process.env.KILLS ?? 2);

let workspace: Workspace;
let seconds: number;
let names: string[];

const cache = () => join(workspace.dir, 'cache');
const build = () => join(workspace.work, 'demo/build');
const pack = () => join(workspace.work, 'demo/pack');

/** The names of all that is in the image, from its manifest's side: packages with their versions. */
function packages(): string[] {
  const manifest = JSON.parse(readFileSync(join(pack(), 'demo.manifest.json'), 'utf8'));
  return manifest.packages.map(
    ({ name, version }: { name: string; version: string }) => `${name} ${version}`,
  );
}

async function again(): Promise<void> {
  const { code, stderr } = await start(workspace, ['run', 'demo', '--until', 'validate']).ended;
  expect(code, stderr).toBe(0);
}

beforeAll(async () => {
  workspace = demoWorkspace(await demoIso({ specimens: false }), { install: 'namespace' });
  const started = performance.now();
  await again();
  seconds = (performance.now() - started) / 1000;
  names = packages();
});
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));

describe('a build that is killed at any moment', () => {
  it.each(
    Array.from({ length: KILLS }, (_, i) => [i + 1, i % 2 ? 'from a layer' : 'from the medium'] as const),
  )(
    'kill %i, %s: nothing runs or is mounted, nothing half-written has a name, and the next run is right',
    async (i, from) => {
      if (from === 'from the medium') rmSync(join(cache(), 'layers'), { recursive: true, force: true });
      rmSync(join(workspace.work, 'demo/build.json'), { force: true });
      const run = start(workspace, ['run', 'demo', '--until', 'validate']);
      const after = Math.random() * (from === 'from a layer' ? seconds / 2 : seconds);
      await Promise.race([new Promise((r) => setTimeout(r, after * 1000)), run.ended]);
      run.child.kill('SIGKILL');
      const { stderr } = await run.ended;
      const where = `kill ${i} after ${after.toFixed(2)} s: ${stderr.trim().split('\n').at(-1)}`;
      if (process.env.KILLS) console.log(where);
      expect(await ended(workspace.work), where).toEqual([]);
      expect(await mountsBelow(workspace.dir), where).toEqual([]);

      // Files with a final name are whole.
      const problems: string[] = [];
      const { signal } = new AbortController();
      for (const { key } of await listLayers(cache()))
        await findLayer(cache(), key, (problem) => problems.push(problem), signal);
      expect(problems, where).toEqual([]);
      const artifact = join(pack(), 'demo.tar.gz');
      const packed = await readdir(pack()).catch(() => [] as string[]);
      if (packed.includes('SHA256SUMS') && packed.includes('demo.tar.gz'))
        expect(readFileSync(join(pack(), 'SHA256SUMS'), 'utf8'), where).toContain(
          createHash('sha256').update(readFileSync(artifact)).digest('hex'),
        );

      await again();
      expect(packages()).toEqual(names);
      expect((await readdir(build())).filter((name) => !name.endsWith('.log'))).toEqual(['root.tar']);
      expect(readdirSync(join(cache(), 'layers')).filter((name) => name.includes('partial'))).toEqual([]);
    },
    900_000,
  );
});
