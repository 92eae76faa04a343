import { type RuleContext, unknown } from './rule.ts';
import type { Path, Problem } from './yaml/problem.ts';

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

/** A rehearsal takes its ephemeral from a MAAS that is configured. */
export function ephemeralsAreOfTargets({ written, targets }: RuleContext): Problem[] {
  const places: [Path, { maas?: string } | undefined][] = [
    [['rehearsal'], written.rehearsal?.ephemeral],
    ...Object.entries(written.images ?? {}).map(([name, { rehearsal }]): (typeof places)[number] => [
      ['images', name, 'rehearsal'],
      rehearsal?.ephemeral,
    ]),
  ];
  return places.flatMap(([path, ephemeral]) =>
    !ephemeral?.maas || targets.includes(ephemeral.maas)
      ? []
      : [unknown([...path, 'ephemeral', 'maas'], 'target', ephemeral.maas, targets)],
  );
}
