import { refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import type { Fabric } from './state.ts';

/** The fabric whose id or name is in the URL. */
export function fabricAt({ world, at }: Call): Fabric {
  const { fabrics } = world.store.state.site;
  return (
    fabrics.find((one) => String(one.id) === at.id || one.name === at.id) ??
    refuse(404, 'No Fabric matches the given query.')
  );
}
