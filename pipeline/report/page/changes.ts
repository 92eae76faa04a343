import { compareImages } from '../../image/diff/compare.ts';
import { notCompared, verdict } from '../../image/diff/phrases.ts';
import type { Section } from '../../image/diff/sections.ts';
import { sections } from '../../image/diff/sections.ts';
import type { Material } from './material.ts';
import type { Previous } from './previous.ts';

export interface ChangesSince {
  /** The image that it is compared with, or why there is none. */
  note: string;
  compared: boolean;
  /** Parts that differ; long ones are folded. */
  sections: (Section & { open: boolean; more: number })[];
  /** Parts that are the same, or could not be compared; one sentence each. */
  remarks: string[];
}

const OPEN_UP_TO = 12;
const MOST_ROWS = 500;

/** The changes since the release before. */
export function changesSince({ facts, records }: Material, { description, note }: Previous): ChangesSince {
  if (!description || !facts) return { note, compared: false, sections: [], remarks: [] };
  const { sha256, size } = records.pack?.data.artifact ?? {};
  const diff = compareImages(description, { name: 'this image', sha256, size, facts });
  const { changed, same } = sections(diff);
  return {
    note,
    compared: true,
    sections: changed.map((section) => ({
      ...section,
      rows: section.rows.slice(0, MOST_ROWS),
      open: section.rows.length <= OPEN_UP_TO,
      more: Math.max(0, section.rows.length - MOST_ROWS),
    })),
    remarks: [
      ...(diff.different ? [] : [`${verdict(diff)}.`]),
      ...(diff.different && same.length > 0 ? [`The same: ${same.join(', ')}.`] : []),
      ...notCompared(diff).map((line) => `${line}.`),
    ],
  };
}
