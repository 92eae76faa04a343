import { execa } from 'execa';
import type { Host } from '../cli/host.ts';

// Runs a command at a terminal of its own: types the first text when the terminal shows the first cue, and so on; prints what was shown.
const AT_A_TERMINAL = `
import fcntl, json, os, pty, signal, struct, sys, termios
script, argv = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 120, 0, 0))
    os.execvp(argv[0], argv)
shown, seen = b'', 0
# The terminal's text is printed, too, when it takes too long.
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.alarm(40)
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    while script:
        at = shown.find(script[0][0].encode(), seen)
        if at < 0:
            break
        seen = at + len(script[0][0])
        os.write(terminal, script.pop(0)[1].encode())
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** A command of the host at a terminal, where somebody types when they see a text. @param script text that is shown, text that is typed */
export async function atTerminal(
  { dir, env }: Host,
  argv: readonly string[],
  script: readonly (readonly [string, string])[],
): Promise<{ code: number | undefined; shown: string }> {
  const { exitCode, stdout } = await execa(
    'python3',
    ['-c', AT_A_TERMINAL, JSON.stringify(script), ...argv],
    { cwd: dir, env: { ...env, TERM: 'xterm' }, extendEnv: false, reject: false, timeout: 60_000 },
  );
  return { code: exitCode, shown: stdout };
}
