import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Files that take longest, in this order: one that began as the last would run alone at the end. */
export const LONGEST = [
  ...[
    'e2e/pipeline',
    'e2e/typed',
    'e2e/archive',
    'e2e/namespace',
    'e2e/layers',
    'e2e/guide',
    'e2e/subiquity',
  ],
  ...['contract/docs/pasted', 'contract/checks/memory', 'contract/images/faults', 'contract/queue/faults'],
  ...['contract/rehearse/first-boot', 'contract/queue/commands', 'contract/namespace/build'],
  ...['contract/completion/shells', 'contract/attest/verify', 'unit/stages/members'],
].map((name) => `test/${name}.test.ts`);

/** vitest's order, by times of an earlier run or by size, after the files that are known to be long. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return at < 0 ? LONGEST.length : at;
    };
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
