import ipaddr from 'ipaddr.js';

/** An address as a number of its family, so that ranges can be compared. */
export interface Address {
  family: 4 | 6;
  value: bigint;
  /** As MAAS writes it: IPv6 compressed and in lower case. */
  text: string;
}

/** A network as `network/length`. */
export interface Cidr extends Interval {
  text: string;
  length: number;
}

/** Addresses of one family, both ends included. */
export interface Interval {
  family: 4 | 6;
  first: bigint;
  last: bigint;
}

/** Reads an address; undefined when the text is none. Octets with leading zeros and short forms (10.1) are none. */
export function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return made(ipaddr.IPv4.parse(text));
  if (text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text))
    return made(ipaddr.IPv6.parse(text));
  return undefined;
}

/** An address in MAAS' spelling; what is none stays as it is. */
export function spelled(text: string): string {
  return parseAddress(text)?.text ?? text;
}

/** Reads a network; undefined when the text is none. Bits beyond the length may be set: `text` has them cleared. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, length, more] = text.split('/');
  const parsed = parseAddress(address ?? '');
  if (!parsed || more !== undefined || !/^\d{1,3}$/.test(length ?? '')) return undefined;
  const bits = parsed.family === 4 ? 32 : 128;
  const prefix = Number(length);
  if (prefix > bits) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const first = parsed.value - (parsed.value % size);
  return {
    family: parsed.family,
    first,
    last: first + size - 1n,
    length: prefix,
    text: `${addressText(parsed.family, first)}/${prefix}`,
  };
}

/** The address of this number. */
export function addressText(family: 4 | 6, value: bigint): string {
  const bytes = Array.from({ length: family === 4 ? 4 : 16 }, (_, index, length = family === 4 ? 4 : 16) =>
    Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn),
  );
  return ipaddr.fromByteArray(bytes).toString();
}

export function contains(interval: Interval, address: Address): boolean {
  return (
    interval.family === address.family && interval.first <= address.value && address.value <= interval.last
  );
}

export function overlap(a: Interval, b: Interval): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

function made(parsed: ipaddr.IPv4 | ipaddr.IPv6): Address {
  const value = parsed.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return { family: parsed.kind() === 'ipv4' ? 4 : 6, value, text: parsed.toString() };
}
