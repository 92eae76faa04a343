import type { Mutant } from './mutant.ts';
import { ATTEST } from './table/attest.ts';
import { CHECKS } from './table/checks.ts';
import { CONFIG } from './table/config.ts';
import { IMAGE } from './table/image.ts';
import { LAYERS } from './table/layers.ts';
import { RUN } from './table/run.ts';
import { SITE } from './table/site.ts';
import { UPLOAD } from './table/upload.ts';

/** Every mutant that a test must kill, by the module of its file. */
export const MUTANTS: readonly Mutant[] = [
  ...RUN,
  ...LAYERS,
  ...CONFIG,
  ...CHECKS,
  ...IMAGE,
  ...SITE,
  ...UPLOAD,
  ...ATTEST,
];
