import { createHash } from 'node:crypto';

/** SHA-256 in hex, the fastest of the collision-resistant digests of Node where the processor has instructions for it. */
export async function digestOf(bytes: Buffer): Promise<string> {
  return createHash('sha256').update(bytes).digest('hex');
}
