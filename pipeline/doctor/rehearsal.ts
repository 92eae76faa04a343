import { access } from 'node:fs/promises';
import { UBUNTU_KEYRING, UBUNTU_KEYRING_HINT } from '../config/keyring.ts';
import type { CurtinSource } from '../config/settings/curtin.ts';
import type { EphemeralSource } from '../config/settings/ephemeral.ts';
import type { Config } from '../config/types.ts';
import { Fault } from '../core/faults/fault.ts';
import { curtinDigest } from '../maas/rehearse/curtin.ts';
import { curtinIsHere, curtinName, obtainCurtin } from '../maas/rehearse/curtin-source.ts';
import { ownEphemeral } from '../maas/rehearse/ephemeral.ts';
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

/** Each ephemeral system that the configuration names for rehearsals. Nothing is asked of a mirror or a MAAS. */
export async function examineEphemerals({
  rehearsal,
  images,
  nightly,
}: Pick<Config, 'rehearsal' | 'images' | 'nightly'>): Promise<Finding[]> {
  const all = [rehearsal.ephemeral, ...Object.values(images).map((image) => image.rehearsal.ephemeral)];
  const named = new Map(all.flatMap((one) => (one === null ? [] : [[ephemeralName(one), one] as const])));
  return Promise.all([...named].map(([name, one]) => examineEphemeral(name, one, nightly.rehearse)));
}

function ephemeralName(source: EphemeralSource): string {
  if (!('from' in source)) return source.squashfs;
  if (source.from === 'mirror') return `that of ${source.mirror}`;
  return source.target === null ? 'that of the only target' : `that of the target ${source.target}`;
}

async function examineEphemeral(name: string, source: EphemeralSource, required: boolean): Promise<Finding> {
  const finding = { tool: 'ephemeral', neededFor: 'rehearse', package: null };
  const wrong = await problemWith(source);
  if (wrong !== null) return { ...finding, ...wrong, status: required ? 'missing' : 'optional' };
  const found = 'from' in source ? `${name}, fetched when it is needed` : name;
  return { ...finding, found, status: 'ok', fix: null };
}

async function problemWith(source: EphemeralSource): Promise<Pick<Finding, 'found' | 'fix'> | null> {
  if (!('from' in source)) {
    const error = await ownEphemeral(source).then(
      () => null,
      (one: unknown) => one,
    );
    if (error !== null && !(error instanceof Fault)) throw error;
    return error && { found: error.message, fix: error.hint ?? 'Correct `rehearsal.ephemeral`.' };
  }
  if (source.from === 'maas' || source.keyring === 'none') return null;
  const keyring = source.keyring ?? UBUNTU_KEYRING;
  const isThere = await access(keyring).then(
    () => true,
    () => false,
  );
  if (isThere) return null;
  const fix =
    source.keyring === null
      ? UBUNTU_KEYRING_HINT.replace('archive.root.keyring', 'rehearsal.ephemeral.keyring')
      : 'Correct `keyring` of `rehearsal.ephemeral`.';
  return { found: `There is no keyring ${keyring}`, fix };
}
