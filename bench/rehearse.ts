// The demo image deployed by a real curtin on a virtual machine and booted, in turn: by `rehearse`, and by a machine and a system to install
// from as one starts them without looking at their speed. Then once more by `rehearse`, which boots the disks that it has kept.

import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kvmVerdict } from '../pipeline/host/accelerator.ts';
import { leanEphemeral } from '../pipeline/maas/rehearse/ephemeral.ts';
import type { Rehearsal } from '../pipeline/maas/rehearse/types.ts';
import { judged } from './goals.ts';
import { alternate, describe, measure, ratio, say } from './measure.ts';
import { CLI, cacheDir } from './options.ts';
import type { Once } from './rehearse/once.ts';
import { makePlainEphemeral } from './rehearse/plain-ephemeral.ts';

const ONCE = fileURLToPath(new URL('rehearse/once.ts', import.meta.url));
const MAKE_ISO = fileURLToPath(new URL('../scripts/demo-iso.ts', import.meta.url));

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    layout: { type: 'string', default: 'flat' },
    /** An artifact; else the demo's is made. */
    image: { type: 'string' },
    only: { type: 'string' },
  },
});
process.on('SIGINT', () => {});
const curtin = process.env.DGXOS_MAAS_CURTIN?.split(':')[0];
const kvm = (await kvmVerdict()).usable;

/** Seconds of each contestant; absent: it did not run. */
type Seconds = Partial<Record<'ours' | 'plain' | 'kept', number | undefined>>;

const goalsOf = ({ ours, plain, kept }: Seconds) =>
  judged({
    'wall <= 420 s without KVM': { now: kvm ? null : ours, most: 420, unit: 's' },
    'wall <= 60 s with KVM': { now: kvm ? ours : null, most: 60, unit: 's' },
    'wall <= 0.49 of the plain way': { now: ours && plain ? ratio(ours, plain) : null, most: 0.49 },
    'deployed before: wall <= 150 s': { now: kept, most: 150, unit: 's' },
  });

if (!curtin) {
  say('Not measured: DGXOS_MAAS_CURTIN does not name a folder with the sources of curtin.');
  say(JSON.stringify({ bench: 'rehearse', ...goalsOf({}) }));
  process.exit(0);
}
say(`The machines run ${kvm ? 'with KVM' : 'under emulation'}.`);
const dir = await mkdtemp(join(tmpdir(), 'bench-rehearse-'));
try {
  const kept = join(await cacheDir(), 'rehearse');
  const artifact = values.image ? resolve(values.image) : await demoImage(join(kept, 'demo'));
  const results: Record<string, Rehearsal> = {};
  const contestant = (way: Once['way'], name: string, again: boolean) => async () => {
    const cache = join(kept, way);
    // Neither is part of what is measured.
    if (way === 'plain') await makePlainEphemeral(cache);
    else await leanEphemeral(cache, () => {}, new AbortController().signal);
    const result = join(dir, name);
    const once: Once = { way, artifact, curtin, layout: values.layout, cache, again, result };
    const usage = await measure([process.execPath, ONCE, JSON.stringify(once)]);
    const done: Rehearsal = JSON.parse(await readFile(result, 'utf8'));
    if (!done.ok) throw new Error(`${name}: ${done.failure?.phase}: ${done.failure?.said}`);
    results[name] = done;
    const phases = done.phases.map(({ phase, seconds }) => `${phase} ${seconds.toFixed(0)}`);
    say(`${name}: ${phases.join(', ')}`);
    return usage;
  };
  const contestants = {
    ours: contestant('ours', 'ours', true),
    kept: contestant('ours', 'kept', false),
    plain: contestant('plain', 'plain', true),
  };
  const only = values.only?.split(',');
  const order = (Object.keys(contestants) as (keyof typeof contestants)[]).filter(
    (name) => only?.includes(name) ?? true,
  );
  const medians: Partial<Record<string, Awaited<ReturnType<typeof measure>>>> = await alternate(
    Number(values.runs),
    contestants,
    order,
  );
  say(`Medians of ${values.runs} runs:`);
  for (const [name, usage] of Object.entries(medians))
    if (usage) say(`  ${name.padEnd(8)} ${describe(usage)}`);
  const { ours, plain, kept: before } = medians;
  say(
    JSON.stringify({
      ...{ bench: 'rehearse', runs: Number(values.runs), layout: values.layout, kvm },
      curtin: results.ours?.curtin ?? results.plain?.curtin,
      seconds: { ours: ours?.wallS ?? null, plain: plain?.wallS ?? null, kept: before?.wallS ?? null },
      phases: Object.fromEntries(Object.entries(results).map(([name, { phases }]) => [name, phases])),
      ...goalsOf({
        ours: ours?.wallS,
        plain: plain?.wallS,
        kept: before?.wallS,
      }),
    }),
  );
} finally {
  await rm(dir, { recursive: true, force: true });
}

/** The demo's artifact, made from its ISO once. */
async function demoImage(folder: string): Promise<string> {
  const iso = JSON.parse(execFileSync(process.execPath, [MAKE_ISO, '--json'], { encoding: 'utf8' }));
  const image = { release: 'demo', platform: 'demo1', version: '1.0', install: 'namespace' };
  const config = join(dir, 'dgxos-maas.yaml');
  const images = { demo: { ...image, iso: { source: iso.path, sha256: iso.sha256 } } };
  await writeFile(config, JSON.stringify({ workspace: folder, images }));
  const argv = ['--config', config, 'run', 'demo', '--until', 'pack'];
  execFileSync(process.execPath, [CLI, ...argv], { stdio: ['ignore', 'ignore', 'inherit'] });
  return join(folder, 'demo', 'pack', 'demo.tar.gz');
}
