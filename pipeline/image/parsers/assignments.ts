/**
 * `KEY=value` lines as os-release(5), /etc/environment and /etc/dgx-release have them: quotes taken off, backslash escapes undone
 * inside double quotes, comments and anything else passed over. The last assignment of a key stands.
 */
export function parseAssignments(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line.replace(/\r$/, ''));
    if (match) values.set(match[1]!, unquote(match[2]!.trim()));
  }
  return values;
}

function unquote(value: string): string {
  const quote = value[0];
  if (quote === "'" && value.endsWith("'") && value.length > 1) return value.slice(1, -1);
  if (quote === '"' && value.endsWith('"') && value.length > 1)
    return value.slice(1, -1).replace(/\\(["$`\\])/g, '$1');
  return value;
}
