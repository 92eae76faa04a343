import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromSystemError } from '../../core/faults/fault.ts';
import { stateDir } from '../../workspace/state-dir.ts';

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

const file = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'acceptance', 'seen.ndjson');

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
    await mkdir(dirname(file(env)), { recursive: true, mode: 0o700 });
    await appendFile(
      file(env),
      now.map(({ digest }) => `${JSON.stringify({ check, digest, ...origin })}\n`).join(''),
    );
  } catch (error) {
    throw fromSystemError(error, `writing ${file(env)}`);
  }
  return now.filter(({ digest }) => digests.has(digest)).map(({ line }) => line);
}

async function read(env: NodeJS.ProcessEnv): Promise<RecordedLine[]> {
  const text = await readFile(file(env), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return line ? [JSON.parse(line) as RecordedLine] : [];
    } catch {
      return [];
    }
  });
}
