import { run } from '../../host/process/run.ts';

/** The versions of the tools that decide what a build does, for its fingerprint and the manifest. */
export async function toolVersions(signal?: AbortSignal): Promise<Record<string, string>> {
  const [packer, qemu] = await Promise.all([
    run(['packer', 'version'], { reason: 'build the image', signal, env: { CHECKPOINT_DISABLE: '1' } }),
    run(['qemu-system-x86_64', '--version'], { reason: 'run the installer in a VM', signal }),
  ]);
  return {
    packer: packer.stdout.match(/v(\d+\.\d+\.\d+)/)?.[1] ?? 'unknown',
    qemu: qemu.stdout.match(/version (\S+)/)?.[1] ?? 'unknown',
  };
}
