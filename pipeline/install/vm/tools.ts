import { versionOutput } from '../../host/process/version-output.ts';

/** The versions of the tools that decide what a build does, for its fingerprint and the manifest. */
export async function toolVersions(
  qemuProgram: string,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const [packer, qemu] = await Promise.all([
    versionOutput(['packer', 'version'], {
      reason: 'build the image',
      signal,
      env: { CHECKPOINT_DISABLE: '1' },
    }),
    versionOutput([qemuProgram, '--version'], { reason: 'run the installer in a VM', signal }),
  ]);
  return {
    packer: packer.stdout.match(/v(\d+\.\d+\.\d+)/)?.[1] ?? 'unknown',
    qemu: qemu.stdout.match(/version (\S+)/)?.[1] ?? 'unknown',
  };
}
