import { visible } from '../../core/escape/visible.ts';
import type { Verdict } from '../../image/checks/judge.ts';
import type { BootTrouble } from './boot-trouble.ts';
import { causeOf } from './causes.ts';
import { decisive, type Progress } from './phases.ts';
import type { Failure, Phase } from './types.ts';

/** Lines of a log in a verdict. */
const LINES = 20;
/** Characters of a log in which a cause is looked for: the end of it. */
const SEARCHED = 200_000;
const LONGEST_LINE = 400;
/** Lines below the first one in which the parts of a command's failure are. */
const COMMAND_LINES = 60;

interface Logs {
  /** '' when curtin has posted none. */
  installLog: string;
  /** The last lines. */
  screen: readonly string[];
}

/** The failure of a deployment; null: there was none. MAAS' own rule: curtin ends with SUCCESS, and the machine asks not to boot from the network again. */
export function failureOf(progress: Progress, { installLog, screen }: Logs): Failure | null {
  const { installed, netbootOff, failures } = progress;
  // As in MAAS, a failure within a stage that ends well is none.
  if (installed && netbootOff && failures.every(({ name }) => name.includes('/'))) return null;
  const event = decisive(failures);
  const phase = event?.phase ?? progress.phase;
  const log =
    installLog === ''
      ? { name: 'console.log', text: screen.join('\n') }
      : { name: 'install.log', text: installLog.slice(-SEARCHED) };
  const said = event ? `${event.name}: ${event.description}` : endWithout(progress);
  const known = causeOf(`${said}\n${log.text}`, phase);
  const lines = log.text.trimEnd().split('\n').slice(-LINES);
  return {
    phase,
    said: line(said),
    error: errorIn(installLog.slice(-SEARCHED)),
    cause: known?.cause ?? null,
    remedy: known?.remedy ?? null,
    log: { name: log.name, lines: lines.map(line) },
  };
}

/** A failure of what curtin has installed, with the end of the log that says most. */
export function failureWith(
  phase: Phase,
  { said, cause, remedy }: BootTrouble,
  log: { name: string; lines: readonly string[] },
): Failure {
  const lines = log.lines.slice(-LINES).map(line);
  return {
    phase,
    said: line(said),
    error: null,
    cause: cause && line(cause),
    remedy,
    log: { name: log.name, lines },
  };
}

/** The failure of an image that its acceptance checks reject; null: they accept it. */
export function rejection({ passed, findings }: Verdict): Failure | null {
  if (passed) return null;
  const failed = findings.filter(({ status, severity }) => status === 'fail' && severity === 'blocker');
  const ids = failed.map(({ id }) => id).join(', ');
  return failureWith(
    'checks',
    {
      said: `acceptance checks have failed: ${ids}`,
      cause: failed[0]?.why ?? null,
      remedy: failed[0]?.fix ?? null,
    },
    { name: 'acceptance checks', lines: failed.map(({ headline, found }) => headline ?? found) },
  );
}

function endWithout({ installed, netbootOff }: Progress): string {
  if (!installed) return 'the machine ended before curtin reported its end';
  return netbootOff
    ? 'the installation failed'
    : 'the machine did not ask for its next boot from the disk (netboot_off)';
}

/** The first exception below the first event that failed in curtin's log: of a command its argv and what it said, since the exception is the same for all. */
function errorIn(log: string): string | null {
  const lines = log.split('\n');
  const from = lines.findIndex((one) => /\bfinish: \S{1,200}: FAIL:/.test(one));
  const at = lines.findIndex((one, index) => index > from && EXCEPTION.test(one));
  if (from === -1 || at === -1) return null;
  const first = lines[at]!.trim();
  if (!first.includes('Unexpected error while running command')) return line(first);
  const said = (name: string) =>
    lines
      .slice(at, at + COMMAND_LINES)
      .find((one) => one.trimStart().startsWith(`${name}: `))
      ?.trim();
  const stderr = said('Stderr');
  // Of a command that writes to the log itself, such as the image's hook, the last words are above the event.
  const above = lines[from - 1]?.trim() ?? '';
  const last = stderr === "Stderr: ''" && !CURTINS_OWN.test(above) ? above : stderr;
  return line([said('Command'), said('Exit code'), last].filter(Boolean).join('; ') || first);
}

/** An exception's line, or curtin's last word where the command was one of a configuration. */
const EXCEPTION =
  /^(?:\s{0,40}[\w.]{1,80}(?:Error|Exception): \S|curtin: Installation failed with exception: \S)/;
/** Lines that curtin writes by itself. */
const CURTINS_OWN = /^(?:$|start: |finish: |Running command |TIMED )/;

const line = (text: string) => visible(text).replaceAll('\n', ' ').slice(0, LONGEST_LINE);
