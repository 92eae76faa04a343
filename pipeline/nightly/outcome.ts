import { EXIT } from '../core/faults/catalogue.ts';
import type { Night, NightFault } from './types.ts';

/**
 * The end of a night and its exit code: 0 when all is well, and for what is broken the code of the first failure that
 * is not temporary, in the order of the configuration. 75 so means: all that failed may work when run again.
 */
export function outcomeOf({
  images,
  pruned,
}: Pick<Night, 'images' | 'pruned'>): Pick<Night, 'outcome' | 'exitCode'> {
  const faults = [...images, ...pruned].flatMap(({ failure }) => (failure ? [failure] : []));
  if (faults.length > 0) return { outcome: 'broken', exitCode: exitCodeOf(faults) };
  const news = images.some((image) => image.status === 'built' || image.status === 'updated');
  return { outcome: news ? 'new' : 'unchanged', exitCode: EXIT.ok };
}

function exitCodeOf(faults: readonly NightFault[]): number {
  const lasting = faults.find((fault) => fault.exitCode !== EXIT.temporary);
  return (lasting ?? faults[0])?.exitCode ?? EXIT.ok;
}
