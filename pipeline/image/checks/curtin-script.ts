import type { HookFacts } from '../facts/collect/hooks.ts';
import { fail, type Outcome, pass } from './types.ts';

/** Programs of the ephemeral Ubuntu that curtin runs an image's scripts in. */
const EPHEMERAL =
  /^(?:(?:\/usr)?\/bin\/(?:sh|bash|dash|perl|python3)|\/usr\/bin\/env (?:sh|bash|dash|perl|python3))$/;

/** Whether curtin can run a script of /curtin. */
export function willRun(script: HookFacts): Outcome {
  if (script.type !== 'file') return fail(`it is a ${script.type}, and curtin accepts only a regular file`);
  const wrong = script.needs.map(({ text }) => text);
  if (!script.executable) wrong.push('it is not executable');
  if (script.shebangProblem) wrong.push(script.shebangProblem);
  else if (!EPHEMERAL.test(script.interpreter ?? ''))
    wrong.push(`its interpreter ${script.interpreter} is not in the ephemeral system where curtin runs it`);
  if (script.syntax.problem) wrong.push(`${script.syntax.checkedBy}: ${script.syntax.problem}`);
  return wrong.length > 0
    ? fail(wrong.join('; '))
    : pass(`${script.bytes} bytes, ${script.interpreter}, syntax checked by ${script.syntax.checkedBy}`);
}
