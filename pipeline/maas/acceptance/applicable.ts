import { createHash } from 'node:crypto';
import type { Platform, Release } from '../../config/types.ts';
import type { Json } from '../../core/json.ts';
import { canonical } from '../../workspace/fingerprint.ts';
import type { CheckList, Condition, PlatformFeature } from './types.ts';

/** The values that conditions are evaluated with. */
export interface ConditionSubject {
  release: string;
  profile: string;
  platform: string;
  /** Null where nobody knows the platform: nothing is asked of it then. */
  system: System | null;
}

/** The known facts on the machines of a platform. */
export type System = Pick<Platform, 'gpus' | PlatformFeature>;

/** The row of a release's platform; null for one that only an ISO knows. */
export function systemOf({ platforms }: Pick<Release, 'platforms'>, platform: string): System | null {
  const row = Object.hasOwn(platforms, platform) ? platforms[platform] : undefined;
  if (!row) return null;
  const { gpus, nvswitch, nvlink5, imex } = row;
  return { gpus, nvswitch, nvlink5, imex };
}

/** GPUs of one machine of the platform; null: nobody says. */
export const gpusOf = (
  list: CheckList,
  { platform, system }: Pick<ConditionSubject, 'platform' | 'system'>,
) => (Object.hasOwn(list.gpus, platform) ? list.gpus[platform] : null) ?? system?.gpus ?? null;

/** The checks and logs that are for this image. */
export function applicable(list: CheckList, subject: ConditionSubject): CheckList {
  const holds = ({ when }: { when: Condition }) =>
    (['release', 'profile', 'platform'] as const).every((key) => when[key]?.includes(subject[key]) ?? true) &&
    (when.has ?? []).every((feature) => subject.system?.[feature] === true);
  return { checks: list.checks.filter(holds), logs: list.logs.filter(holds), gpus: list.gpus };
}

/** SHA-256 of everything that decides a verdict beside the image and the machine; logs do not. */
export function checksDigest(list: CheckList, subject: ConditionSubject): string {
  // The place where a check can run decides no verdict.
  const checks = applicable(list, subject).checks.map(({ hardware: _, ...check }) => check);
  const value = { checks, gpus: gpusOf(list, subject) } as unknown as Json;
  return createHash('sha256').update(canonical(value)).digest('hex');
}
