import { accept } from './accept.ts';
import { build } from './build.ts';
import { iso } from './iso.ts';
import { pack } from './pack.ts';
import { promoteTo } from './promote.ts';
import { render } from './render.ts';
import { ROWS, type StageId } from './rows.ts';
import type { Stage } from './types.ts';
import { upload } from './upload.ts';
import { validate } from './validate.ts';

/** The stages after the upload, each on request by an option. */
export interface OptionalStages {
  /** Try the image on a machine. */
  accept?: boolean | undefined;
  /** Promote it to this channel. */
  promote?: string | undefined;
  /** Let it show that even where it was moved away from it. */
  again?: boolean | undefined;
}

/** The stages of a run with what is asked for, in the order of the table. The runner knows nothing but these. */
export function stagesFor(options: OptionalStages): readonly Stage[] {
  const { again } = options;
  const promote = options.promote === undefined ? undefined : promoteTo(options.promote, again);
  const work: { [S in StageId]: unknown } = {
    ...{ iso, render, build, pack, validate, upload, accept, promote },
  };
  return ROWS.filter((row) => !('option' in row) || options[row.option]).map(({ id }) => work[id] as Stage);
}

/** Those of every run. */
export const STAGES: readonly Stage[] = stagesFor({});
