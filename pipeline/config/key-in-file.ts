import { holdsSecret } from './yaml/excerpt.ts';
import { dotted, type Path, type Problem } from './yaml/problem.ts';

const SECRET_NAME = /key|token|secret|passw|credential/i;

/**
 * API keys that stand in the file itself, as `key: ck:tk:ts` or under a name like `api_key`. The file is made to be
 * shared, so they are refused; the value is never repeated.
 */
export function keysInFile(data: unknown): Problem[] {
  const problems: Problem[] = [];
  for (const [name, target] of members(new Map(members(data)).get('targets'))) {
    for (const [key, value] of members(target)) {
      const path: Path = ['targets', name, key];
      const wrong = key === 'key' ? typeof value !== 'object' : holdsSecret(path) && SECRET_NAME.test(key);
      if (wrong)
        problems.push({
          path,
          at: 'key',
          message: `${dotted(path)}: the configuration must not contain a key`,
          accepts: 'key: { environment: MAAS_API_KEY }, key: { file: PATH } or key: { profile: NAME }',
        });
    }
  }
  return problems;
}

function members(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
