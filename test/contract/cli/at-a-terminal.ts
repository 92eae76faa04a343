import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Screen } from '../../unit/report/screen.ts';

/** Gives a command a terminal of its own, of a size, and passes on what it writes there. */
const PTY = `
import fcntl, os, pty, struct, sys, termios
columns, rows, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    os.execvp(argv[0], argv)
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

import { CLI } from '../../cli.ts';

export interface Shown {
  /** The rows at the end, those scrolled away too. */
  rows: string[];
  /** Everything that was written. */
  written: string;
  exitCode: number | null;
}

/** Runs dgxos-maas as a person does, and says what is on the screen when it has ended. */
export async function atATerminal(
  args: readonly string[],
  {
    env,
    cwd,
    columns = 80,
    height = 40,
  }: { env: Record<string, string>; cwd: string; columns?: number; height?: number },
): Promise<Shown> {
  const screen = new Screen(columns, height);
  const child = spawn(
    'python3',
    ['-c', PTY, String(columns), String(height), process.execPath, CLI, ...args],
    {
      cwd,
      env: { ...env, TERM: env.TERM ?? 'xterm-256color' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    written += part;
    screen.stream.write(part);
  });
  const [exitCode] = await once(child, 'close');
  return { rows: await screen.rows(), written, exitCode };
}
