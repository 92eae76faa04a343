import type { Path, Problem } from './problem.ts';

/**
 * A copy of the data without the values that have a problem, so that the rest can be looked at. A wrong item takes its
 * list with it: the places of the others must not move.
 */
export function prune(data: unknown, problems: readonly Problem[]): unknown {
  let copy = structuredClone(data);
  for (const { path } of problems) copy = without(copy, path);
  return copy ?? {};
}

function without(data: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return undefined;
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, step)) return data;
  const members = data as Record<string | number, unknown>;
  const member = without(members[step], rest);
  if (member !== undefined) members[step] = member;
  else if (Array.isArray(data)) return undefined;
  else delete members[step];
  return data;
}
