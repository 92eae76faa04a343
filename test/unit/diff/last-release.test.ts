import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lastRelease } from '../../../pipeline/image/diff/last-release.ts';
import { keepLonger, keepRelease, keptRelease } from '../../../pipeline/image/diff/release-store.ts';
import { ledgerFile, releaseFile } from '../../../pipeline/workspace/layout.ts';
import { whole } from './facts.ts';

const digest = (letter: string) => letter.repeat(64);

/** The release that an image of digest `f` is compared with: uploads as `image digest what`, and the digests whose facts are kept. */
async function last(uploads: readonly string[], kept: string): Promise<string | undefined> {
  const dir = await mkdtemp(join(tmpdir(), 'last-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const env = { XDG_STATE_HOME: dir };
  const lines = uploads.map((upload, i) => {
    const [image, letter, did] = upload.split(' ');
    return JSON.stringify({
      ...{ time: `2026-01-0${i + 1}T00:00:00.000Z`, target: 'http://maas/MAAS', image, did, file: '/x' },
      ...{
        name: `${image}-${i}`,
        sha256: digest(letter!),
        architecture: 'amd64/generic',
        set: `${i}`,
        size: 7,
      },
    });
  });
  await mkdir(dirname(ledgerFile(env)), { recursive: true });
  await writeFile(ledgerFile(env), lines.map((line) => `${line}\n`).join(''));
  for (const letter of kept) await keepRelease({ name: 'x', sha256: digest(letter), facts: whole() }, env);
  const found = await lastRelease('demo', digest('f'), env);
  return found && `${found.entry.sha256[0]}${found.description ? ' with facts' : ''}`;
}

it.each<[string, string[], string, string | undefined]>([
  ['none', [], '', undefined],
  ['the last one', ['demo a completed', 'demo b completed'], 'ab', 'b with facts'],
  ['one that MAAS had', ['demo a completed', 'demo b found'], 'ab', 'b with facts'],
  ['not one of another image', ['demo a completed', 'other b completed'], 'ab', 'a with facts'],
  ['not the same', ['demo a completed', 'demo f completed'], 'af', 'a with facts'],
  [
    'not one that was begun or removed',
    ['demo a completed', 'demo b started', 'demo c pruned'],
    'abc',
    'a with facts',
  ],
  ['an earlier one of which facts are kept', ['demo a completed', 'demo b completed'], 'a', 'a with facts'],
  ['the last one where no facts are kept', ['demo a completed', 'demo b completed'], '', 'b'],
])('the release to compare with: %s', async (_what, uploads, kept, expected) => {
  expect(await last(uploads, kept)).toBe(expected);
});

it('a release is one of the newest again, and is kept when others go', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'last-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const env = { XDG_STATE_HOME: dir };
  expect(await keepLonger(digest('a'), env)).toBe(false);
  const old = new Date('2026-01-01');
  for (const letter of 'ab') {
    await keepRelease({ name: 'x', sha256: digest(letter), facts: whole() }, env);
    await utimes(releaseFile(env, digest(letter)), old, old);
  }
  expect(await keepLonger(digest('a'), env)).toBe(true);
  for (let at = 0; at < 99; at += 1)
    await keepRelease({ name: 'x', sha256: String(at).padStart(64, '0'), facts: {} as never }, env);
  expect(await keptRelease(digest('a'), 'x', env)).toBeDefined();
  expect(await keptRelease(digest('b'), 'x', env)).toBeUndefined();
});
