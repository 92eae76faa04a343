import { basename } from 'node:path';
import { mayDiffer, type Place } from './every.ts';
import type { Recorded, RecordedTest } from './kept.ts';

/** A test that may see a fault. */
export interface Candidate {
  file: string;
  test: RecordedTest;
  /** The answers of the place with this test, without the fault. */
  answers: number;
}

/** The tests that come past each of some places, and with which its fault can change anything. */
export function candidatesOf(
  places: readonly (Place & { number: number })[],
  records: ReadonlyMap<string, Recorded>,
): Map<number, Candidate[]> {
  const found = new Map(places.map(({ number }) => [number, [] as Candidate[]]));
  for (const [file, { tests }] of records)
    for (const test of tests)
      for (const place of places) {
        const answers = test.places.get(place.number);
        if (answers !== undefined && mayDiffer(place, answers))
          found.get(place.number)!.push({ file, test, answers });
      }
  return found;
}

/**
 * The order in which tests are tried with a fault. By turns: one of those with the rarest answers, since the test about a
 * guard is one of few that it stops; one of those that come past the fewest places, since it looks at little else; and one of
 * those that come past the most, since it may compare everything.
 */
export function ordered({ file }: Place, candidates: readonly Candidate[]): Candidate[] {
  const times = new Map<number, number>();
  for (const { answers } of candidates) times.set(answers, (times.get(answers) ?? 0) + 1);
  const own = basename(file, '.ts');
  const far = (test: Candidate) => (basename(test.file).startsWith(own) ? 0 : 1);
  const narrow = candidates.toSorted(
    (a, b) => far(a) - far(b) || a.test.places.size - b.test.places.size || a.test.ms - b.test.ms,
  );
  const rare = narrow.toSorted((a, b) => times.get(a.answers)! - times.get(b.answers)!);
  return [...new Set(narrow.flatMap((candidate, i) => [rare[i]!, candidate, narrow.at(-1 - i)!]))];
}
