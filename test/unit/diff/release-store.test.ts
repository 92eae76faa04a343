import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepRelease } from '../../../pipeline/image/diff/release-store.ts';
import { releaseFile, releasesFolder } from '../../../pipeline/workspace/layout.ts';

const digest = (at: number) => at.toString(16).padStart(64, '0');
const release = (at: number, size = at) => ({ name: 'dgx1', sha256: digest(at), size, facts: {} });

function state() {
  const dir = mkdtempSync(join(tmpdir(), 'releases-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return { XDG_STATE_HOME: dir };
}

test('a release that is kept again is not written again, and is the newest', async () => {
  const env = state();
  await keepRelease(release(1), env);
  const path = releaseFile(env, digest(1));
  const before = statSync(path);
  utimesSync(path, 0, 0);
  await keepRelease(release(1), env);
  expect(statSync(path).ino).toBe(before.ino);
  expect(statSync(path).mtimeMs).toBeGreaterThanOrEqual(before.mtimeMs - 1000);
});

test('a release with other facts, and one whose file was damaged, is written', async () => {
  const env = state();
  const kept = () => JSON.parse(readFileSync(releaseFile(env, digest(1)), 'utf8'));
  await keepRelease(release(1, 5), env);
  await keepRelease(release(1, 6), env);
  expect(kept()).toMatchObject({ size: 6 });
  writeFileSync(releaseFile(env, digest(1)), '{"size":');
  await keepRelease(release(1, 6), env);
  expect(kept()).toMatchObject({ size: 6 });
});

test('of more than 100 releases the oldest go', async () => {
  const env = state();
  for (let at = 1; at <= 102; at++) {
    await keepRelease(release(at), env);
    utimesSync(releaseFile(env, digest(at)), at, at);
    if (at === 99) await keepRelease(release(1), env);
  }
  const kept = readdirSync(releasesFolder(env));
  expect(kept).toHaveLength(100);
  expect(kept).toContain(`${digest(1)}.json`);
  expect(kept).not.toContain(`${digest(2)}.json`);
});
