import type { Emit } from '../../core/events/event.ts';
import { rehearsalFiles } from '../../workspace/layout.ts';
import type { Ephemeral } from './ephemeral.ts';
import { type MachineRequest, prepareMachine, type RunMachine, stopped } from './machine.ts';
import type { Progress } from './phases.ts';
import type { Posted } from './posted.ts';
import { followScreen } from './screen.ts';
import type { Failure } from './types.ts';
import { failureOf } from './verdict.ts';
import { watchHost } from './watch-host.ts';

export interface DeployOptions {
  progress: Progress;
  posted: Posted;
  run: RunMachine;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * Runs the machine from its ephemeral until curtin has installed it, or could not.
 * @throws Fault of the host, INTERRUPTED
 */
export async function deploy(
  machine: MachineRequest & { ephemeral: Ephemeral },
  { progress, posted, run, emit, signal }: DeployOptions,
): Promise<Failure | null> {
  const files = rehearsalFiles(machine.folder);
  await prepareMachine(machine, signal);
  const screen = followScreen({ from: files.rawConsole, to: files.console }, emit);
  const ending = new AbortController();
  const watched = { ...machine, console: files.rawConsole, progress, tail: screen.tail };
  const host = watchHost(watched, (fault) => ending.abort(fault));
  progress.begin();
  try {
    const { failed } = await run(machine, { emit, signal: AbortSignal.any([signal, ending.signal]) });
    if (failed !== null && progress.failures.length === 0) throw stopped(failed);
  } finally {
    host.close();
    await screen.close();
  }
  await posted.done();
  return failureOf(progress, { installLog: posted.installLog(), screen: screen.tail });
}
