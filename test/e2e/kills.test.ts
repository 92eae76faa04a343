import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLayer, listLayers } from '../../pipeline/install/namespace/layer-store.ts';
import { demoIso, demoWorkspace, type Workspace } from './demo.ts';
import { KILLS, killAtRandom, leftBy, packagesOf, wholeRun } from './random-kills.ts';

let workspace: Workspace;
let seconds: number;
let packages: string[];

const cache = () => join(workspace.dir, 'cache');

beforeAll(async () => {
  workspace = demoWorkspace(await demoIso({ specimens: false }), { install: 'namespace' });
  seconds = await wholeRun(workspace);
  packages = packagesOf(workspace);
});
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));

describe('a build that is killed at any moment', () => {
  it.each(
    Array.from({ length: KILLS }, (_, i) => [i + 1, i % 2 ? 'from a layer' : 'from the medium'] as const),
  )(
    'kill %i, %s: nothing runs or is mounted, nothing half-written has a name, and the next run is right',
    async (i, from) => {
      if (from === 'from the medium') rmSync(join(cache(), 'layers'), { recursive: true, force: true });
      const where = await killAtRandom(workspace, i, from === 'from a layer' ? seconds / 2 : seconds);

      // Files with a final name are whole.
      const problems: string[] = [];
      const { signal } = new AbortController();
      for (const { key } of await listLayers(cache()))
        await findLayer(cache(), key, (problem) => problems.push(problem), signal);
      expect(problems, where).toEqual([]);

      await wholeRun(workspace);
      expect(packagesOf(workspace)).toEqual(packages);
      expect(await leftBy(workspace)).toEqual(['root.tar']);
      expect(readdirSync(join(cache(), 'layers')).filter((name) => name.includes('partial'))).toEqual([]);
    },
    900_000,
  );
});
