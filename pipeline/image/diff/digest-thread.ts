import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

/** Of the thread. A text: a file of its own would be another one for sources, compiled files and the bundle. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { readSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const hash = createHash('sha256');
const buffer = Buffer.allocUnsafeSlow(1 << 20);
for (let at = 0, read; (read = readSync(workerData, buffer, 0, buffer.length, at)) > 0; at += read)
  hash.update(buffer.subarray(0, read));
parentPort.postMessage(hash.digest('hex'));`;

/**
 * SHA-256 of an open file in hex, on a thread of its own: two artifacts are digested at the same time, while what differs is looked for.
 * The file must stay open until then.
 * @throws the signal's reason, errors of reading
 */
export async function digestOnThread(file: FileHandle, signal: AbortSignal): Promise<string> {
  const thread = new Worker(PROGRAM, { eval: true, workerData: file.fd });
  try {
    const [sha256] = await once(thread, 'message', { signal });
    return sha256;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await thread.terminate();
  }
}
