import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { fileSource, sourceFault } from './source.ts';

export interface Digest {
  sha256: string;
  /** Bytes. */
  size: number;
}

/** Bytes between two reports of progress. */
const STEP = 64 << 20;

/**
 * Size and SHA-256 of a file of any size, without a look at what is in it.
 * @throws Fault IMAGE_UNREADABLE, NO_PERMISSION, INTERRUPTED
 */
export function digestOf(path: string, emit: Emit, signal: AbortSignal): Promise<Digest> {
  return underWay(emit, 'digest', () => digested(path, emit, signal));
}

async function digested(path: string, emit: Emit, signal: AbortSignal): Promise<Digest> {
  const { chunks, size: total } = await fileSource(path);
  const hash = createHash('sha256');
  const label = `sha256 of ${basename(path)}`;
  let size = 0;
  let reported = 0;
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) throw interrupted(signal);
      hash.update(chunk);
      size += chunk.length;
      if (size - reported < STEP) continue;
      reported = size;
      emit({ type: 'progress', id: 'digest', label, done: size, total, unit: 'bytes' });
    }
  } catch (error) {
    throw error instanceof Fault ? error : sourceFault(error, path);
  }
  return { sha256: hash.digest('hex'), size };
}
