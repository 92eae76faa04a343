// `diff` of two builds with one changed package: by their manifests, which list where members are, against reading both completely.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from '../pipeline/host/process/tool.ts';
import { sidecarNames } from '../pipeline/image/attest/names.ts';
import { artifactOf, contentOf } from '../pipeline/image/pack/manifest.ts';
import { packRoot } from '../pipeline/image/pack/root.ts';
import { change, packagesIn } from './changed-packages.ts';
import { GUEST_TAR } from './disk.ts';
import { judged } from './goals.ts';
import { installPacked } from './installed.ts';
import { alternate, cpu, describe, measure, ratio, say } from './measure.ts';
import { benchOptions } from './options.ts';
import { appendFiles, realFiles } from './tree.ts';

const { size, runs } = benchOptions('1100M');
const dir = mkdtempSync(join(tmpdir(), 'bench-diff-'));
const path = (name: string) => join(dir, name);
try {
  const root = path('root');
  mkdirSync(root);
  const { paths } = await realFiles(size);
  await appendFiles(path('fill.tar'), paths, '');
  await $()`tar -C ${root} -xpf ${path('fill.tar')}`;
  rmSync(path('fill.tar'));
  const before = await build('before');
  const changed = await packagesIn(root, { most: 6.5e6, enough: 4e6 });
  change(changed.files);
  say(`Changed: ${changed.packages.join(', ')}: ${changed.files.length} files of ${changed.bytes} bytes`);
  const after = await build('after');
  rmSync(root, { recursive: true });

  const installed = installPacked(dir);
  const found = (name: string) => path(`${name}.json`);
  const diff = (name: string, ...more: string[]) => {
    const script = 'out=$1; shift; exec "$@" > "$out"';
    const argv = [installed, 'diff', '--json', ...more, before, after];
    return () => measure(['sh', '-c', script, 'sh', found(name), ...argv]);
  };
  const contestants = { members: diff('members'), both: diff('both', '--full') };
  // Compiled code is kept from the first run on.
  await contestants.members();
  const { members, both } = await alternate(runs, contestants);
  // A way that finds something else is not a way.
  const differences = Object.keys(contestants).map((name) => {
    const { a, b, ...rest } = JSON.parse(readFileSync(found(name), 'utf8'));
    if (Boolean(a.trusted && b.trusted) !== (name === 'members')) throw new Error(`${name} read other bytes`);
    return JSON.stringify(rest);
  });
  if (differences[0] !== differences[1]) throw new Error('The two ways find different things');
  const bytes = statSync(before).size + statSync(after).size;
  say(`Medians of ${runs} runs, ${bytes} bytes in two artifacts:`);
  for (const [name, usage] of Object.entries({ members, both }))
    say(`  ${name.padEnd(8)} ${describe(usage)}`);
  const wall = ratio(members.wallS, both.wallS);
  const result = {
    ...{ bench: 'diff', bytes, runs, wall, cpu: ratio(cpu(members), cpu(both)) },
    ...judged({ 'one changed package <= 0.15 of reading both': { now: wall, most: 0.15 } }),
  };
  say(JSON.stringify(result));
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** Packs the root as it is now, with a manifest. */
async function build(name: string): Promise<string> {
  const tar = path(`${name}.tar`);
  const artifact = path(`${name}.tar.gz`);
  await $()`sh -c ${`exec ${GUEST_TAR} -C "$1" -cf "$2" .`} sh ${path('root')} ${tar}`;
  const { signal } = new AbortController();
  const packed = await packRoot({ kind: 'tar', path: tar, bytes: 0 }, artifact, {
    ...{ level: 'normal', emit: () => {}, signal, cache: { folder: path('cache'), most: 10 * 2 ** 30 } },
  });
  const manifest = { format: 1, artifact: artifactOf(packed), ...contentOf(packed.facts) };
  writeFileSync(sidecarNames(artifact).manifest, JSON.stringify(manifest));
  rmSync(tar);
  return artifact;
}
