import { randomBytes } from 'node:crypto';
import { registerSecret } from '../../core/secrets/registry.ts';
import { GUEST_SEES_HOST } from '../../host/vm/user-network.ts';
import type { Identity, NodeKeys } from './types.ts';

/** A machine that no MAAS has: its id and keys are made for one rehearsal, and are secrets. */
export function newIdentity(port: number, hostname = 'rehearsal'): { identity: Identity; keys: NodeKeys } {
  const secret = (bytes: number) => {
    const text = randomBytes(bytes).toString('hex');
    registerSecret(text);
    return text;
  };
  return {
    identity: {
      origin: `http://${GUEST_SEES_HOST}:${port}`,
      systemId: secret(12),
      images: secret(12),
      hostname,
      // Of the range that QEMU's own examples use; a user network has one machine.
      mac: '52:54:00:da:60:01',
    },
    keys: { consumerKey: secret(9), tokenKey: secret(9), tokenSecret: secret(16) },
  };
}

const METADATA = '/MAAS/metadata';

/** The paths of a machine at MAAS' metadata service, as its templates have them (MAAS 3.x, src/maasserver/preseed.py). */
export const paths = ({ systemId, images }: Pick<Identity, 'systemId' | 'images'>) => ({
  byId: `${METADATA}/latest/by-id/${systemId}/`,
  status: `${METADATA}/status/${systemId}`,
  /** While curtin installs, and after the reboot. */
  curtin: `${METADATA}/curtin`,
  metadata: `${METADATA}/`,
  image: (file: string) => `/images/${images}/${file}`,
});
