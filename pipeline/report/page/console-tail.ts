import { type FileHandle, open } from 'node:fs/promises';
import { visible } from '../../core/escape/visible.ts';

const TAIL = 64 << 10;
const MOST_LINES = 60;
const LONGEST = 400;

/** The last lines of a console's log, without control sequences; none where there is no log. */
export async function consoleTail(path: string): Promise<string[]> {
  let log: FileHandle;
  try {
    log = await open(path);
  } catch {
    return [];
  }
  try {
    const { size } = await log.stat();
    const from = Math.max(0, size - TAIL);
    const { buffer, bytesRead } = await log.read({
      buffer: Buffer.alloc(Math.min(size, TAIL)),
      position: from,
    });
    const lines = buffer
      .subarray(0, bytesRead)
      .toString()
      .split(/\r*\n/)
      // A carriage return alone starts the line over: what was last written stands.
      .map((line) => visible(line.split('\r').at(-1)!).trimEnd());
    // The first line of a tail is cut.
    if (from > 0) lines.shift();
    while (lines.at(-1) === '') lines.pop();
    return lines
      .slice(-MOST_LINES)
      .map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line));
  } finally {
    await log.close();
  }
}
