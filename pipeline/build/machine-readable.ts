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
 * Commas are escaped as `%!(PACKER_COMMA)`, newlines and carriage returns as `\n` and `\r`.
 */
export function parseRow(line: string): PackerRow | undefined {
  const fields = line.split(',');
  if (fields.length < 3 || !/^\d+$/.test(fields[0] as string)) return undefined;
  const [time, target, type, ...data] = fields as [string, string, string, ...string[]];
  return { time: Number(time), target, type, data: data.map(unescapeField) };
}

function unescapeField(field: string): string {
  return field
    .replaceAll('%!(PACKER_COMMA)', ',')
    .replace(/\\([nr\\])/g, (_, c) => (c === 'n' ? '\n' : c === 'r' ? '\r' : '\\'));
}

/** What Packer said, as plain lines; a ui row's first field is its kind (say, message, error). */
export function spokenLines(row: PackerRow): { kind: string; lines: string[] } | undefined {
  if (row.type === 'ui') return { kind: row.data[0] ?? 'say', lines: (row.data[1] ?? '').split('\n') };
  if (row.type === 'error') return { kind: 'error', lines: row.data.join(' ').split('\n') };
  return undefined;
}
