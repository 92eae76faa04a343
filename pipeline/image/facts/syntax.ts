import { Fault } from '../../core/faults/fault.ts';

const PYTHON = 'import ast, sys; ast.parse(sys.stdin.buffer.read(), "curtin-hooks")';

/** The check of a script's syntax, without running a line of it; the script goes in by stdin. */
const CHECKERS = new Map<string, readonly [string, ...string[]]>([
  ['sh', ['sh', '-n']],
  ['dash', ['sh', '-n']],
  ['bash', ['bash', '-n']],
  ['python3', ['python3', '-I', '-c', PYTHON]],
]);

/** Whether a script parses; says what checked it, for a host may not have the interpreter. */
export async function checkSyntax(
  program: string,
  script: Buffer,
  signal?: AbortSignal,
): Promise<{ checkedBy: string; problem: string | null }> {
  const argv = CHECKERS.get(program.replace(/^python3\.\d{1,3}$/, 'python3'));
  if (!argv) return { checkedBy: 'nothing: the language is not known', problem: null };
  const label = argv[0] === 'python3' ? "python3's parser" : `${argv[0]} -n`;
  const { $ } = await import('../../host/process/tool.ts');
  try {
    const result = await $({ input: script, timeoutMs: 10_000, signal, keep: 4000, nothrow: true })`${argv}`;
    if (result.timedOut) return { checkedBy: label, problem: 'the check did not end within 10 s' };
    const said = (result.stderr.trim() || result.stdout.trim()).split('\n').filter(Boolean);
    return {
      checkedBy: label,
      problem: result.exitCode === 0 ? null : (said.at(-1) ?? 'syntax error').slice(0, 300),
    };
  } catch (error) {
    if (error instanceof Fault && error.code === 'TOOL_MISSING')
      return { checkedBy: `nothing: ${argv[0]} is not installed on this host`, problem: null };
    throw error;
  }
}
