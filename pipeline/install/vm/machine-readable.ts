/** One row of `packer -machine-readable`: timestamp, target, type, data. */
export interface PackerRow {
  /** Seconds since the epoch. */
  time: number;
  target: string;
  type: string;
  data: string[];
}

/**
 * Parses one line of Packer's machine-readable output; undefined for anything else.
 * Packer writes a comma as `%!(PACKER_COMMA)`, a newline as `\n` and a carriage return as `\r`, and does not escape the
 * backslash (packer/ui.go, 1.6.6 to 1.16.0): what a command printed can hold the same two characters.
 */
export function parseRow(line: string): PackerRow | undefined {
  const fields = line.split(',');
  if (fields.length < 3 || !/^\d+$/.test(fields[0] as string)) return undefined;
  const [time, target, type, ...data] = fields as [string, string, string, ...string[]];
  return { time: Number(time), target, type, data: data.map(unescapeField) };
}

/** The prefix of Packer for every line of a build, after its time: `==> qemu.x: `. */
const PREFIX = /^(?:\d{4}-\d\d-\d\dT[\d:]+(?:Z|[+-][\d:]+): )?((?:==>| {3}) [^\s:]+: )/;

function unescapeField(field: string): string {
  const text = field.replaceAll('%!(PACKER_COMMA)', ',');
  const prefix = text.match(PREFIX)?.[1];
  // There a newline of Packer's own is always followed by the prefix; any other is part of what was printed.
  if (prefix) return text.replaceAll(`\\n${prefix}`, `\n${prefix}`);
  return text.replace(/(?<!\\)\\([nr])/g, (_, c) => (c === 'n' ? '\n' : '\r'));
}

/** The messages of Packer, as plain lines; a ui row's first field is its kind (say, message, error). */
export function spokenLines(row: PackerRow): { kind: string; lines: string[] } | undefined {
  if (row.type === 'ui') return { kind: row.data[0] ?? 'say', lines: (row.data[1] ?? '').split('\n') };
  if (row.type === 'error') return { kind: 'error', lines: row.data.join(' ').split('\n') };
  return undefined;
}
