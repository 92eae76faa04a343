import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import { Fault } from '../../core/faults/fault.ts';
import { redact } from '../../core/secrets/registry.ts';
import { shellQuoted } from '../../host/process/shell-word.ts';
import type { Remote, RemoteCommand, RemoteResult } from '../../host/ssh/remote.ts';
import { waitForSsh } from '../../host/ssh/wait.ts';
import type { Finding } from '../../image/checks/judge.ts';
import { differences, shortened } from './expect.ts';
import { fill, ValueMissing, type Values } from './placeholders.ts';
import { type OutputOrigin, repeatedLines } from './recorded-output.ts';
import type { AcceptanceCheck } from './types.ts';

export interface InspectOptions {
  values: Values;
  origin: OutputOrigin;
  /** Seconds for which a machine that broke off is waited for. */
  sshTimeoutS: number;
  /** Milliseconds between two tries. */
  pollMs?: number;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

/** The machine broke off and did not come back: one wait for it is enough. */
class ConnectionLost extends Error {}

type Outcome = Pick<Finding, 'status' | 'found'>;

/** Runs every check, one after the other; a failed one stops none of the others. @param from number of the first */
export function inspect(
  remote: Remote,
  checks: readonly AcceptanceCheck[],
  from: number,
  options: InspectOptions,
): Promise<Finding[]> {
  return underWay(options.emit, 'accept', () => findingsOf(remote, checks, from, options));
}

async function findingsOf(
  remote: Remote,
  checks: readonly AcceptanceCheck[],
  from: number,
  options: InspectOptions,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let gone = false;
  for (const [at, check] of checks.entries()) {
    options.emit({
      type: 'progress',
      ...{ id: 'accept', label: 'acceptance checks', done: at, total: checks.length, unit: 'count' },
      note: check.id,
    });
    if (gone) {
      const found = 'the machine no longer answers';
      findings.push(finding(check, from + at, { status: 'not-applicable', found }));
      continue;
    }
    const { status, found } = await outcome(remote, check, options).catch((error: unknown): Outcome => {
      if (!(error instanceof ConnectionLost)) throw error;
      gone = true;
      return { status: 'fail', found: `the connection broke: ${error.message}` };
    });
    findings.push(finding(check, from + at, { status, found: redact(found) }));
  }
  return findings;
}

/** A check's finding. */
export function finding(
  check: Pick<AcceptanceCheck, 'id' | 'title' | 'wrong' | 'severity' | 'why' | 'fix'> &
    Partial<Pick<AcceptanceCheck, 'command'>>,
  number: number,
  { status, found }: Outcome,
): Finding {
  const { id, title, severity, why, fix } = check;
  const headline = status === 'fail' ? `${check.wrong ?? commandOf(check.command)}: ${found}` : title;
  return { number, id, title, severity, status, found, headline, why, fix };
}

/** A command as a part of a sentence. */
function commandOf(command: RemoteCommand = ''): string {
  return shortened(typeof command === 'string' ? command : command.join(' '), LONGEST_COMMAND);
}

const LONGEST_COMMAND = 60;

async function outcome(remote: Remote, check: AcceptanceCheck, options: InspectOptions): Promise<Outcome> {
  const { values, origin, env } = options;
  try {
    const result = await runTwice(remote, check, options);
    const wrong = differences(check, result, values);
    if (wrong.length === 0 && check.expect.fresh) {
      const again = await repeatedLines(check.id, result.stdout, check.expect.fresh, origin, env);
      if (again.length > 0)
        wrong.push(
          `another ${check.expect.fresh} had the same: ${again.map((line) => shortened(line)).join(', ')}`,
        );
    }
    if (wrong.length > 0) return { status: 'fail', found: wrong.join('; ') };
    return { status: 'pass', found: shortened(result.stdout) || `exit code ${result.exitCode}` };
  } catch (error) {
    if (error instanceof ValueMissing) return { status: 'not-applicable', found: error.message };
    throw error;
  }
}

/** Runs a check's command, and once more where the connection broke: cloud-init may reboot a machine, a network may stutter. */
async function runTwice(
  remote: Remote,
  check: AcceptanceCheck,
  { values, sshTimeoutS, pollMs, emit, signal }: InspectOptions,
): Promise<RemoteResult> {
  const command = fillCommand(check.command, values);
  const how = { root: check.root, timeoutMs: check.timeoutS * 1000, signal };
  const first = await remote.run(command, how);
  if (first.exitCode !== null || first.timedOut) return first;
  try {
    await waitForSsh(remote, { timeoutS: sshTimeoutS, pollMs, emit, signal });
  } catch (error) {
    if (!(error instanceof Fault) || signal.aborted) throw error;
    throw new ConnectionLost(error.message);
  }
  return remote.run(command, how);
}

/** A command with its placeholders filled in. @throws ValueMissing */
export function fillCommand(command: RemoteCommand, values: Values): RemoteCommand {
  // Inside a shell's line a value must stay one word; in an argv it is one already.
  return typeof command === 'string'
    ? fill(command, values, shellQuoted)
    : command.map((word) => fill(word, values));
}
