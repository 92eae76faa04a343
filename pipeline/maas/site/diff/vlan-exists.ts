import type { Path } from '../../../config/yaml/problem.ts';
import { quoted } from '../../../config/yaml/problem.ts';
import { suggest } from '../../../core/text/suggest.ts';
import type { Comparison } from '../change.ts';
import { wrong } from '../rules/rule.ts';

/** Whether a VLAN will be there: MAAS has it, or the file makes it. Where not, a problem is noted at `path`. */
export function checkVlanExists(
  { fabric, vid }: { fabric: string; vid: number },
  path: Path,
  { site, current, problems }: Comparison,
): boolean {
  const fabrics = new Set([...current.fabrics, ...(site.fabrics ?? [])].map(({ name }) => name));
  if (!fabrics.has(fabric)) {
    const suggestion = suggest(fabric, fabrics);
    problems.push(
      wrong([...path, 'fabric'], `there is no fabric ${quoted(fabric)}`, [...fabrics].join(', '), suggestion),
    );
    return false;
  }
  const vids = new Set([
    0,
    ...(current.fabrics.find(({ name }) => name === fabric)?.vlans ?? []).map((vlan) => vlan.vid),
    ...(site.fabrics?.find(({ name }) => name === fabric)?.vlans ?? []).map((vlan) => vlan.vid),
  ]);
  if (vids.has(vid)) return true;
  problems.push(
    wrong(
      [...path, 'vlan'],
      `${fabric} has no VLAN ${vid}`,
      `${[...vids].join(', ')}; or add it below the fabric's \`vlans:\``,
    ),
  );
  return false;
}
