import type { ImageDiff } from '../../image/diff/compare.ts';
import { diffMarkdown } from './diff-markdown.ts';
import type { Writers } from './table.ts';

/** The comparison of two images. */
export const DIFF: Writers<ImageDiff> = { markdown: diffMarkdown };
