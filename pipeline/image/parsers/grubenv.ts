/** Variables of GRUB's environment block, /boot/grub/grubenv; a backslash stands before a backslash or line end in a value. */
export function parseGrubenv(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.slice(0, 64 << 10).split('\n')) {
    const equals = line.indexOf('=');
    if (!line.startsWith('#') && equals > 0)
      values.set(line.slice(0, equals), line.slice(equals + 1).replace(/\\(.)/g, '$1'));
  }
  return values;
}
