import { randomBytes } from 'node:crypto';
import { encrypt } from 'unixcrypt';
import { registerSecret } from '../../core/secrets/registry.ts';

/** One run's way into the live system: it dies with the VM. */
export interface Credentials {
  /** 32 characters of base64url; given to Packer by environment, never written. */
  password: string;
  /** Its crypt(3) SHA-512 hash, for `chpasswd -e` in the live system. */
  hash: string;
}

/** Random credentials in place of upstream's root:root. */
export function newCredentials(): Credentials {
  const password = randomBytes(24).toString('base64url');
  registerSecret(password);
  const hash = encrypt(password, `$6$${randomBytes(8).toString('hex')}`);
  registerSecret(hash);
  return { password, hash };
}
