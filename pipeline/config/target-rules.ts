import type { RuleContext } from './rule.ts';
import type { Problem } from './yaml/problem.ts';

/** The key of MAAS_API_KEY belongs to one server; it is not shown to several. */
export function oneTargetTakesTheKeyOfTheEnvironment({ written, env }: RuleContext): Problem[] {
  const takers = Object.entries(written.targets ?? {}).filter(([, target]) => target.key === undefined);
  if (takers.length < 2 || !env.MAAS_API_KEY) return [];
  return takers.map(([name]) => ({
    path: ['targets', name, 'key'],
    at: 'key',
    message: `targets.${name}: MAAS_API_KEY is set, and ${takers.length} targets would be sent that key`,
    accepts: 'key: { environment: NAME }, key: { file: PATH } or key: { profile: NAME } in each',
  }));
}
