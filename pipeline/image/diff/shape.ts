import { differenceFrom } from '../../host/files/read-json.ts';
import { object } from '../../host/files/shape.ts';
import { PARTS } from '../facts/facts-shape.ts';

/** Names of the parts, in the order of the facts. */
export const PART_NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[];

const KNOWN_PARTS = object({}, PARTS);

/** The first problem of the parts of a file, as "packages/3/version must be string", or null. */
export function shapeProblem(facts: object): string | null {
  const found = differenceFrom(KNOWN_PARTS, facts);
  return found && `${found.member || 'the file'} ${found.problem}`;
}
