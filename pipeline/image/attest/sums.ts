/** A file's digest in a SHA256SUMS file. */
export interface Sum {
  name: string;
  sha256: string;
}

/** The text of a SHA256SUMS file as `sha256sum -c` takes it; odd names are escaped as it does. */
export function formatSums(sums: readonly Sum[]): string {
  return sums
    .map(({ name, sha256 }) => {
      const escaped = name.replace(/[\\\n\r]/g, (c) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r' })[c]!);
      return `${escaped === name ? '' : '\\'}${sha256}  ${escaped}\n`;
    })
    .join('');
}

/** The sums of a SHA256SUMS file as `sha256sum -c` reads it, also of `--tag`; null when a line is something else. */
export function parseSums(text: string): Sum[] | null {
  const sums: Sum[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const match =
      /^(?<escaped>\\?)(?<sha256>[0-9a-fA-F]{64}) [ *](?<written>.+)$/s.exec(line.replace(/\r$/, '')) ??
      /^(?<escaped>\\?)SHA256 \((?<written>.+)\) = (?<sha256>[0-9a-fA-F]{64})$/s.exec(
        line.replace(/\r$/, ''),
      );
    if (!match) return null;
    const { escaped, sha256, written } = match.groups as Record<string, string>;
    const name = escaped
      ? written!.replace(/\\([\\nr])/g, (_, c: string) => ({ n: '\n', r: '\r', '\\': '\\' })[c]!)
      : written!;
    sums.push({ name, sha256: sha256!.toLowerCase() });
  }
  return sums;
}
