import type { FaultCode } from '../../core/faults/catalogue.ts';
import { Fault, type Where } from '../../core/faults/fault.ts';
import { redact } from '../../core/secrets/registry.ts';

export type Path = readonly (string | number)[];

/** One thing wrong with a file. */
export interface Problem {
  path: Path;
  /** The position of the caret: the key, the value, or the mapping in which something is missing. */
  at: 'key' | 'value';
  message: string;
  /** The accepted values. */
  accepts?: string;
  /** The value that was probably meant. */
  suggestion?: string | undefined;
  /** The remedy, where it is not one of the accepted values. */
  hint?: string;
}

/** A problem with its place, ready to be shown. Environment variables and flags have no place. */
export interface LocatedProblem extends Omit<Problem, 'path' | 'at'> {
  where?: Where;
  /** The source line with a caret below. */
  excerpt?: string;
}

/** `images.dgx1.vm.disk_size`, `images.dgx1.files[0].mode`. */
export function dotted(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text ? `${text}.${step}` : step),
    '',
  );
}

/** A value as an error message shows it. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** All problems as one fault: the first in its message, all others in its detail, each with place and remedy. */
export function toFault(code: FaultCode, problems: readonly LocatedProblem[]): Fault {
  const sorted = [...problems].sort((a, b) => position(a) - position(b));
  const [first, ...others] = sorted as [LocatedProblem, ...LocatedProblem[]];
  const detail = first.excerpt ? [first.excerpt] : [];
  if (others.length) {
    detail.push(...remedyOf(first));
    detail.push('', `${others.length} more ${others.length === 1 ? 'problem' : 'problems'}:`);
  }
  for (const problem of others) {
    const { where } = problem;
    detail.push(`${where ? `${where.file}:${where.line}:${where.column}: ` : ''}${headline(problem)}`);
    detail.push(...remedyOf(problem));
    if (problem.excerpt) detail.push(problem.excerpt);
  }
  const hint = first.hint ?? (first.accepts && `Accepted: ${first.accepts}.`);
  return new Fault(code, redact(headline(first)), {
    ...(hint && others.length === 0 ? { hint: redact(hint) } : {}),
    ...(first.where ? { where: first.where } : {}),
    ...(detail.length ? { detail: redact(detail.join('\n')) } : {}),
  });
}

function remedyOf({ hint, accepts }: LocatedProblem): string[] {
  if (hint) return [`  ${hint}`];
  return accepts ? [`  accepted: ${accepts}`] : [];
}

function headline(problem: LocatedProblem): string {
  return problem.suggestion
    ? `${problem.message}. Did you mean ${quoted(problem.suggestion)}?`
    : problem.message;
}

/** Problems of the file come in its order, those of the environment and of flags after it. */
function position(problem: LocatedProblem): number {
  return problem.where ? problem.where.line * 1e6 + problem.where.column : Number.MAX_SAFE_INTEGER;
}
