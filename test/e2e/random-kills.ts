import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { start, type Workspace } from './demo.ts';
import { ended, mountsBelow } from './namespaces.ts';

/** Number of kills; for more: KILLS=20 npx vitest run --project e2e FILE. */
export const KILLS = Number(process.env.KILLS ?? 2);

const ARGS = ['run', 'demo', '--until', 'validate'];
const pack = (of: Workspace) => join(of.work, 'demo/pack');

/** The packages in the image with their versions, of its manifest. */
export function packagesOf(of: Workspace): string[] {
  const manifest = JSON.parse(readFileSync(join(pack(of), 'demo.manifest.json'), 'utf8'));
  return manifest.packages.map(
    ({ name, version }: { name: string; version: string }) => `${name} ${version}`,
  );
}

/** A run to the end, which must be right; its seconds. */
export async function wholeRun(of: Workspace): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await start(of, ARGS).ended;
  expect(code, stderr).toBe(0);
  return (performance.now() - started) / 1000;
}

/**
 * Builds again and ends the run by SIGKILL at a random moment: nothing of it runs or is mounted afterwards, and what has the name of an
 * artifact is whole. Returns when that was, for messages.
 */
export async function killAtRandom(of: Workspace, kill: number, seconds: number): Promise<string> {
  await rm(join(of.work, 'demo/build.json'), { force: true });
  const run = start(of, ARGS);
  const after = Math.random() * seconds;
  await Promise.race([new Promise((r) => setTimeout(r, after * 1000)), run.ended]);
  run.child.kill('SIGKILL');
  const { stderr } = await run.ended;
  const where = `kill ${kill} after ${after.toFixed(2)} s: ${stderr.trim().split('\n').at(-1)}`;
  if (process.env.KILLS) console.log(where);
  expect(await ended(of.work), where).toEqual([]);
  expect(await mountsBelow(of.dir), where).toEqual([]);
  const packed = await readdir(pack(of)).catch(() => [] as string[]);
  if (packed.includes('SHA256SUMS') && packed.includes('demo.tar.gz'))
    expect(readFileSync(join(pack(of), 'SHA256SUMS'), 'utf8'), where).toContain(
      sha256(join(pack(of), 'demo.tar.gz')),
    );
  return where;
}

export const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** The files that a build has left beside its logs. */
export const leftBy = async (of: Workspace) =>
  (await readdir(join(of.work, 'demo/build'))).filter((name) => !name.endsWith('.log')).sort();
