import { createHash } from 'node:crypto';

/** Every machine has an address of its own on loopback, the same each time. */
export function loopbackOf(systemId: string): string {
  const [a = 0, b = 0, c = 0] = createHash('sha256').update(systemId).digest();
  // 127.0.x.x stays with the host's own services.
  return `127.${1 + (a % 254)}.${b}.${1 + (c % 254)}`;
}
