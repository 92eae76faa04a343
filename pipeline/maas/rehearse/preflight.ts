import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Config, RehearsalConfig } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { installHint } from '../../host/process/packages.ts';
import { curtinDigest } from './curtin.ts';
import { type CurtinWork, obtainCurtin } from './curtin-source.ts';
import { hasLean, ownEphemeral } from './ephemeral.ts';
import { fetchEphemeral, offeredEphemeral } from './ephemeral-source.ts';
import { firmwaresFor } from './firmwares.ts';

/** The tools that make the lean ephemeral. */
const LEAN_TOOLS = ['mmdebstrap', 'mksquashfs', 'mkfs.ext4'];

/**
 * Finds before anything long what a rehearsal would miss on this host: curtin, the ephemeral's files or the tools that make one,
 * firmware, QEMU. What is elsewhere is fetched.
 * @param baseImage null: not known yet, so that nothing of a mirror or a MAAS is fetched
 * @throws Fault CURTIN_MISSING, EPHEMERAL_UNUSABLE, FIRMWARE_MISSING, TOOL_MISSING (4), SUMS_UNTRUSTED (3), DOWNLOAD_FAILED (75), MAAS_*
 */
export async function checkRehearsal(
  { curtin, ephemeral, secureBoot }: Pick<RehearsalConfig, 'curtin' | 'ephemeral' | 'secureBoot'>,
  baseImage: string | null,
  { config, ...given }: Omit<CurtinWork, 'cache'> & { config: Config; env: NodeJS.ProcessEnv },
): Promise<void> {
  const { cache } = config;
  const work = { ...given, cache };
  const { env, signal } = work;
  await curtinDigest(await obtainCurtin(curtin, work), signal);
  if (ephemeral !== null && !('from' in ephemeral && baseImage === null)) {
    const offered = await offeredEphemeral(ephemeral, baseImage ?? '', { ...given, config });
    await ('from' in offered ? fetchEphemeral(offered, work) : ownEphemeral(offered));
  }
  await firmwaresFor(secureBoot);
  const tools = ['qemu-system-x86_64', ...(ephemeral === null && !(await hasLean(cache)) ? LEAN_TOOLS : [])];
  for (const tool of tools)
    if (!(await onPath(tool, env.PATH)))
      throw new Fault('TOOL_MISSING', `A rehearsal needs ${tool}, which is not installed`, {
        hint: installHint(tool),
      });
}

/** The administrator's folders are searched too, as everywhere: mkfs is there. */
async function onPath(tool: string, path = ''): Promise<boolean> {
  for (const folder of [...path.split(delimiter), '/usr/sbin', '/sbin'])
    if (
      folder !== '' &&
      (await access(join(folder, tool)).then(
        () => true,
        () => false,
      ))
    )
      return true;
  return false;
}
