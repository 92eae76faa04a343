import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderStore } from '../../../pipeline/store/folder.ts';
import { NO_SIGNATURES } from '../../../pipeline/store/trust.ts';
import { contentsOf, verifyStore } from '../../../pipeline/store/upkeep.ts';
import fc from '../../property.ts';
import { Builder, keysOf, type Tree, treeOf } from './builders.ts';

let home: string;
let store: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'store-faults-'));
  store = join(home, 'store');
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** Runs a builder as a process, and kills it after so many milliseconds of its run. */
async function killed(workspace: string, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), workspace, store], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => child.once('exit', done));
  await new Promise((done) => child.stdout.once('data', done));
  await sleep(afterMs);
  child.kill('SIGKILL');
  await ended;
}

/** Everything in the store that has a final name is whole. */
async function expectWhole(): Promise<void> {
  const folder = new FolderStore(store, new AbortController().signal);
  const contents = await contentsOf(folder, folder.list(), NO_SIGNATURES);
  expect(await verifyStore(folder, contents, () => {})).toEqual([]);
}

describe('kill -9', () => {
  it('of a builder that puts leaves nothing that another reads, and the next one puts it', async () => {
    for (const afterMs of [10, 40, 90, 160, 300]) {
      await killed(join(home, `one-${afterMs}`), afterMs);
      await expectWhole();
    }
    const two = new Builder(join(home, 'two'), store);
    await two.run();
    expect(two.warnings).toEqual([]);
    await expectWhole();
    expect(await new Builder(join(home, 'three'), store).run()).toEqual(['iso']);
  }, 120_000);

  it('of a builder that fetches leaves the stage not fresh, and the next run has it whole', async () => {
    const one = new Builder(join(home, 'one'), store);
    one.trees.build = Object.fromEntries(
      [0, 1, 2, 3].map((name) => [`part-${name}`, { bytes: randomBytes(4 << 20) }]),
    );
    await one.run();
    const workspace = join(home, 'two');
    for (const afterMs of [5, 20, 50, 100, 200]) {
      await killed(workspace, afterMs);
      const two = new Builder(workspace, store);
      expect(await two.run()).not.toContain('build');
      expect(two.warnings).toEqual([]);
      expect(await treeOf(join(two.imageDir, 'build'))).toEqual(await treeOf(join(one.imageDir, 'build')));
      await rm(workspace, { recursive: true });
    }
  }, 120_000);
});

describe('a full disk', () => {
  /** A file system of so many MiB. */
  async function small(folder: string, mib: number): Promise<() => void> {
    await mkdir(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder]);
    return () => execFileSync('umount', [folder]);
  }
  const big: Tree = { 'root.tar': { bytes: randomBytes(6 << 20) } };

  it('of the store costs one warning, and leaves no half of a file', async () => {
    const free = await small(store, 4);
    try {
      const one = new Builder(join(home, 'one'), store);
      one.trees.build = big;
      expect(await one.run()).toEqual(['iso', 'render', 'build', 'pack']);
      expect(one.warnings).toEqual([expect.stringMatching(/no space|full/i)]);
      expect(await keysOf(store)).not.toContainEqual(expect.stringContaining('partial/'));
      await expectWhole();
      // Others take what is there.
      expect(await new Builder(join(home, 'two'), store).run({ until: 'render' })).toEqual(['iso']);
    } finally {
      free();
    }
  });

  it('of the workspace is a warning, too, and the stage runs', async () => {
    const one = new Builder(join(home, 'one'), store);
    one.trees.build = big;
    await one.run();
    const workspace = join(home, 'two');
    const free = await small(workspace, 4);
    try {
      const two = new Builder(workspace, store);
      expect(await two.run({ until: 'build' })).toEqual(['iso', 'build']);
      expect(two.warnings[0]).toMatch(/fetching build/);
      expect(Object.keys(await treeOf(two.imageDir))).not.toContainEqual(expect.stringContaining('fetched'));
    } finally {
      free();
    }
  });
});

