import type { ImageConfig } from '../config/types.ts';
import { accept } from './accept.ts';
import { build } from './build.ts';
import { buildArchive } from './build-archive.ts';
import { iso } from './iso.ts';
import { pack } from './pack.ts';
import { promoteTo } from './promote.ts';
import { rehearse } from './rehearse.ts';
import { render } from './render.ts';
import { renderArchive } from './render-archive.ts';
import { ROWS, type SourceKind, type StageId, stageIdsOf } from './rows.ts';
import { sources } from './sources.ts';
import type { Stage } from './types.ts';
import { upload } from './upload.ts';
import { validate } from './validate.ts';

/** The stages on request, each by an option. */
export interface OptionalStages {
  /** Deploy the image on a virtual machine before it is uploaded. */
  rehearse?: boolean | undefined;
  /** Try the image on a machine. */
  accept?: boolean | undefined;
  /** Promote it to this channel. */
  promote?: string | undefined;
  /** Let it show that even where it was moved away from it. */
  again?: boolean | undefined;
}

/** The source of an image. */
export function sourceOf({ archive }: Pick<ImageConfig, 'archive'>): SourceKind {
  return archive.root.source === null ? 'iso' : 'archive';
}

/**
 * The stages of a run with what is asked for, in the order of the table. The runner knows nothing but these.
 * @param from what the image is made of
 */
export function stagesFor(options: OptionalStages, from: SourceKind): readonly Stage[] {
  const { again } = options;
  const promote = options.promote === undefined ? undefined : promoteTo(options.promote, again);
  const work: { [S in StageId]: unknown } = {
    ...{ iso, sources, pack, validate, rehearse, upload, accept, promote },
    ...(from === 'iso' ? { render, build } : { render: renderArchive, build: buildArchive }),
  };
  const ids = stageIdsOf(from);
  return ROWS.filter((row) => ids.includes(row.id) && (!('option' in row) || options[row.option])).map(
    ({ id }) => work[id] as Stage,
  );
}

/** Those of every run of an image from an ISO. */
export const STAGES: readonly Stage[] = stagesFor({}, 'iso');
