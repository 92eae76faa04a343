/**
 * The documents of a text, each with the lines of the others left empty, so that places stay right. One begins at `---`, and where a
 * key of the top level is there again: files put one after the other.
 */
export function documentsOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const starts = [0];
  let seen = new Set<string>();
  for (const [at, line] of lines.entries()) {
    const key = /^(?!#)([^\s:#'"[\]{},&*!|>%@`-][^:#]{0,200}):(?:\s|$)/.exec(line)?.[1];
    const isMark = /^---(?:\s|$)/.test(line);
    if (!isMark && (key === undefined || !seen.has(key))) {
      if (key !== undefined) seen.add(key);
      continue;
    }
    seen = new Set(key === undefined ? [] : [key]);
    starts.push(at);
  }
  return starts
    .map((from, index) => {
      const to = starts[index + 1] ?? lines.length;
      return { from, own: lines.slice(from, to).join('\n').replace(/^---/, '   ') };
    })
    .filter(({ own }) => /^\s*[^\s#]/m.test(own))
    .map(({ from, own }) => '\n'.repeat(from) + own);
}
