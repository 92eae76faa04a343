import type { Emit } from '../../core/events/event.ts';
import type { Form, MaasClient } from '../api/client.ts';
import { perform } from './perform.ts';
import type { Machine, ReleaseOptions } from './types.ts';

/** Starts the release of one machine and returns at once. @throws Fault MAAS_REFUSED in a state that cannot be released */
export function releaseMachine(
  client: MaasClient,
  machine: Pick<Machine, 'systemId'>,
  options: ReleaseOptions,
  session: { signal: AbortSignal; emit?: Emit },
): Promise<Machine> {
  const done = ({ status }: Machine) =>
    status === 'releasing' || status === 'disk_erasing' || status === 'ready';
  return perform(client, machine.systemId, { op: 'release', form: releaseForm(options), done }, session);
}

/** MAAS erases nothing unless `erase` is said, whatever else is. */
function releaseForm({ comment, erase, secureErase, quickErase }: ReleaseOptions): Form {
  return {
    ...(comment ? { comment } : {}),
    ...(erase || secureErase || quickErase ? { erase: true } : {}),
    ...(secureErase ? { secure_erase: true } : {}),
    ...(quickErase ? { quick_erase: true } : {}),
  };
}
