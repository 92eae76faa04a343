import { rm } from 'node:fs/promises';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { supervise } from '../../host/process/supervise.ts';
import { versionOutput } from '../../host/process/version-output.ts';
import { followConsole } from '../../host/vm/console.ts';
import { buildFiles } from '../../workspace/layout.ts';
import { parseRow, spokenLines } from './machine-readable.ts';
import { type PackerHost, packerEnv } from './packer-env.ts';
import { watchVm } from './vm-watch.ts';

export interface PackerRun {
  /** The directory with *.pkr.hcl. */
  packerDir: string;
  /** The build's own directory: Packer's cache, logs, temporary files and output live in it. */
  dir: string;
  /** Variables without secrets: they are seen in the process list. */
  variables: Record<string, string>;
  /** Variables that go by the environment only. */
  secrets: Record<string, string>;
  host: PackerHost;
  /** A line that QEMU wrote to stderr or stdout. */
  onQemu(line: string): void;
  /** The VM's process has ended, and Packer goes on. */
  onVmGone(): void;
  emit: Emit;
  signal: AbortSignal;
}

/** The line in which Packer prints the password of the VM's screen, which it made itself. */
const VNC_PASSWORD = /with the password: (\S+)/;

/** The command line of a build; what --dry-run shows. */
export function packerArgv(packerDir: string, variables: Record<string, string>): [string, ...string[]] {
  const vars = Object.entries(variables).flatMap(([name, value]) => ['-var', `${name}=${value}`]);
  return [
    'packer',
    'build',
    '-machine-readable',
    '-timestamp-ui',
    '-color=false',
    '-on-error=cleanup',
    ...vars,
    packerDir,
  ];
}

/**
 * Runs one `packer build` under the guard, so that no VM outlives us.
 * @returns the exit code and everything Packer said; a failed build is a result here
 * @throws Fault TOOL_MISSING, or the abort reason of `signal`
 */
export async function runPacker(request: PackerRun): Promise<{ exitCode: number; said: string }> {
  const { debugLog, packerLog, scratch } = buildFiles(request.dir);
  await rm(debugLog, { force: true });
  await makeFolders(scratch.tmp);
  await makeFolders(scratch.config);
  const env = packerEnv(request.dir, request.host);
  for (const [name, value] of Object.entries(request.secrets)) env[`PKR_VAR_${name}`] = value;
  const said: string[] = [];
  // The only place where what QEMU itself says goes.
  const vm = watchVm(request.onVmGone);
  const debug = followConsole(debugLog, (line) => {
    vm.logged(line);
    const text = line.match(/ Qemu std(?:err|out): (.*)$/)?.[1];
    if (text === undefined) return;
    request.emit({ type: 'log', source: 'qemu', line: text });
    request.onQemu(text);
  });
  const result = await supervise(packerArgv(request.packerDir, request.variables), {
    cwd: request.dir,
    env: { ...env, PACKER_LOG: '1', PACKER_LOG_PATH: debugLog },
    logFile: packerLog,
    guarded: true,
    graceMs: 20_000,
    signal: request.signal,
    reason: 'build the image',
    onLine(line) {
      const row = parseRow(line);
      const spoken = row ? spokenLines(row) : { kind: 'say', lines: [line] };
      for (const text of spoken?.lines ?? []) {
        registerSecret(VNC_PASSWORD.exec(text)?.[1]);
        said.push(text);
        vm.said(text);
        request.emit({ type: 'log', source: 'packer', line: text });
      }
    },
  }).finally(async () => {
    vm.close();
    await debug.close();
    vm.close();
  });
  return { exitCode: result.exitCode, said: said.join('\n') };
}

/**
 * The version of the Packer on the PATH, such as "1.6.6".
 * @throws Fault TOOL_MISSING, TOOL_TOO_OLD (below 1.6 there is no HCL2 with qemu inside)
 */
export async function packerVersion(signal?: AbortSignal): Promise<string> {
  const { stdout } = await versionOutput(['packer', 'version'], {
    reason: 'build the image',
    signal,
    env: { CHECKPOINT_DISABLE: '1' },
  });
  const version = stdout.match(/v(\d+\.\d+\.\d+)/)?.[1];
  if (!version)
    throw new Fault('TOOL_FAILED', 'packer version did not print a version', {
      detail: stdout.slice(0, 400),
    });
  const [major, minor] = version.split('.').map(Number) as [number, number];
  if (major < 1 || (major === 1 && minor < 6))
    throw new Fault('TOOL_TOO_OLD', `Packer ${version} is too old: 1.6 or newer is needed`, {
      hint: 'sudo apt-get install packer',
    });
  return version;
}
