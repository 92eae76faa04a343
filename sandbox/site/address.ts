import { isIPv4, isIPv6 } from 'node:net';

/** An address as a number of its family. */
export interface Address {
  family: 4 | 6;
  value: bigint;
  /** IPv6 compressed and in lower case. */
  text: string;
}

/** Addresses of one family, both ends included. */
export interface Interval {
  family: 4 | 6;
  first: bigint;
  last: bigint;
}

/** A network as `network/length`. */
export interface Cidr extends Interval {
  text: string;
  length: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** Reads an address; undefined when the text is none. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) {
    const value = text.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
    return { family: 4, value, text };
  }
  // An address with a zone (fe80::1%eth0) belongs to one host.
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = BigInt(`0x${hexOf(shortest(text))}`);
  return { family: 6, value, text: addressText(6, value) };
}

/** The address of this number. */
export function addressText(family: 4 | 6, value: bigint): string {
  const hex = value.toString(16).padStart(BITS[family] / 4, '0');
  if (family === 4) return hex.replace(/../g, (octet) => `.${Number.parseInt(octet, 16)}`).slice(1);
  return shortest(hex.replace(/.{4}/g, (group) => `:${group}`).slice(1));
}

/** An IPv6 address as a URL has it: groups in hexadecimal, the longest row of zeros left out. */
const shortest = (text: string): string => new URL(`http://[${text}]`).hostname.slice(1, -1);

/** The 32 digits of a compressed address. */
function hexOf(compressed: string): string {
  const [head = '', tail] = compressed.split('::');
  const digits = (part: string) =>
    part
      .split(':')
      .map((group) => (group === '' ? '' : group.padStart(4, '0')))
      .join('');
  if (tail === undefined) return digits(head);
  return digits(head) + digits(tail).padStart(32 - digits(head).length, '0');
}

/** Reads a network; undefined when the text is none. Bits beyond the length may be set: `text` has them cleared. */
export function parseCidr(text: string): Cidr | undefined {
  const [, start = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(start);
  const length = Number(digits);
  if (!address || length > BITS[address.family]) return undefined;
  const { family, value } = address;
  const rest = BigInt(BITS[family] - length);
  const first = (value >> rest) << rest;
  return {
    family,
    first,
    last: first | ((1n << rest) - 1n),
    length,
    text: `${addressText(family, first)}/${length}`,
  };
}

export function contains({ family, first, last }: Interval, address: Address): boolean {
  return family === address.family && address.value >= first && address.value <= last;
}

export function overlap(a: Interval, b: Interval): boolean {
  return a.family === b.family && !(a.last < b.first || b.last < a.first);
}
