import ipaddr from 'ipaddr.js';

/** Names that a machine or container has for itself and for the host below it. */
const SELF =
  /^(?:localhost|.*\.localhost|localhost\.localdomain|ip6-localhost|ip6-loopback|(?:host|gateway)\.docker\.internal|host\.containers\.internal)$/;
/** Networks that a build's own tools make: QEMU's user network, Docker's bridge, libvirt's default, and what ends at the cable. */
const OF_BUILDS = [
  '10.0.2.0/24',
  'fec0::/64',
  '172.17.0.0/16',
  '192.168.122.0/24',
  '169.254.0.0/16',
  'fe80::/10',
].map((range) => ipaddr.parseCIDR(range));

/**
 * The scope of a host for a machine elsewhere: `build`, the machine that built the image or one beside it; `private`, an address or a name
 * that only some networks know; null, a host like others.
 */
export function hostScope(host: string): 'build' | 'private' | null {
  const name = host
    .slice(0, 256)
    .toLowerCase()
    .replace(/^\[([^\]]*)\]$/, '$1')
    .replace(/\.$/, '');
  if (SELF.test(name)) return 'build';
  // Numbers in any form that the C library takes: 127.1, 0x7f000001, 2130706433.
  if (!ipaddr.isValid(name)) return /^[a-z0-9_-]+$/.test(name) ? 'private' : null;
  const address = ipaddr.process(name);
  const range = address.range();
  if (range === 'loopback' || range === 'unspecified') return 'build';
  if (OF_BUILDS.some(([net, bits]) => net.kind() === address.kind() && address.match(net as never, bits)))
    return 'build';
  return range === 'private' || range === 'uniqueLocal' || range === 'carrierGradeNat' ? 'private' : null;
}

/** Host and credentials of a URI with an authority; null when it has none. */
export function authority(uri: string): { host: string; password: boolean } | null {
  const start = uri.indexOf('://');
  if (start === -1) return null;
  const end = uri.indexOf('/', start + 3);
  const whole = uri.slice(start + 3, end === -1 ? undefined : end);
  const at = whole.lastIndexOf('@');
  const place = whole.slice(at + 1);
  const bracket = place.startsWith('[') ? place.indexOf(']') + 1 : 0;
  const colon = place.indexOf(':', bracket);
  return {
    host: colon === -1 ? place : place.slice(0, colon),
    password: whole.slice(0, at + 1).includes(':'),
  };
}
