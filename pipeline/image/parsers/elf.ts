/** Bytes of a file's beginning that hold its machine. */
export const ELF_HEAD = 20;

const LITTLE = 1;
const BITS_64 = 2;

/** e_machine of the ABI specification, by what dpkg calls it; some are distinguished by width or byte order. */
const MACHINES: Record<number, (bits64: boolean, little: boolean) => string> = {
  3: () => 'i386',
  8: (bits64, little) => `mips${bits64 ? '64' : ''}${little ? 'el' : ''}`,
  20: () => 'powerpc',
  21: (_, little) => (little ? 'ppc64el' : 'ppc64'),
  22: (bits64) => (bits64 ? 's390x' : 's390'),
  // armel and armhf differ in their flags, which a dynamic program need not carry.
  40: () => 'armhf',
  62: (bits64) => (bits64 ? 'amd64' : 'x32'),
  183: () => 'arm64',
  243: (bits64) => (bits64 ? 'riscv64' : 'riscv32'),
  258: () => 'loong64',
};

/**
 * The architecture that a program is for, by its first bytes, as dpkg spells it.
 * @returns `machine N` for one without a name here, null for what is not an ELF file
 */
export function elfArchitecture(head: Buffer): string | null {
  if (head.length < ELF_HEAD || head.readUInt32BE(0) !== 0x7f454c46) return null;
  const bits64 = head[4] === BITS_64;
  const little = head[5] === LITTLE;
  const machine = little ? head.readUInt16LE(18) : head.readUInt16BE(18);
  return MACHINES[machine]?.(bits64, little) ?? `machine ${machine}`;
}
