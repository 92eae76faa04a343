import type { RawMachines } from './raw-config.ts';
import type { TakeValue } from './resolve.ts';
import type { RuleContext } from './rule.ts';
import type { MachinesConfig, StateTimeouts } from './types.ts';
import { parseDuration } from './units.ts';
import { dotted, type Path, type Problem, quoted } from './yaml/problem.ts';

/** Seconds where the file says nothing; a DGX tests its memory for minutes before it even boots. */
export const TIMEOUTS: StateTimeouts = {
  commissioning: 1800,
  testing: 7200,
  deploying: 3600,
  releasing: 900,
  erasing: 86_400,
  rescue: 1800,
  other: 1800,
};

/** Machines worked on at once: the workers of one region controller are four. */
const CONCURRENCY = 32;

export function resolveMachines(written: RawMachines | undefined, take: TakeValue): MachinesConfig {
  const seconds = (key: keyof StateTimeouts) => {
    const text = written?.timeouts?.[key];
    return take(
      `timeouts.${key}`,
      `timeouts.${key}`,
      text === undefined ? undefined : (parseDuration(text) ?? undefined),
      TIMEOUTS[key],
    );
  };
  return {
    concurrency: take('concurrency', 'concurrency', written?.concurrency, CONCURRENCY),
    timeouts: {
      commissioning: seconds('commissioning'),
      testing: seconds('testing'),
      deploying: seconds('deploying'),
      releasing: seconds('releasing'),
      erasing: seconds('erasing'),
      rescue: seconds('rescue'),
      other: seconds('other'),
    },
  };
}

export function machineTimesAreUsable({ written }: RuleContext): Problem[] {
  return Object.entries(written.machines?.timeouts ?? {}).flatMap(([key, text]): Problem[] => {
    if ((parseDuration(text) ?? 0) > 0) return [];
    const at: Path = ['machines', 'timeouts', key];
    return [
      {
        path: at,
        at: 'value',
        message: `${dotted(at)}: ${quoted(text)} is not usable`,
        accepts: 'more than 0s',
      },
    ];
  });
}
