import { dotted, type Path, type Problem, quoted } from '../../config/yaml/problem.ts';
import { suggest } from '../../core/text/suggest.ts';
import { ANSWERS, DEPLOYS } from './first-checks.ts';
import { unknownPlaceholders } from './placeholders.ts';
import type { RawCheck, RawChecks } from './raw-checks.ts';

/** Rules that a schema cannot express. */
export function ruleProblems(written: RawChecks, used: readonly RawChecks[], useIsKnown: boolean): Problem[] {
  const problems: Problem[] = [
    ...idProblems('checks', written.checks ?? []),
    ...idProblems('logs', written.logs ?? []),
  ];
  for (const [at, check] of (written.checks ?? []).entries()) {
    problems.push(...patternProblems(check, ['checks', at]), ...textProblems(check, ['checks', at]));
  }
  for (const [at, log] of (written.logs ?? []).entries()) problems.push(...textProblems(log, ['logs', at]));
  // With a wrong `use`, the ids that it would bring are not known.
  if (!useIsKnown) return problems;
  const known = used.flatMap(({ checks = [] }) => checks.map(({ id }) => id));
  for (const [at, id] of (written.without ?? []).entries())
    if (!known.includes(id))
      problems.push({
        path: ['without', at],
        at: 'value',
        message: `${dotted(['without', at])}: the sets in use have no check ${quoted(id)}`,
        accepts: known.join(', ') || 'nothing, as `use` names no set',
        suggestion: suggest(id, known),
      });
  return problems;
}

/** Ids written twice, and those of the checks that always run: a report could not distinguish them. */
function idProblems(list: 'checks' | 'logs', items: readonly { id?: string }[]): Problem[] {
  const seen = new Set<string>();
  return items.flatMap(({ id }, at): Problem[] => {
    const path = [list, at, 'id'];
    const problem = (why: string): Problem[] => [
      { path, at: 'value', message: `${dotted(path)}: ${quoted(id)} ${why}` },
    ];
    if (id === undefined) return [];
    if (list === 'checks' && (id === DEPLOYS.id || id === ANSWERS.id))
      return problem('is a check that always runs; give this one another id');
    if (seen.has(id)) return problem('occurs twice');
    seen.add(id);
    return [];
  });
}

function patternProblems(check: RawCheck, path: Path): Problem[] {
  return (['stdout', 'stderr'] as const).flatMap((stream) =>
    (['matches', 'not_matches'] as const).flatMap((key): Problem[] => {
      const pattern = check.expect?.[stream]?.[key];
      if (pattern === undefined) return [];
      try {
        new RegExp(pattern, 'm');
        return [];
      } catch (error) {
        const at = [...path, 'expect', stream, key];
        const message = `${dotted(at)}: ${(error as Error).message}`;
        return [{ path: at, at: 'value', message, accepts: 'a JavaScript regular expression' }];
      }
    }),
  );
}

/** Unknown placeholders anywhere in a check, and counts that are not numbers. */
function textProblems(value: unknown, path: Path): Problem[] {
  if (typeof value === 'string') {
    if (path.at(-1) === 'lines' && !/^(\d+|\{[a-z._]+\})$/.test(value))
      return [
        {
          path,
          at: 'value',
          message: `${dotted(path)}: ${quoted(value)} is not a number of lines`,
          accepts: 'a number, or a placeholder such as {platform.gpus}',
        },
      ];
    return unknownPlaceholders(value).map(({ name, meant }) => ({
      path,
      at: 'value' as const,
      message: `${dotted(path)}: there is no placeholder {${name}}`,
      suggestion: meant && `{${meant}}`,
    }));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    textProblems(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
