/** A sum for a file in a list of them; or why there is none. */
export type ListedSum = { sha256: string } | { problem: string };

/** A line as GNU sha256sum reads it: blanks before it, `*` for binary, or BSD's form; in a name that begins with a backslash others are escaped. */
const LINE = /^[ \t]*(\\?)(?:([0-9a-fA-F]{64})[ \t][ *]?|SHA256 \()/;
const BSD_END = /\) = ([0-9a-fA-F]{64})$/;

/**
 * The SHA-256 that a list gives for a file beside it. Lines of other forms are passed over, as `sha256sum --check` does (coreutils 9.1);
 * a file of the same name in another folder is another file.
 * @param name without a folder
 */
export function sumFor(list: string, name: string): ListedSum {
  const found = new Set<string>();
  let lines = 0;
  for (const line of list.split('\n')) {
    const entry = entryOf(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (!entry) continue;
    lines += 1;
    if (entry.name.replace(/^(?:\.\/+)+/, '') === name) found.add(entry.sha256);
  }
  const [sha256, ...others] = found;
  if (others.length > 0) return { problem: `it lists ${name} with ${found.size} different sums` };
  if (sha256 !== undefined) return { sha256 };
  if (lines > 0) return { problem: `it does not list ${name}` };
  return { problem: /^\s*</.test(list) ? 'it is a page of HTML' : 'it holds no SHA-256 sums' };
}

function entryOf(line: string): { name: string; sha256: string } | undefined {
  const found = LINE.exec(line);
  if (!found) return undefined;
  const [head, backslash, sum] = found as unknown as [string, string, string | undefined];
  const rest = line.slice(head.length);
  if (sum !== undefined) return named(rest, sum, backslash !== '');
  const end = BSD_END.exec(rest);
  return end ? named(rest.slice(0, end.index), end[1] as string, backslash !== '') : undefined;
}

function named(name: string, sum: string, escaped: boolean) {
  const plain = escaped
    ? name.replace(/\\([\\nr])/g, (_, letter: string) => ({ n: '\n', r: '\r' })[letter] ?? '\\')
    : name;
  return { name: plain, sha256: sum.toLowerCase() };
}
