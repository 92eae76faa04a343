export interface Shebang {
  /** Path of the program, as written. */
  interpreter: string;
  /** The program that runs the script in the end: the one `env` looks for. */
  program: string;
}

/**
 * The first line of a script as the kernel reads it.
 * @returns the reason in words when the kernel would not run it
 */
export function parseShebang(bytes: Buffer): Shebang | string {
  if (bytes.length === 0) return 'it is empty';
  if (bytes[0] === 0xef && bytes[1] === 0xbb) return 'it begins with a byte order mark, not with #!';
  if (bytes.toString('latin1', 0, 2) !== '#!') return 'it does not begin with #!';
  const end = bytes.indexOf(0x0a);
  const line = bytes.toString('latin1', 2, Math.min(end === -1 ? bytes.length : end, 257));
  if (line.endsWith('\r')) return 'its first line ends in a carriage return (DOS line ends)';
  const [interpreter = '', ...rest] = line.trim().split(/[ \t]+/);
  if (!interpreter.startsWith('/')) return `its interpreter "${interpreter}" is not an absolute path`;
  const name = interpreter.split('/').pop()!;
  if (name !== 'env') return { interpreter, program: name };
  const program = rest.filter((word) => !word.startsWith('-') && !word.includes('='))[0];
  if (!program) return 'env is given no program';
  if (rest.length > 1 && !rest[0]!.startsWith('-S'))
    return `env would look for a program called "${rest.join(' ')}"`;
  return { interpreter, program };
}
