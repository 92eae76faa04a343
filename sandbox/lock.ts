import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SandboxError } from './error.ts';

/** Half seconds for a server that is just ending. */
const TRIES = 6;

/**
 * Keeps a second server out of a folder. The lock is a socket in the abstract namespace of Linux (unix(7)), named after the
 * folder: no file of it is left, and the kernel frees it with the process, however that ends.
 * @throws SandboxError WORKSPACE_LOCKED
 */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const name = `\0dgxos-maas-sandbox-${createHash('sha256').update(realpathSync(dir)).digest('hex')}`;
  for (let left = TRIES; ; left--) {
    const socket = createServer((connection) => connection.destroy());
    try {
      await once(socket.listen(name), 'listening');
      return async () => {
        await new Promise((resolve) => socket.close(resolve));
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
    if (left === 0)
      throw new SandboxError('WORKSPACE_LOCKED', `Another sandbox is running on ${dir}`, {
        hint: 'Stop it, or give another folder by --dir.',
      });
    await sleep(500);
  }
}
