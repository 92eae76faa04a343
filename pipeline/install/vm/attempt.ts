import { statfs } from 'node:fs/promises';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { duration } from '../../core/text/human.ts';
import { failureIn, followConsole, meaningOf } from '../../host/vm/console.ts';
import { buildFiles } from '../../workspace/layout.ts';
import { causeOf, diskFailed, isDiskError, isFatal, NO_REASON } from './causes.ts';
import { type ConfigServer, serveConfig } from './config-server.ts';
import { newCredentials } from './credentials.ts';
import { runPacker } from './packer.ts';
import type { PackerHost } from './packer-env.ts';

/** The name of the medium on the server, where the installer fetches it. */
const MEDIUM = 'medium.iso';
/** The line by which an installation that nobody logs in to says that its root is on the second disk, whole. */
const HANDED_OVER = /^dgxos-installer: hand-over done\b/;
/** Bytes that must be free for the VM's disks to grow. */
const LEAST_SPACE = 32 << 20;
/** Lines of the console kept to be shown with a failure. */
const TAIL = 40;

export interface AttemptRequest {
  packerDir: string;
  httpDir: string;
  /** The file that the installer must fetch; that it does proves that the kernel command line arrived. */
  configFile: string;
  /** The medium, where the installer fetches it, hands its root over and ends by itself; null where Packer logs in to it. */
  unattended: { iso: string } | null;
  dir: string;
  variables: Record<string, string>;
  host: PackerHost;
  /** Whether Packer types the kernel parameters, so that they may arrive garbled. */
  typed: boolean;
  /** Seconds after the start by which the configuration must have been fetched. */
  fetchWithinS: number;
  emit: Emit;
  signal: AbortSignal;
}

export interface Watch {
  /** Seconds from the start to the configuration's fetch; undefined: never. */
  fetchedAfterS: number | undefined;
}

/**
 * One boot of the installer. Fails early when the installer never asks for its configuration (a mistyped boot
 * command otherwise shows only as an ssh time-out, 90 minutes later) and when it says itself that it has failed.
 * @throws Fault BUILD_MISTYPED, BUILD_INSTALL_FAILED, IO_FAILED or the cause found in what Packer said
 */
export async function attempt(request: AttemptRequest): Promise<Watch> {
  const disk: { error?: string } = {};
  try {
    return await attempted(request, (line) => {
      if (isDiskError(line)) disk.error ??= line;
    });
  } catch (error) {
    throw error instanceof Fault && disk.error !== undefined ? diskFailed(error, disk.error) : error;
  }
}

async function attempted(request: AttemptRequest, onConsole: (line: string) => void): Promise<Watch> {
  const { emit, configFile, unattended } = request;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const credentials = newCredentials();
  const watch: Watch = { fetchedAfterS: undefined };
  const tail: string[] = [];
  const qemu: string[] = [];
  const cause = (packer: string) => causeOf({ packer, qemu, serial: tail }, request.dir);
  const consoleLog = buildFiles(request.dir).console;

  const onGet = (file: string) => {
    if (file !== configFile || watch.fetchedAfterS !== undefined) return;
    watch.fetchedAfterS = seconds();
    emit({ type: 'activity', id: 'build', label: 'the installer has fetched its configuration' });
  };
  const served: Record<string, string> = unattended ? { [MEDIUM]: unattended.iso } : {};
  const server = await serveConfig(request.httpDir, credentials.hash, onGet, served);
  const whyNotRequested = () => (unattended ? mediumsPart(server, configFile) : MISTYPED);
  let handedOver = false;
  const serial = followConsole(consoleLog, (line) => {
    tail.push(line);
    if (tail.length > TAIL) tail.shift();
    emit({ type: 'log', source: 'console', line });
    onConsole(line);
    handedOver ||= HANDED_OVER.test(line);
    const label = meaningOf(line);
    if (label) emit({ type: 'activity', id: 'build', label: `VM: ${label}` });
    const failure = failureIn(line);
    // A few seconds for the rest of the story to reach the console before the VM is stopped.
    if (failure)
      setTimeout(() => {
        // Garbled parameters that an installer does not understand do not mean that the installation is wrong.
        const garbled = request.typed && watch.fetchedAfterS === undefined;
        const fault = garbled
          ? notRequested(`: ${failure}`, MISTYPED, tail, request.dir)
          : installFailed(failure, tail, request.dir);
        stop.abort(fault);
      }, 2000).unref();
  });
  const watchdog = setTimeout(() => {
    if (watch.fetchedAfterS === undefined)
      stop.abort(
        notRequested(` within ${duration(request.fetchWithinS)}`, whyNotRequested(), tail, request.dir),
      );
  }, request.fetchWithinS * 1000);

  // QEMU pauses a VM whose disk cannot be written, and then nothing happens until ssh times out.
  const space = setInterval(async () => {
    const { bavail, bsize } = await statfs(request.dir);
    if (bavail * bsize < LEAST_SPACE) stop.abort(diskFull(request.dir));
  }, 2000);

  try {
    emit({ type: 'activity', id: 'build', label: 'Packer starts the VM' });
    const { exitCode, said } = await runPacker({
      packerDir: request.packerDir,
      dir: request.dir,
      variables: { ...request.variables, ...connection(server, configFile, consoleLog, unattended !== null) },
      secrets: unattended ? {} : { ssh_password: credentials.password },
      host: request.host,
      onQemu(line) {
        qemu.push(line);
        if (qemu.length > TAIL) qemu.shift();
        // Packer notices a VM that ends later than in its first seconds by ssh's time-out only.
        if (isFatal(line)) setTimeout(() => stop.abort(cause('')), 3000).unref();
      },
      onVmGone: () => stop.abort(vmGone(cause(''), tail, request.dir)),
      emit,
      signal,
    });
    if (exitCode !== 0) throw cause(said);
  } finally {
    emit({ type: 'activity-end', id: 'build' });
    clearTimeout(watchdog);
    clearInterval(space);
    await serial.close();
    await server.close();
  }
  // By now the last lines of a VM that has turned itself off were read.
  if (unattended && !handedOver) {
    if (qemu.some(isFatal)) throw cause('');
    throw notHandedOver(
      watch.fetchedAfterS === undefined ? whyNotRequested() : ENDED_EARLY,
      tail,
      request.dir,
    );
  }
  return watch;
}

