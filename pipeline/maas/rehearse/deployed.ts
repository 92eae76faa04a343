import { basename, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Emit } from '../../core/events/event.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { count, list, object, oneOf, type Shape, sha256, text, time } from '../../host/files/shape.ts';
import { digestOf } from '../../image/read/digest.ts';
import { fingerprint, type Inputs } from '../../workspace/fingerprint.ts';
import { rehearsalFiles } from '../../workspace/layout.ts';
import { type Curtin, curtinSum } from './curtin.ts';
import type { Ephemeral } from './ephemeral.ts';
import type { Identity, NodeKeys } from './types.ts';

/** A deployment that curtin has left on the machine's disks: a later rehearsal boots it again. Secret, as the system on them knows the keys. */
export interface Deployed {
  format: 1;
  /** Fingerprint of everything that has decided it. */
  key: string;
  at: string;
  /** Seconds that it took. */
  seconds: number;
  /** Version. */
  curtin: string;
  /** The installed system knows its server by it. */
  port: number;
  identity: Identity;
  keys: NodeKeys;
  files: { name: string; sha256: string }[];
}

const DEPLOYED: Shape<Deployed> = object({
  format: oneOf(1),
  key: sha256,
  at: time,
  seconds: count,
  curtin: text,
  port: count,
  identity: object({ origin: text, systemId: text, images: text, hostname: text, mac: text }),
  keys: object({ consumerKey: text, tokenKey: text, tokenSecret: text }),
  files: list(object({ name: text, sha256 })),
});

interface Work {
  emit: Emit;
  signal: AbortSignal;
}

/**
 * The fingerprint of a deployment: the same artifact, curtin, ephemeral and machine leave the same on the disks.
 * @param machine layout, disks, kernel options, base image
 */
export async function deploymentKey(
  { artifact, curtin, ephemeral }: { artifact: string; curtin: Curtin; ephemeral: Ephemeral },
  machine: Inputs,
  { emit, signal }: Work,
): Promise<string> {
  const sum = async (path: string) => (await digestOf(path, emit, signal)).sha256;
  const system = [ephemeral.kernel, ephemeral.initrd, ephemeral.squashfs].flatMap((path) => path ?? []);
  return fingerprint({
    ...machine,
    artifact: await sum(artifact),
    curtin: await curtinSum(curtin, signal),
    ephemeral: ephemeral.kind === 'lean' ? ephemeral.name : await Promise.all(system.map(sum)),
  });
}

/** The files of a deployment that is kept, and those of its record. */
export const filesOf = ({ files }: Deployed, folder: string): string[] => {
  const { deployed, console, installLog } = rehearsalFiles(folder);
  return [...files.map(({ name }) => name), ...[deployed, console, installLog].map((path) => basename(path))];
};

/** The names of the files that a deployment leaves. */
const namesOf = (disks: readonly string[], folder: string) =>
  [...disks.map((name) => rehearsalFiles(folder).disk(name)), rehearsalFiles(folder).efiVars].map((path) =>
    basename(path),
  );

/** Notes what is on the disks, so that it can be booted again. @throws errors of the system */
export async function noteDeployed(
  folder: string,
  disks: readonly string[],
  deployed: Omit<Deployed, 'format' | 'at' | 'files'>,
  { emit, signal }: Work,
): Promise<void> {
  const files: Deployed['files'] = [];
  for (const name of namesOf(disks, folder))
    files.push({ name, sha256: (await digestOf(join(folder, name), emit, signal)).sha256 });
  const whole: Deployed = { format: 1, at: new Date().toISOString(), ...deployed, files };
  await writeFileAtomic(rehearsalFiles(folder).deployed, JSON.stringify(whole), { mode: 0o600 });
}

/** The deployment of that key whose disks are as they were left; null: there is none. */
export async function findDeployed(
  folder: string,
  key: string,
  { emit, signal }: Work,
): Promise<Deployed | null> {
  const found = await readJsonOrMiss(rehearsalFiles(folder).deployed, DEPLOYED);
  if (found?.key !== key) return null;
  for (const { name, sha256: wanted } of found.files) {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) return null;
    const now = await digestOf(join(folder, name), emit, signal).catch(() => null);
    if (signal.aborted) throw interrupted(signal);
    if (now?.sha256 !== wanted) return null;
  }
  const { identity, keys } = found;
  for (const secret of [identity.systemId, identity.images, ...Object.values(keys)]) registerSecret(secret);
  return found;
}
