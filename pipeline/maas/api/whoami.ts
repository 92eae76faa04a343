import type { MaasClient } from './client.ts';
import { atLeast } from './version.ts';

/** The owner of the key. */
export interface AccountInfo {
  user: string;
  admin: boolean;
  /** Up to 3.7 administrators alone may upload; from 3.8 on an entitlement decides, which no request reports: undefined. */
  mayUpload: boolean | undefined;
}

/** Asks MAAS whose key is used. @throws Fault MAAS_UNAUTHORIZED, MAAS_UNREACHABLE, MAAS_PROTOCOL */
export async function whoAmI(client: MaasClient): Promise<AccountInfo> {
  const path = 'users/?op=whoami';
  const who = (await client.get(path)) as { username?: string; is_superuser?: boolean } | null;
  if (typeof who?.username !== 'string') throw client.notMaas(path, 'there is no user in it');
  const admin = who.is_superuser === true;
  if (admin) return { user: who.username, admin, mayUpload: true };
  const byEntitlement = atLeast(await client.version(), 3, 8);
  return { user: who.username, admin, mayUpload: byEntitlement ? undefined : false };
}
