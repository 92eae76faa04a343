// All checks and the digest of a tgz against `gzip -dc | tar -t`, which looks at names alone: of an artifact, and of the one member that other
// programs write.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packTar } from '../pipeline/image/pack/pack.ts';
import { judged } from './goals.ts';
import { installPacked } from './installed.ts';
import { alternate, cpu, describe, measure, ratio, say } from './measure.ts';
import { benchOptions, cacheDir } from './options.ts';
import { appendFiles, realFiles } from './tree.ts';

const { size, runs } = benchOptions('2G');
const image = join(await cacheDir(), `image-${size}.tar.gz`);
if (existsSync(image)) say(`Image of an earlier run: ${image}`);
else await makeImage(image);
const foreign = image.replace('.tar.gz', '.foreign.tar.gz');
if (!existsSync(foreign)) await packAnew(image, foreign);
const { size: bytes } = await stat(image);

const listed = (path: string) => () =>
  measure(['sh', '-c', 'gzip -dc "$1" | tar -t > /dev/null', 'sh', path]);
const dir = mkdtempSync(join(tmpdir(), 'bench-validate-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
const installed = installPacked(dir);
// No real root, so that some checks fail (6): all of them were made.
const validated = (path: string) => () =>
  measure([installed, 'validate', '--json', path], { accept: [0, 6] });
// Compiled code is kept from the first run on.
await validated(image)();
const medians = await alternate(runs, {
  'gzip | tar -t': listed(image),
  ours: validated(image),
  'foreign, gzip | tar -t': listed(foreign),
  'foreign, ours': validated(foreign),
});
say(`Medians of ${runs} runs, ${bytes} bytes of tgz:`);
for (const [name, usage] of Object.entries(medians)) say(`  ${name.padEnd(22)} ${describe(usage)}`);
const { 'gzip | tar -t': theirs, ours } = medians;
const { 'foreign, gzip | tar -t': theirForeign, 'foreign, ours': ourForeign } = medians;
const peakBytes = Math.max(ours.peakTreeBytes, ourForeign.peakTreeBytes);
const result = {
  bench: 'validate',
  bytes,
  runs,
  wall: ratio(ours.wallS, theirs.wallS),
  foreignWall: ratio(ourForeign.wallS, theirForeign.wallS),
  cpu: ratio(cpu(ours), cpu(theirs)),
  foreignCpu: ratio(cpu(ourForeign), cpu(theirForeign)),
  peakBytes,
  ...judged({
    'wall <= 0.33': { now: ours.wallS / theirs.wallS, most: 0.33 },
    'foreign wall <= 0.5': { now: ourForeign.wallS / theirForeign.wallS, most: 0.5 },
    'peak <= 150 MB': { now: peakBytes / 1e6, most: 150, unit: 'MB' },
  }),
};
say(JSON.stringify(result));

/** The same tar as gzip packs it: one member. */
async function packAnew(from: string, to: string): Promise<void> {
  say(`Making ${to}, by gzip; it is kept for the next run.`);
  const partial = `${to}.new`;
  try {
    const child = spawn('sh', ['-c', 'gzip -dc "$1" | gzip -6 > "$2"', 'sh', from, partial], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [exitCode] = await once(child, 'close');
    if (exitCode !== 0) throw new Error(`gzip ended with exit code ${exitCode}`);
    await rename(partial, to);
  } finally {
    await rm(partial, { force: true });
  }
}

/** A tgz of at least `size` bytes: this host's packages at the top, and again in folders until it is large enough. */
async function makeImage(path: string): Promise<void> {
  say(`Making ${path} of the packages of this host; it is kept for the next run.`);
  const tar = `${path}.tar`;
  const partial = `${path}.new`;
  const pack = () =>
    packTar({ tar, out: partial, level: 'normal', emit: () => {}, id: 'bench' }).then(
      (packed) => packed.size,
    );
  try {
    await rm(tar, { force: true });
    // Packages pack to a third at best; more than that is never read in vain.
    const { paths } = await realFiles(3 * size);
    await appendFiles(tar, paths, '');
    const one = await pack();
    const copies = Math.ceil(size / one) - 1;
    for (let copy = 1; copy <= copies; copy++) await appendFiles(tar, paths, `srv/copy-${copy}/`);
    if (copies > 0) await pack();
    await rename(partial, path);
  } finally {
    await rm(tar, { force: true });
    await rm(partial, { force: true });
  }
}
