import type { CurtinSource } from '../config/settings/curtin.ts';
import type { Config } from '../config/types.ts';
import { Fault } from '../core/faults/fault.ts';
import { curtinDigest } from '../maas/rehearse/curtin.ts';
import { curtinIsHere, curtinName, obtainCurtin } from '../maas/rehearse/curtin-source.ts';
import type { Finding } from './finding.ts';

/** Each curtin that the configuration names for rehearsals; none where nothing is rehearsed. Nothing is fetched. */
export async function examineCurtin(
  { rehearsal, images, nightly, cache }: Pick<Config, 'rehearsal' | 'images' | 'nightly' | 'cache'>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const all = Object.values(images).map((image) => image.rehearsal.curtin);
  const named = new Map([rehearsal.curtin, ...all].map((one) => [one && curtinName(one), one]));
  // A night without one ends with every image broken.
  const required = nightly.rehearse && all.some((one) => one === null);
  if (!required) named.delete(null);
  const work = { cache, emit() {}, signal };
  return Promise.all([...named.values()].map((one) => examineOne(one, nightly.rehearse, work)));
}

async function examineOne(
  source: CurtinSource | null,
  required: boolean,
  work: Parameters<typeof obtainCurtin>[1],
): Promise<Finding> {
  const finding = { tool: 'curtin', neededFor: 'rehearse', package: null };
  try {
    if (source && !(await curtinIsHere(source, work)))
      return {
        ...finding,
        found: `${curtinName(source)}, fetched when it is needed`,
        status: 'ok',
        fix: null,
      };
    await curtinDigest(await obtainCurtin(source, work), work.signal);
    return { ...finding, found: source && curtinName(source), status: 'ok', fix: null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const fix = error.hint ?? 'Correct `rehearsal.curtin`.';
    const found = source === null ? null : error.message;
    return { ...finding, found, status: required ? 'missing' : 'optional', fix };
  }
}
