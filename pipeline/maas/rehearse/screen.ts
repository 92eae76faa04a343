import { createWriteStream } from 'node:fs';
import type { Emit } from '../../core/events/event.ts';
import { redact } from '../../core/secrets/registry.ts';
import { followConsole } from '../../host/vm/console.ts';

/** Lines kept to be shown with a failure. */
const TAIL = 40;

/**
 * Follows the machine's console: each line to the log, to those who want to see it, and the last ones to `tail`; secrets masked everywhere.
 * @param from written by QEMU @param to the log
 */
export function followScreen(
  { from, to }: { from: string; to: string },
  emit: Emit,
  onLine: (line: string) => void = () => {},
) {
  const tail: string[] = [];
  const log = createWriteStream(to, { mode: 0o600 });
  // A full disk is seen by the watch on the host.
  log.on('error', () => {});
  const following = followConsole(from, (line) => {
    const said = redact(line);
    log.write(`${said}\n`);
    if (tail.push(said) > TAIL) tail.shift();
    emit({ type: 'log', source: 'console', line: said });
    onLine(said);
  });
  let closed: Promise<void> | undefined;
  const close = async () => {
    await following.close();
    await new Promise<void>((done) => log.end(() => done()));
  };
  return {
    tail: tail as readonly string[],
    /** Reads to the end; may be called again. */
    close(): Promise<void> {
      closed ??= close();
      return closed;
    },
  };
}
