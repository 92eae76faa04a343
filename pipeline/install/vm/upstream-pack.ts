import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { redact } from '../../core/secrets/registry.ts';
import { supervise } from '../../host/process/supervise.ts';
import type { RootOutput } from '../../image/artifact.ts';
import { buildFiles } from '../../workspace/layout.ts';
import type { BuildRequest } from './build.ts';

/** The rendered script that sources packer-maas' setup-nbd and tar-root as its own template does. */
const SCRIPT = 'upstream-pack';

/**
 * Packs the way packer-maas does: root, the nbd module, a mount, `tar -Sczpf --selinux`.
 * @throws Fault NO_PERMISSION without root, PACK_FAILED with what the scripts said
 */
export async function packLikeUpstream(request: BuildRequest, output: string): Promise<RootOutput> {
  if (process.getuid?.() !== 0)
    throw new Fault(
      'NO_PERMISSION',
      'pack: packer-maas needs root: its scripts load nbd and mount the disk',
      {
        hint: 'Run as root, or leave `pack` at its default, which needs no privilege.',
      },
    );
  const { packedRoot: path, upstreamLog } = buildFiles(request.dir);
  const partial = `${path}.partial`;
  const result = await supervise([join(request.rendered.packerDir, SCRIPT)], {
    cwd: request.dir,
    // The scripts look for output-qemu/packer-qemu below the current folder and write $OUTPUT.
    env: { OUTPUT: partial, OUTPUT_DIRECTORY: output },
    logFile: upstreamLog,
    guarded: true,
    signal: request.signal,
    onLine: (line) => request.emit({ type: 'log', source: 'packer-maas', line }),
  });
  const made = await stat(partial).catch(() => undefined);
  if (result.exitCode !== 0 || !made) {
    await rm(partial, { force: true });
    throw new Fault('PACK_FAILED', "packer-maas' own scripts could not pack the disk", {
      hint: 'They need root and the nbd kernel module; the default `pack: guest` needs neither.',
      detail: redact(`${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-12).join('\n')),
    });
  }
  await rename(partial, path);
  return { kind: 'tgz', path, bytes: made.size };
}
