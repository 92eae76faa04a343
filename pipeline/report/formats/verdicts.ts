import type { Judged } from './judged.ts';
import type { Writers } from './table.ts';
import { verdictGithub } from './verdict-github.ts';
import { verdictJunit } from './verdict-junit.ts';
import { verdictMarkdown } from './verdict-markdown.ts';
import { verdictSarif } from './verdict-sarif.ts';

/** Images that were judged, by `validate` or `accept`. */
export const VERDICTS: Writers<readonly Judged[]> = {
  junit: verdictJunit,
  markdown: verdictMarkdown,
  sarif: verdictSarif,
  github: verdictGithub,
};
