import { accept } from './accept.ts';
import { build } from './build.ts';
import { iso } from './iso.ts';
import { pack } from './pack.ts';
import { promoteTo } from './promote.ts';
import { render } from './render.ts';
import type { Stage } from './types.ts';
import { upload } from './upload.ts';
import { validate } from './validate.ts';

/** The way from ISO to boot resource. The runner knows nothing but this table. */
export const STAGES: readonly Stage[] = [iso, render, build, pack, validate, upload] as readonly Stage[];

/** What a run does after the upload, when it is asked for. */
export interface OptionalStages {
  /** Try the image on a machine. */
  accept?: boolean | undefined;
  /** Let this channel show it. */
  promote?: string | undefined;
}

/** The table with the rows of what is asked for. */
export function stagesFor(asked: OptionalStages): readonly Stage[] {
  const rows = [...(asked.accept ? [accept] : []), ...(asked.promote ? [promoteTo(asked.promote)] : [])];
  return [...STAGES, ...(rows as readonly unknown[] as readonly Stage[])];
}
