import type { SandboxContext } from '../context.ts';
import { SandboxError } from '../error.ts';
import type { Machine } from './state.ts';

/** Possible failures, and their signs. */
export const STAGES = {
  power: 'the BMC cannot be reached: nothing starts, the power state is "error"',
  commissioning: 'a commissioning script fails: Failed commissioning',
  testing: 'a hardware test fails: Failed testing',
  deploying: 'curtin fails: Failed deployment, its log is the result of the installation',
  releasing: 'Releasing failed',
  erasing: 'the disks cannot be wiped: Failed disk erasing',
  rescue: 'Failed to enter rescue mode',
  timeout: 'whatever begins next never ends, until MAAS itself gives up after 30 minutes',
} as const;

export type Stage = keyof typeof STAGES;

/** Options behind the stage. */
const HOWS = ['timeout', 'no-efi', 'once'] as const;

export interface Failure {
  /** As it was written. */
  rule: string;
  /** Host name, system id, or a pattern with *. */
  host: string;
  stage: Stage;
  how: Set<(typeof HOWS)[number]>;
}

/**
 * Reads a rule: HOST:STAGE[:HOW…], such as gpu-07:commissioning or gpu-1*:deploying:no-efi:once.
 * `timeout`: the stage hangs; `no-efi`: curtin misses /boot/efi; `once`: only the first time.
 * @throws SandboxError USAGE
 */
export function parseFailure(rule: string): Failure {
  const [host, stage, ...how] = rule.split(':');
  const wrong = (what: string) =>
    new SandboxError('USAGE', `The failure rule ${JSON.stringify(rule)} ${what}`, {
      hint: `Rules are HOST:STAGE[:HOW]. Stages: ${Object.keys(STAGES).join(', ')}. How: ${HOWS.join(', ')}.`,
    });
  if (!host) throw wrong('names no machine');
  if (!stage || !(stage in STAGES)) throw wrong('names no stage that can fail');
  const odd = how.find((word) => !(HOWS as readonly string[]).includes(word));
  if (odd !== undefined) throw wrong(`has an unknown ${JSON.stringify(odd)}`);
  return { rule, host, stage: stage as Stage, how: new Set(how as (typeof HOWS)[number][]) };
}

/** The rule in force for this machine at this stage, or undefined. A rule that applies once is spent by it. */
export function failureOf(world: SandboxContext, machine: Machine, stage: Stage): Failure | undefined {
  const index = world.failures.findIndex(
    (failure) => failure.stage === stage && matches(failure.host, machine),
  );
  const failure = world.failures[index];
  if (failure?.how.has('once')) world.failures.splice(index, 1);
  return failure;
}

function matches(host: string, machine: Machine): boolean {
  const literal = host.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const pattern = new RegExp(`^${literal}$`);
  return pattern.test(machine.hostname) || pattern.test(machine.systemId);
}
