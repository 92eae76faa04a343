import { compareImages } from '../image/diff/compare.ts';
import { notCompared } from '../image/diff/phrases.ts';
import { keptRelease } from '../image/diff/release-store.ts';
import { sections } from '../image/diff/sections.ts';
import { describeBuilt } from '../image/diff/workspace.ts';
import type { FailedCheck, ImageChanges, NightArtifact } from './types.ts';

/** Rows of one part that the summary carries; `dgxos-maas diff` shows all. */
const MOST_ROWS = 200;

export interface ChangesContext {
  image: string;
  imageDir: string;
  env: NodeJS.ProcessEnv;
}

/** The differences between the artifact of the last night and that of this one. */
export async function changesSince(
  before: NightArtifact,
  after: NightArtifact,
  context: ChangesContext,
): Promise<ImageChanges> {
  const sameContent = before.sha256 === after.sha256;
  return {
    since: `${before.sha256.slice(0, 7)}, packed ${before.date.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')}`,
    sameContent,
    size: { before: before.size, after: after.size },
    ...checks(before.failing, after.failing),
    ...(sameContent ? { sections: [], remarks: [] } : await contents(before, context)),
  };
}

/** An artifact without a verdict says nothing of its checks: neither new failures nor mended ones. */
function checks(before: FailedCheck[] | null, after: FailedCheck[] | null) {
  if (!before || !after) return { newlyFailing: [], fixed: [] };
  const without = (list: FailedCheck[], other: FailedCheck[]) =>
    list.filter(({ id }) => !other.some((one) => one.id === id));
  return { newlyFailing: without(after, before), fixed: without(before, after) };
}

async function contents(
  { sha256 }: NightArtifact,
  { image, imageDir, env }: ChangesContext,
): Promise<Pick<ImageChanges, 'sections' | 'remarks'>> {
  const then = await keptRelease(sha256, 'the last night', env);
  const now = await describeBuilt(imageDir, image).catch(() => undefined);
  if (!then || !now)
    return {
      sections: [],
      remarks: [
        `Packages were not compared: the facts of ${then ? 'this artifact' : sha256.slice(0, 7)} are not stored on this host.`,
      ],
    };
  const diff = compareImages(then, now);
  const { changed, same } = sections(diff);
  return {
    sections: changed.map((section) => ({
      ...section,
      rows: section.rows.slice(0, MOST_ROWS),
      more: Math.max(0, section.rows.length - MOST_ROWS),
    })),
    remarks: [
      ...(same.length > 0 ? [`The same: ${same.join(', ')}.`] : []),
      ...notCompared(diff).map((line) => `${line}.`),
    ],
  };
}