/** The variables that only the moment of the run can give. */
export function connection(
  server: Pick<ConfigServer, 'url'>,
  configFile: string,
  consoleLog: string,
  fetchesMedium: boolean,
): Record<string, string> {
  return {
    config_url: server.url(configFile),
    console_log: consoleLog,
    ...(fetchesMedium && { medium_url: server.url(MEDIUM) }),
  };
}

const MISTYPED = 'The kernel command line did not reach it. With boot: direct nothing is typed.';
const ENDED_EARLY =
  'The installer turned the VM off or restarted it, or something killed it, before the last of the late commands. See console.log.';

/** The progress of an installer that fetches its own medium and has not requested its answers. */
function mediumsPart(server: Pick<ConfigServer, 'requested' | 'delivered'>, answers: string): string {
  if (server.delivered(MEDIUM))
    return `The VM has fetched the ISO, and its installer never requested ${answers}: it does not know the kernel parameter that names it, or stopped before.`;
  if (server.requested(MEDIUM))
    return 'The VM has not fetched the whole ISO: it stopped in the meantime, or this host is too slow.';
  return "The VM never requested the ISO: the medium's initrd found no network, or does not know the kernel parameter that names the ISO.";
}

function notHandedOver(hint: string, tail: string[], dir: string): Fault {
  return new Fault('BUILD_NO_ARTIFACT', 'The VM ended without handing its root over', {
    hint,
    detail: [...tail.slice(-15), `logs: ${dir}`].join('\n'),
  });
}

function notRequested(how: string, hint: string, tail: string[], dir: string): Fault {
  return new Fault('BUILD_MISTYPED', `The installer did not request its configuration${how}`, {
    hint,
    detail: [...tail.slice(-12), `logs: ${dir}`].join('\n'),
  });
}

function installFailed(line: string, tail: string[], dir: string): Fault {
  return new Fault('BUILD_INSTALL_FAILED', `The installer stopped: ${line}`, {
    hint: 'Its last console lines are above; the complete console log is in console.log.',
    detail: [...tail.slice(-25), `logs: ${dir}`].join('\n'),
  });
}

function diskFull(dir: string): Fault {
  return new Fault('DISK_FULL', `The disk of ${dir} is full`, {
    hint: 'A build needs about twice the size of the installed system there. Free some space, or set `workspace:` to a larger disk.',
  });
}

/** The message of QEMU, where there is one. */
function vmGone(cause: Fault, tail: string[], dir: string): Fault {
  if (cause.message !== NO_REASON) return cause;
  return new Fault(
    'BUILD_FAILED',
    'The VM ended in the middle of the installation, and QEMU gave no reason',
    {
      hint: 'Something killed its process; if it was the kernel, because of too little memory, `dmesg` reports it.',
      detail: [...tail.slice(-10), `logs: ${dir}`].join('\n'),
    },
  );
}
