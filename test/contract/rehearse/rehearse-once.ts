import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunMachine } from '../../../pipeline/maas/rehearse/machine.ts';
import { rehearse as all } from '../../../pipeline/maas/rehearse/rehearse.ts';
import type { Rehearsal, RehearseRequest } from '../../../pipeline/maas/rehearse/types.ts';

/** The results of all deployments. */
export async function rehearseAll(request: RehearseRequest, run?: RunMachine): Promise<Rehearsal[]> {
  const results: Rehearsal[] = [];
  for await (const result of all(request, run)) results.push(result);
  return results;
}

/** The result of the only deployment. */
export async function rehearse(request: RehearseRequest, run?: RunMachine): Promise<Rehearsal> {
  const [result, ...more] = await rehearseAll(request, run);
  if (!result || more.length > 0) throw new Error('not one deployment');
  return result;
}

/** A folder with an artifact and the three files of an ephemeral. */
export function rehearsalFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  for (const name of ['kernel', 'initrd', 'squashfs', 'demo.tar.gz']) writeFileSync(join(folder, name), name);
  return folder;
}

/** A rehearsal of that artifact with the layout flat. */
export const requestIn = (
  folder: string,
  more: Pick<RehearseRequest, 'until' | 'curtin' | 'emit' | 'signal'> & Partial<RehearseRequest>,
): RehearseRequest => ({
  artifact: join(folder, 'demo.tar.gz'),
  baseImage: 'ubuntu/focal',
  layout: 'flat',
  ...{ checks: null, shell: null, curtinConfig: null },
  disks: 1,
  diskBytes: null,
  memory: 3072,
  kernelOptions: '',
  ephemeral: {
    kernel: join(folder, 'kernel'),
    initrd: join(folder, 'initrd'),
    squashfs: join(folder, 'squashfs'),
  },
  accelerator: 'tcg',
  keep: false,
  cache: join(folder, 'cache'),
  ...more,
});
