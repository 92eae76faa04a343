import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { visible } from '../../core/escape/visible.ts';
import { fromSystemError } from '../../core/faults/fault.ts';
import { redact } from '../../core/secrets/registry.ts';
import { makeFolders } from '../../host/files/folders.ts';
import type { Remote, RemoteCommand } from '../../host/ssh/remote.ts';
import { acceptanceLog } from '../../workspace/layout.ts';
import { fillCommand } from './inspect.ts';
import type { Values } from './placeholders.ts';
import type { CollectedLog, LogCommand } from './types.ts';

/** Bytes kept of one log, from its end. */
const MOST = 2_000_000;
const TIMEOUT_MS = 60_000;

/** Credentials that MAAS gives a machine for its own use, as cloud-init writes them into its log. */
const MACHINES_OWN =
  /((?:oauth_(?:token|signature|consumer_key)|consumer_key|token_key|token_secret|password|passwd)["']?\s*[:=]\s*["']?)[^\s"',;&}]+/gi;

/** Writes one log; secrets are masked in it. @throws Fault DISK_FULL, NO_PERMISSION */
export async function keepLog(dir: string, id: string, text: string): Promise<CollectedLog> {
  const cut = text.length > MOST;
  const kept = redact(text.slice(-MOST).replace(MACHINES_OWN, '$1***'));
  const file = acceptanceLog(id);
  const content = Buffer.from(visible(kept));
  try {
    await makeFolders(dirname(join(dir, file)));
    await writeFile(join(dir, file), content);
  } catch (error) {
    throw fromSystemError(error, `writing ${file} in ${dir}`);
  }
  return { id, file, size: content.length, note: cut ? `the last ${MOST} characters` : null };
}

/** Fetches logs from a machine that answers; one that cannot be had is noted and stops nothing. */
export async function collectLogs(
  remote: Remote,
  commands: readonly LogCommand[],
  values: Values,
  dir: string,
  signal: AbortSignal,
): Promise<CollectedLog[]> {
  const logs: CollectedLog[] = [];
  for (const { id, command, root } of commands) {
    let line: RemoteCommand;
    try {
      line = fillCommand(command, values);
    } catch (error) {
      logs.push({ id, file: null, size: 0, note: (error as Error).message });
      continue;
    }
    const result = await remote.run(line, { root, timeoutMs: TIMEOUT_MS, signal, keep: MOST });
    const late = result.timedOut ? `not at its end after ${TIMEOUT_MS / 1000} s` : null;
    if (result.stdout) {
      // The rest of a line that was cut could be the rest of a secret.
      const from = result.cut ? result.stdout.indexOf('\n') + 1 : 0;
      const log = await keepLog(dir, id, result.stdout.slice(from));
      logs.push({ ...log, note: late ?? (result.cut ? `the last ${MOST} characters` : log.note) });
    } else if (late) logs.push({ id, file: null, size: 0, note: late });
    else {
      const why = visible(result.stderr).trim().split('\n').at(-1) || 'it is empty';
      logs.push({ id, file: null, size: 0, note: redact(why) });
    }
  }
  return logs;
}
