import type { Config } from '../config/types.ts';
import { Fault } from '../core/faults/fault.ts';
import { curtinDigest } from '../maas/rehearse/curtin.ts';
import type { Finding } from './finding.ts';

/** Each curtin that the configuration names for rehearsals; none where nothing is rehearsed. */
export async function examineCurtin(
  { rehearsal, images, nightly }: Pick<Config, 'rehearsal' | 'images' | 'nightly'>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const all = Object.values(images).map((image) => image.rehearsal.curtin);
  const named = new Map([rehearsal.curtin, ...all].map((one) => [(one ?? []).join(' '), one ?? []]));
  // A night without one ends with every image broken.
  const required = nightly.rehearse && all.some((one) => one === null);
  if (!required) named.delete('');
  return Promise.all([...named.values()].map((one) => examineOne(one, nightly.rehearse, signal)));
}

async function examineOne(
  paths: readonly string[],
  required: boolean,
  signal: AbortSignal,
): Promise<Finding> {
  const finding = { tool: 'curtin', neededFor: 'rehearse', package: null };
  try {
    await curtinDigest(paths, signal);
    return { ...finding, found: paths.join(' '), status: 'ok', fix: null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const fix = error.hint ?? 'Correct `rehearsal.curtin`.';
    const found = paths.length === 0 ? null : error.message;
    return { ...finding, found, status: required ? 'missing' : 'optional', fix };
  }
}
