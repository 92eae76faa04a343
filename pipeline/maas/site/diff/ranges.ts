import { type Address, type Interval, overlap, parseAddress } from '../address.ts';
import { type Change, type Comparison, type FieldChange, fieldChanges } from '../change.ts';
import type { LiveRange } from '../live-site.ts';
import { wrong } from '../rules/rule.ts';
import type { Range, Subnet } from '../site.ts';

/** The change of one range of a subnet; with both `have` and `want` it is an update. */
interface Step {
  have?: LiveRange;
  want?: Range;
}

/** Ranges of the subnets that name any. */
export function rangeChanges(comparison: Comparison): Change[] {
  return (comparison.site.subnets ?? []).flatMap((subnet) => {
    if (!subnet.ranges) return [];
    const have = comparison.current.ranges.filter(({ cidr }) => cidr === subnet.cidr);
    const steps = matched(subnet.ranges, have, comparison);
    // With a problem there is no plan, and perhaps no order.
    if (comparison.problems.length) return [];
    return inOrder(steps, have).flatMap((step) => change(subnet, step));
  });
}

/**
 * Finds the range that each wanted one is: the same one, else the first that shares addresses with it. What is left over is
 * deleted where ranges are pruned, and a problem where a wanted one lies on it.
 */
function matched(
  wanted: readonly Range[],
  have: readonly LiveRange[],
  { site, problems }: Comparison,
): Step[] {
  const left = new Set(have);
  const take = (fits: (range: LiveRange) => boolean) => {
    const found = [...left].find(fits);
    if (found) left.delete(found);
    return found;
  };
  const same = new Map(
    wanted.map((want) => [want, take((one) => one.start === want.start && one.end === want.end)]),
  );
  const steps = wanted.map((want): Step => {
    const found = same.get(want) ?? take((one) => overlap(interval(one), interval(want)));
    return found ? { have: found, want } : { want };
  });
  if (site.prune.has('ranges')) return [...[...left].map((one) => ({ have: one })), ...steps];
  for (const { want } of steps)
    for (const one of left)
      if (want && overlap(interval(one), interval(want)))
        problems.push(
          wrong(
            [...want.path, 'start'],
            `${want.start}-${want.end} overlaps with ${one.start}-${one.end}, which is in MAAS and not in the file`,
            'a range that does not overlap; or add that range to the file; or `prune: [ranges]`, which deletes it',
          ),
        );
  return steps;
}

/** An order in which no step lies on what is still there: deletions, then whatever has become free. */
function inOrder(steps: readonly Step[], have: readonly LiveRange[]): Step[] {
  const there = new Set(have);
  const ordered: Step[] = [];
  const doIt = (step: Step) => {
    if (step.have) there.delete(step.have);
    if (step.want) there.add({ ...step.want, id: 0, cidr: '', comment: '' });
    ordered.push(step);
  };
  for (const step of steps) if (!step.want) doIt(step);
  let left = steps.filter(({ want }) => want);
  while (left.length) {
    const isFree = (step: Step) =>
      ![...there].some((one) => one !== step.have && overlap(interval(one), interval(step.want as Range)));
    // One is always free: wanted ranges do not overlap, and each lies partly on the one that it was, so that all wait for
    // neighbours on one side, of whom the last waits for nobody.
    const next = (left.find(isFree) ?? left[0]) as Step;
    doIt(next);
    left = left.filter((step) => step !== next);
  }
  return ordered;
}

function change(subnet: Subnet, { have, want }: Step): Change[] {
  const fields = want ? fieldsOf(want, have) : [];
  if (have && want && fields.length === 0) return [];
  const { type, start, end } = (have ?? want) as Range | LiveRange;
  return [
    {
      kind: have ? (want ? 'update' : 'delete') : 'create',
      phase: 'ranges',
      name: `${type} range ${start}-${end} of ${subnet.cidr}`,
      fields,
      ...(want && {
        path: want.path,
        keys: { start_ip: [...want.path, 'start'], end_ip: [...want.path, 'end'] },
      }),
      async run({ client, ids }) {
        if (!want) return client.delete(`ipranges/${have?.id}/`);
        const form = {
          type: want.type,
          start_ip: want.start,
          end_ip: want.end,
          ...(want.comment === undefined ? {} : { comment: want.comment }),
        };
        if (have) await client.update(`ipranges/${have.id}/`, form);
        else await client.post('ipranges/', { ...form, subnet: ids.subnet(subnet.cidr) });
      },
    },
  ];
}

function fieldsOf(want: Range, have: LiveRange | undefined): FieldChange[] {
  return fieldChanges([
    ...(have
      ? ([
          ['type', have.type, want.type],
          ['start', have.start, want.start],
          ['end', have.end, want.end],
        ] as const)
      : []),
    ['comment', have?.comment ?? '', want.comment],
  ]);
}

/** The addresses from a start to an end. */
export function interval({ start, end }: { start: string; end: string }): Interval {
  const first = parseAddress(start) as Address;
  return { family: first.family, first: first.value, last: (parseAddress(end) as Address).value };
}
