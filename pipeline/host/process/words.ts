// A word of a command line as zx carries it: between two NULs, which no argument can hold, in hex.
const CARRIED = /\0([0-9a-f]*)\0/g;

/** For zx's `quote`. @throws TypeError for an argument with a NUL in it, which no program can be given */
export function carried(word: string): string {
  if (word.includes('\0')) throw new TypeError('a NUL cannot be part of an argument');
  return `\0${Buffer.from(word).toString('hex')}\0`;
}

/** The argv of a command line that zx has put together; blanks of the template part words, those within arguments do not. */
export function argvOf(line: string): string[] {
  return line
    .split(/[ \n\t]+/)
    .filter((word) => word !== '')
    .map((word) => word.replace(CARRIED, (_, hex: string) => Buffer.from(hex, 'hex').toString()));
}
