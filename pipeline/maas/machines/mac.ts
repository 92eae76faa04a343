/** A MAC address with colons or dashes, or the InfiniBand form of eight bytes. */
export const MAC = /^(?:[0-9a-f]{2}[:-]){5}(?:(?:[0-9a-f]{2}[:-]){2})?[0-9a-f]{2}$/i;

/** As MAAS keeps it. */
export function plainMac(mac: string): string {
  return mac.toLowerCase().replaceAll('-', ':');
}
