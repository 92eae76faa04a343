import { chmod, copyFile, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture, Installer } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { findFirmware } from '../../host/firmware.ts';
import { endLeftovers } from '../../host/vm/leftovers.ts';
import type { RootOutput } from '../../image/artifact.ts';
import { measureTar } from '../../image/pack/measure.ts';
import { buildFiles } from '../../workspace/layout.ts';
import { CURTIN_CONFIG } from '../render/curtin.ts';
import { type Medium, mediumVariables } from '../render/medium.ts';
import { ANSWERS } from '../render/subiquity/answers.ts';
import { type Rendered, VM_NAME } from '../render/types.ts';
import { attempt } from './attempt.ts';
import { slowerNotice, type TypingSpeed, typingSpeeds } from './typing-speed.ts';
import { packLikeUpstream } from './upstream-pack.ts';

export interface BuildRequest {
  rendered: Pick<Rendered, 'packerDir' | 'httpDir'>;
  medium: Medium;
  packerVersion: string;
  accelerator: 'kvm' | 'tcg';
  installer: Installer['installer'];
  architecture: Architecture;
  pack: 'guest' | 'packer-maas';
  /** The first speed of a typed boot command; null: nothing is typed. */
  typed: TypingSpeed | null;
  /** Seconds from power-on by which the installer must have fetched its configuration; twice that under TCG. */
  fetchWithinS: number;
  /** Seconds from power-on to ssh. */
  installTimeoutS: number;
  /** false: the VM has a window. */
  headless: boolean;
  dir: string;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

/**
 * Runs the installer in a VM, again and slower when its typed boot command was garbled, and takes the root out.
 * On failure only the logs are left in `dir`.
 * @throws Fault of the group build, or TOOL_MISSING
 */
export async function buildRoot(request: BuildRequest): Promise<RootOutput> {
  const { dir, pack, emit } = request;
  if ((await endLeftovers(dir)) > 0)
    emit({ type: 'notice', level: 'warning', message: 'stopped a VM that a killed run had left running' });
  const { output, root, scratch } = buildFiles(dir);
  try {
    await installInVm(request, output);
    return pack === 'packer-maas'
      ? await packLikeUpstream(request, output)
      : await takeHandedOverRoot(output, root, request.signal);
  } finally {
    // For those who want to look into the VM's disk after the build; it is not part of any later stage.
    const disk = request.env.DGXOS_MAAS_KEEP_DISK ? [] : [output];
    for (const path of [...disk, ...Object.values(scratch)]) await rm(path, { recursive: true, force: true });
    await endLeftovers(dir);
  }
}

async function installInVm(request: BuildRequest, output: string): Promise<void> {
  const { rendered, typed, emit } = request;
  const tries = typed === null ? [undefined] : typingSpeeds(typed);
  for (const [index, pace] of tries.entries()) {
    try {
      await attempt({
        packerDir: rendered.packerDir,
        httpDir: rendered.httpDir,
        ...(request.installer === 'subiquity'
          ? { configFile: ANSWERS, unattended: { iso: request.medium.iso } }
          : { configFile: CURTIN_CONFIG, unattended: null }),
        dir: request.dir,
        variables: {
          output_directory: output,
          ...mediumVariables(request.medium),
          install_timeout: `${request.installTimeoutS}s`,
          headless: String(request.headless),
          ...(await firmwareVariables(request)),
          ...(pace && { boot_wait: `${pace.bootWaitS}s`, boot_key_interval: `${pace.keyIntervalMs}ms` }),
        },
        host: { version: request.packerVersion, env: request.env },
        typed: pace !== undefined,
        fetchWithinS: request.fetchWithinS * (request.accelerator === 'tcg' ? 2 : 1),
        emit,
        signal: request.signal,
      });
      return;
    } catch (error) {
      const next = tries[index + 1];
      if (!(error instanceof Fault) || error.code !== 'BUILD_MISTYPED' || !next) throw error;
      emit({ type: 'notice', level: 'warning', message: slowerNotice(next) });
      await rm(output, { recursive: true, force: true });
    }
  }
}

/** A VM of subiquity's starts by UEFI; the firmware's variables are of one VM. */
async function firmwareVariables({
  installer,
  architecture,
  dir,
}: BuildRequest): Promise<Record<string, string>> {
  if (installer !== 'subiquity') return {};
  const firmware = await findFirmware(architecture);
  const { efiVars } = buildFiles(dir).scratch;
  await copyFile(firmware.vars, efiVars);
  // The package's file may be read-only.
  await chmod(efiVars, 0o600);
  return { efi_code: firmware.code, efi_vars: efiVars };
}

/**
 * The guest has written its root as a tar onto the second raw disk; cut after the end of the archive, that disk is
 * the tar. (docs/how-it-works.md)
 * @throws Fault BUILD_NO_ARTIFACT, TAR_TRUNCATED, TAR_INVALID
 */
async function takeHandedOverRoot(output: string, path: string, signal: AbortSignal): Promise<RootOutput> {
  const disk = join(output, `${VM_NAME}-1`);
  // Packer can exit with 0 without having built anything: only the file counts.
  const found = await stat(disk).catch(() => undefined);
  if (!found || found.size === 0)
    throw new Fault('BUILD_NO_ARTIFACT', 'Packer succeeded but left no hand-over disk', {
      hint: `Expected ${disk}. See packer.log beside it.`,
    });
  const { bytes } = await measureTar(disk, { signal });
  await truncate(disk, bytes);
  // It holds every file of the image, those of root's eyes alone too.
  await chmod(disk, 0o600);
  await rename(disk, path);
  return { kind: 'tar', path, bytes };
}
