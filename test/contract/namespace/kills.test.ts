import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildInNamespace, type NamespaceBuildRequest } from '../../../pipeline/install/namespace/build.ts';
import { findLayer, listLayers } from '../../../pipeline/install/namespace/layer-store.ts';
import { ended, mountsBelow } from '../../e2e/namespaces.ts';
import { INSTALL, medium } from './medium.ts';

/** Number of kills; for more: KILLS=40 npx vitest run --project contract test/contract/namespace/kills.test.ts */
const KILLS = Number(process.env.KILLS ?? 4);

// Writes for a while, so that a kill meets it at work.
const PRESEED = `if [ -f /run/build/layer.tar ]; then tar -C /target -xf /run/build/layer.tar; echo /target > /run/build-target
else ${INSTALL}
for i in 1 2 3 4 5; do dd if=/dev/zero of=/target/$i bs=1M count=8 2> /dev/null; done
sh /run/build/config/keep.sh ./secret
fi
for i in 6 7 8; do dd if=/dev/zero of=/target/$i bs=1M count=8 2> /dev/null; done`;

let request: Omit<NamespaceBuildRequest, 'emit' | 'signal'>;
let whole: string;
let milliseconds: number;
const { signal } = new AbortController();
const build = () => buildInNamespace({ ...request, emit() {}, signal });
const names = () => readdirSync(request.dir).filter((name) => !name.endsWith('.log'));
const list = () => execFileSync('tar', ['-tf', join(request.dir, 'root.tar')], { encoding: 'utf8' });

beforeAll(async () => {
  const made = await medium(PRESEED);
  request = { ...made, layer: { ...made.layer, most: 1 << 30, rule: { medium: 'one' } } };
  copyFileSync(
    join(import.meta.dirname, '../../../templates/curtin/keep-layer.sh'),
    join(request.httpDir, 'keep.sh'),
  );
  const started = performance.now();
  await build();
  milliseconds = performance.now() - started;
  whole = list();
});
afterAll(() => rmSync(dirname(request.dir), { recursive: true, force: true }));

it.each(
  Array.from({ length: KILLS }, (_, i) => [i + 1, i % 2 ? 'from a layer' : 'from the medium'] as const),
)(
  'kill %i, %s, at any moment: nothing runs, is mounted or has a name before it is whole, and the next build is right',
  async (i, from) => {
    const { cache } = request.layer;
    if (from === 'from the medium') rmSync(join(cache, 'layers'), { recursive: true, force: true });
    rmSync(join(request.dir, 'root.tar'), { force: true });
    const child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), JSON.stringify(request)]);
    const closed = new Promise((done) => child.on('close', done));
    const after = Math.random() * milliseconds * 1.5;
    await Promise.race([new Promise((r) => setTimeout(r, after)), closed]);
    child.kill('SIGKILL');
    await closed;
    const where = `kill ${i} after ${Math.round(after)} of ${Math.round(milliseconds)} ms`;
    expect(await ended(request.dir), where).toEqual([]);
    expect(await mountsBelow(request.dir), where).toEqual([]);
    // Not cut to its length yet, perhaps, but whole.
    if (names().includes('root.tar')) expect(list(), where).toBe(whole);
    const problems: string[] = [];
    for (const { key } of await listLayers(cache))
      await findLayer(cache, key, (problem) => problems.push(problem), signal);
    expect(problems, where).toEqual([]);

    await build();
    expect(names(), where).toEqual(['root.tar']);
    expect(list(), where).toBe(whole);
    expect(readdirSync(join(cache, 'layers')), where).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  },
);
