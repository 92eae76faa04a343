import { build } from './build.ts';
import { iso } from './iso.ts';
import { pack } from './pack.ts';
import { render } from './render.ts';
import type { Stage } from './types.ts';
import { upload } from './upload.ts';
import { validate } from './validate.ts';

/** The way from ISO to boot resource. The runner knows nothing but this table. */
export const STAGES: readonly Stage[] = [iso, render, build, pack, validate, upload] as readonly Stage[];