it('a transfer that was cut is continued: no byte of it is fetched twice', async () => {
  const bytes = randomBytes(3 << 20);
  const one = new Builder(join(home, 'one'), store);
  one.trees.build = { 'root.tar': { bytes } };
  await one.run();
  const two = new Builder(join(home, 'two'), store);
  await two.run({ until: 'render' });
  const fingerprint = (await keysOf(store))
    .find((key) => key.startsWith('records/build/'))
    ?.replace(/.*\/|\.json$/g, '') as string;
  const part = join(two.imageDir, 'build.fetched', fingerprint);
  await mkdir(part, { recursive: true });
  await writeFile(join(part, 'root.tar'), bytes.subarray(0, 1 << 20));
  await mkdir(join(two.imageDir, 'build.fetched', 'a'.repeat(64)));
  // The part that is here is not asked for: its place in the store may be damaged.
  const reads: number[] = [];
  const read = FolderStore.prototype.read;
  FolderStore.prototype.read = function (key, from) {
    if (key.startsWith('blobs/')) reads.push(from);
    return read.call(this, key, from);
  };
  try {
    await two.run({ until: 'build' });
  } finally {
    FolderStore.prototype.read = read;
  }
  expect(reads).toEqual([1 << 20]);
  expect((await readFile(join(two.imageDir, 'build/root.tar'))).equals(bytes)).toBe(true);
  // One that is not of the file is begun anew.
  const three = new Builder(join(home, 'three'), store);
  await three.run({ until: 'render' });
  const other = join(three.imageDir, 'build.fetched', fingerprint);
  await mkdir(other, { recursive: true });
  await writeFile(join(other, 'root.tar'), randomBytes(1 << 20));
  expect(await three.run({ until: 'build' })).toEqual([]);
  expect(three.warnings).toEqual([]);
});

it('any tree of files comes back with its bytes and modes', async () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => {
    return !/[/\x00-\x1f\x7f]/.test(text) && text !== '.' && text !== '..' && text.isWellFormed();
  });
  const file = fc.record({
    bytes: fc.uint8Array({ maxLength: 9000 }).map((bytes) => Buffer.from(bytes)),
    mode: fc.constantFrom(0o600, 0o644, 0o755, 0o400, 0o777),
  });
  const tree = fc
    .dictionary(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
      file,
      { maxKeys: 5 },
    )
    .filter((found) => {
      const paths = Object.keys(found);
      return !paths.some((path) => paths.some((other) => other.startsWith(`${path}/`)));
    });
  let count = 0;
  await fc.assert(
    fc.asyncProperty(tree, async (files) => {
      count += 1;
      const [one, two] = ['one', 'two'].map((of) => new Builder(join(home, `${of}-${count}`), store)) as [
        Builder,
        Builder,
      ];
      for (const builder of [one, two]) builder.knobs.render = count;
      one.trees.render = files;
      await one.run({ until: 'render' });
      expect(one.warnings).toEqual([]);
      expect(await two.run({ until: 'render' })).toEqual(['iso']);
      expect(await treeOf(join(two.imageDir, 'render'))).toEqual(await treeOf(join(one.imageDir, 'render')));
    }),
    { numRuns: 15 },
  );
}, 120_000);

it('zeros of a sparse file take no room when it is fetched', async () => {
  const one = new Builder(join(home, 'one'), store);
  const bytes = Buffer.alloc(24 << 20);
  bytes.write('end', bytes.length - (5 << 20));
  one.trees.build = { 'root.tar': { bytes } };
  await one.run();
  const two = new Builder(join(home, 'two'), store);
  await two.run();
  const fetched = join(two.imageDir, 'build/root.tar');
  expect(
    createHash('sha256')
      .update(await readFile(fetched))
      .digest('hex'),
  ).toBe(createHash('sha256').update(bytes).digest('hex'));
  const blocks = Number(execFileSync('stat', ['-c', '%b', fetched], { encoding: 'utf8' }));
  expect(blocks * 512).toBeLessThan(8 << 20);
});
