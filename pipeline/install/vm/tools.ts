import { $ } from '../../host/process/tool.ts';

/** The versions of the tools that decide what a build does, for its fingerprint and the manifest. */
export async function toolVersions(
  qemuProgram: string,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const [packer, qemu] = await Promise.all([
    $({ reason: 'build the image', signal, nothrow: true, env: { CHECKPOINT_DISABLE: '1' } })`packer version`,
    $({ reason: 'run the installer in a VM', signal, nothrow: true })`${[qemuProgram]} --version`,
  ]);
  return {
    packer: packer.stdout.match(/v(\d+\.\d+\.\d+)/)?.[1] ?? 'unknown',
    qemu: qemu.stdout.match(/version (\S+)/)?.[1] ?? 'unknown',
  };
}
