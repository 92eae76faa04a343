import { refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import type { Fabric } from './state.ts';

/** The fabric whose id or name is in the URL. */
export function fabricAt({ world, at }: Call): Fabric {
  const { fabrics } = world.store.state.site;
  const wanted = at.fabric_id ?? at.id;
  return (
    fabrics.find((one) => `id:${one.id}` === wanted || String(one.id) === wanted) ??
    fabrics.find((one) => `name:${one.name}` === wanted || one.name === wanted) ??
    refuse(404, 'No Fabric matches the given query.')
  );
}
