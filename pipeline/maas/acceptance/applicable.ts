import { createHash } from 'node:crypto';
import type { Json } from '../../core/json.ts';
import { canonical } from '../../workspace/fingerprint.ts';
import type { CheckList, Condition } from './types.ts';

/** The values that conditions are evaluated with. */
export interface ConditionSubject {
  release: string;
  profile: string;
  platform: string;
}

/** The checks and logs that are for this image. */
export function applicable(list: CheckList, subject: ConditionSubject): CheckList {
  const holds = ({ when }: { when: Condition }) =>
    (['release', 'profile', 'platform'] as const).every((key) => when[key]?.includes(subject[key]) ?? true);
  return { checks: list.checks.filter(holds), logs: list.logs.filter(holds), gpus: list.gpus };
}

/** SHA-256 of everything that decides a verdict beside the image and the machine; logs do not. */
export function checksDigest(list: CheckList, subject: ConditionSubject): string {
  const { checks, gpus } = applicable(list, subject);
  const value = { checks, gpus: gpus[subject.platform] ?? null } as unknown as Json;
  return createHash('sha256').update(canonical(value)).digest('hex');
}
