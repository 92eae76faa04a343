import { createHash } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromSystemError } from '../../core/faults/fault.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { parseLines } from '../../host/files/read-json.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { object, type Shape, text } from '../../host/files/shape.ts';
import { seenFile } from '../../workspace/layout.ts';

/** A line that a deployed machine once showed; only its digest is kept. */
interface RecordedLine {
  check: string;
  digest: string;
  /** URL of the MAAS and the machine's id in it. */
  machine: string;
  /** Of the acceptance. */
  deployment: string;
}

export interface OutputOrigin {
  machine: string;
  deployment: string;
}

const LINE: Shape<RecordedLine> = object({ check: text, digest: text, machine: text, deployment: text });

/**
 * Lines of an output that were seen before: from another deployment, or from another machine. All of them are remembered, so
 * that the next machine's can be compared with them.
 * @throws Fault DISK_FULL, NO_PERMISSION
 */
export async function repeatedLines(
  check: string,
  output: string,
  scope: 'deployment' | 'machine',
  origin: OutputOrigin,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const earlier = (await read(env)).filter((one) => one.check === check && one[scope] !== origin[scope]);
  const digests = new Set(earlier.map(({ digest }) => digest));
  const now = lines.map((line) => ({ line, digest: createHash('sha256').update(line).digest('hex') }));
  try {
    await makeFolders(dirname(seenFile(env)), 0o700);
    await appendFile(
      seenFile(env),
      now.map(({ digest }) => `${JSON.stringify({ check, digest, ...origin })}\n`).join(''),
    );
  } catch (error) {
    throw fromSystemError(error, `writing ${seenFile(env)}`);
  }
  return now.filter(({ digest }) => digests.has(digest)).map(({ line }) => line);
}

/** Lines are some 250 bytes, and a machine gives some ten: this is enough for ten thousand acceptances. */
const LARGEST = 256 << 20;

async function read(env: NodeJS.ProcessEnv): Promise<RecordedLine[]> {
  return parseLines(await readBoundedText(seenFile(env), LARGEST).catch(() => ''), LINE);
}
