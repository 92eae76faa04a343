import { chmod, rm, statfs, truncate } from 'node:fs/promises';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { supervise } from '../../host/process/supervise.ts';
import { $ } from '../../host/process/tool.ts';
import { failureIn, followConsole, meaningOf } from '../../host/vm/console.ts';
import type { RootOutput } from '../../image/artifact.ts';
import { measureTar } from '../../image/pack/measure.ts';
import { buildFiles, namespaceScript } from '../../workspace/layout.ts';
import { openArchiveProxy } from './archive-proxy.ts';

/** Lines of the console kept to be shown with a failure. */
const TAIL = 40;
/** Bytes that must be free for the target to grow. */
const LEAST_SPACE = 32 << 20;

export interface NamespaceRunRequest {
  /** Directory with the rendered build.sh. */
  packerDir: string;
  httpDir: string;
  /** The inputs of build.sh besides folders, by the names of its variables. */
  env: Record<string, string>;
  /** Seconds until the installation must have ended. */
  installTimeoutS: number;
  dir: string;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * Runs a rendered build.sh, which installs in namespaces of its own and writes root.tar. On failure only the logs are left in `dir`.
 * @throws Fault BUILD_INSTALL_FAILED, BUILD_TIMEOUT, BUILD_NO_ARTIFACT, DISK_FULL, TOOL_MISSING
 */
export async function runInNamespaces(request: NamespaceRunRequest): Promise<RootOutput> {
  const { dir, signal } = request;
  const script = namespaceScript(request.packerDir);
  const { root: path, partialRoot, work } = buildFiles(dir);
  const archives = await openArchiveProxy(signal);
  const env = {
    ...request.env,
    ...{ OUTPUT: dir, WORK: work, CONFIG: request.httpDir, ARCHIVES: archives.dir },
  };
  try {
    await install(request, script, env);
    const { bytes } = await measureTar(path, { signal }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new Fault('BUILD_NO_ARTIFACT', 'The installation ended well but left no root.tar', {
        hint: `See console.log in ${dir}.`,
      });
    });
    await truncate(path, bytes);
    // It holds every file of the image, those of root's eyes alone too.
    await chmod(path, 0o600);
    return { kind: 'tar', path, bytes };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await archives.close();
    await rm(partialRoot, { force: true });
    // Files of other owners' ids: only root of the same namespace can remove them.
    await $({ env, timeoutMs: 120_000, nothrow: true })`bash ${script} --clean`.catch(() => {});
  }
}

async function install(
  request: NamespaceRunRequest,
  script: string,
  env: Record<string, string>,
): Promise<void> {
  const { dir, emit } = request;
  const stop = new AbortController();
  const tail: string[] = [];
  let failure: string | undefined;
  const log = followConsole(buildFiles(dir).console, (line) => {
    tail.push(line);
    if (tail.length > TAIL) tail.shift();
    emit({ type: 'log', source: 'console', line });
    const label = meaningOf(line);
    if (label) emit({ type: 'activity', id: 'build', label });
    failure ??= failureIn(line);
  });
  const space = setInterval(async () => {
    const { bavail, bsize } = await statfs(dir);
    if (bavail * bsize < LEAST_SPACE) stop.abort(diskFull(dir));
  }, 2000);
  try {
    const { exitCode, timedOut, stderr } = await supervise(['bash', script], {
      env,
      guarded: true,
      timeoutMs: request.installTimeoutS * 1000,
      logFile: buildFiles(dir).installLog,
      signal: AbortSignal.any([request.signal, stop.signal]),
    });
    await log.close();
    if (timedOut)
      throw new Fault('BUILD_TIMEOUT', `The installation did not end within ${request.installTimeoutS} s`, {
        hint: 'Set `install_timeout:` of the image higher, or see in console.log what it waits for.',
        detail: [...tail.slice(-12), `logs: ${dir}`].join('\n'),
      });
    if (exitCode !== 0)
      throw installFailed(failure ?? stderr.trim().split('\n').at(-1) ?? '', tail, stderr, dir);
  } finally {
    emit({ type: 'activity-end', id: 'build' });
    clearInterval(space);
    await log.close();
  }
}

function installFailed(line: string, tail: string[], stderr: string, dir: string): Fault {
  if (/No space left on device/.test([line, ...tail, stderr].join('\n'))) return diskFull(dir);
  return new Fault('BUILD_INSTALL_FAILED', `The installer stopped: ${line}`, {
    hint: 'Its last lines are above; the complete logs are console.log and curtin.log.',
    detail: [...tail.slice(-25), `logs: ${dir}`].join('\n'),
  });
}

function diskFull(dir: string): Fault {
  return new Fault('DISK_FULL', `The disk of ${dir} is full`, {
    hint: 'A build needs about three times the size of the installed system there. Free some space, or set `workspace:` to a larger disk.',
  });
}
