import { mkdir, rm } from 'node:fs/promises';
import { SandboxError } from '../error.ts';
import type { RunTool } from './run-tool.ts';

/** Whether we are the superuser, who alone can give files the owners that the archive says. */
export const isRoot = () => process.getuid?.() === 0;

/** An argv with the root directory `root` as `/`: chroot, for an ordinary user in a user namespace of its own. */
export function inside(root: string, argv: readonly string[]): [string, ...string[]] {
  // Not on the PATH of ordinary users.
  const chroot = ['/usr/sbin/chroot', root, ...argv] as [string, ...string[]];
  return isRoot() ? chroot : ['unshare', '--map-root-user', ...chroot];
}

/**
 * Unpacks an image as curtin's `extract` does (the reference: `tar -C TARGET --xattrs --xattrs-include=* -Sxpf - --numeric-owner`).
 * As an ordinary user the owners are left out. There are no device nodes afterwards: they would be those of this host.
 * @throws SandboxError TAR_INVALID
 */
export async function unpack(run: RunTool, image: string, root: string, signal: AbortSignal): Promise<void> {
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o755 });
  const tar = ['tar', '-C', root, '--xattrs', '--xattrs-include=*', '-Sxpf', image, '--numeric-owner'];
  const argv = isRoot()
    ? tar
    : ['unshare', '--map-root-user', ...tar, '--no-same-owner', '--exclude=./dev/*'];
  const { exitCode, stderr } = await run(argv as [string, ...string[]], {
    signal,
    reason: 'unpack an image as curtin does',
  });
  if (exitCode !== 0)
    throw new SandboxError('TAR_INVALID', `curtin could not unpack this image: tar ended with ${exitCode}`, {
      detail: stderr.trim().split('\n').slice(-5).join('\n'),
    });
  const nodes = ['(', '-type', 'b', '-o', '-type', 'c', ')', '-delete'];
  if (!isRoot()) return;
  const found = await run(['find', root, '-xdev', ...nodes], { signal });
  if (found.exitCode !== 0)
    throw new SandboxError(
      'TAR_INVALID',
      `device nodes of the image cannot be deleted: ${found.stderr.trim()}`,
    );
}
