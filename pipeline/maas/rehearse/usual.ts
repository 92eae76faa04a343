import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { rehearsalFiles, rehearsalsFolder } from '../../workspace/layout.ts';
import { readKept } from './read-results.ts';
import type { Phase } from './types.ts';

/** Seconds of the demo image with the lean ephemeral, emulated on two quiet processors with layout flat; with KVM a tenth of it. */
const MEASURED: Partial<Record<Phase, number>> = {
  'power-on': 60,
  ephemeral: 70,
  partitioning: 60,
  network: 7,
  extract: 80,
  curthooks: 250,
  hook: 11,
  late: 34,
  'first-boot': 90,
};
const KVM_PART = 0.1;
/** Records that are read; a cache has one for each file and layout. */
const MOST = 50;

/**
 * The usual seconds of each phase: the median of the last rehearsals on this host that ended well, else what was measured.
 * @param cache with the records
 */
export async function usualSeconds(cache: string, accelerator: 'kvm' | 'tcg'): Promise<Map<Phase, number>> {
  const folder = rehearsalsFolder(cache);
  const names = await readdir(folder).catch(() => []);
  const records = await Promise.all(
    names.slice(0, MOST).map((name) => readKept(rehearsalFiles(join(folder, name)).result)),
  );
  const taken = new Map<Phase, number[]>();
  for (const record of records)
    if (record?.ok && record.accelerator === accelerator)
      for (const { phase, seconds } of record.phases)
        taken.set(phase, [...(taken.get(phase) ?? []), seconds]);
  const part = accelerator === 'kvm' ? KVM_PART : 1;
  const usual = new Map(Object.entries(MEASURED).map(([phase, seconds]) => [phase as Phase, seconds * part]));
  for (const [phase, list] of taken) usual.set(phase, median(list));
  return usual;
}

function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
