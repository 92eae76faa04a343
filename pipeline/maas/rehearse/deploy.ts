import { plain } from '../../core/escape/terminal.ts';
import type { Emit } from '../../core/events/event.ts';
import { rehearsalFiles } from '../../workspace/layout.ts';
import { SETTLE_MS, stopsIn } from './boot-trouble.ts';
import type { Ephemeral } from './ephemeral.ts';
import { ephemeralUnusable, isBeforeCurtin } from './ephemeral-trouble.ts';
import { type MachineRequest, prepareMachine, type RunMachine } from './machine.ts';
import { stopped } from './machine-stopped.ts';
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
  const ending = new AbortController();
  const { ephemeral } = machine;
  let stopsAt: string | undefined;
  const screen = followScreen({ from: files.rawConsole, to: files.console }, emit, (line) => {
    // Later the console has curtin's own output, and that of the image's programs.
    if (stopsAt !== undefined || !isBeforeCurtin(progress.phase)) return;
    stopsAt = stopsIn(line)?.said;
    if (stopsAt === undefined) return;
    const said = `The ephemeral system does not come up: ${plain(stopsAt)}`;
    const stop = () => ending.abort(ephemeralUnusable(said, { ephemeral, tail: screen.tail }));
    setTimeout(stop, SETTLE_MS).unref();
  });
  const watched = { ...machine, console: files.rawConsole, progress, tail: screen.tail };
  const host = watchHost(watched, (fault) => ending.abort(fault));
  progress.begin();
  try {
    const { failed } = await run(machine, {
      emit,
      signal: AbortSignal.any([signal, ending.signal]),
      onStopped: (fault) => ending.abort(fault),
    });
    // Failures that curtin has reported until then are a verdict only if it has ended.
    if (failed !== null && !(progress.phase === 'end' && !progress.installed)) throw stopped(failed);
    if (progress.failures.length === 0 && isBeforeCurtin(progress.phase)) {
      await screen.close();
      const what = progress.phase === 'power-on' ? 'it has asked for its preseed' : 'curtin has begun';
      throw ephemeralUnusable(`The ephemeral system ended before ${what}`, { ephemeral, tail: screen.tail });
    }
  } finally {
    host.close();
    await screen.close();
  }
  await posted.done();
  return failureOf(progress, { installLog: posted.installLog(), screen: screen.tail });
}
