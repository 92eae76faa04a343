/** Characters of a pattern that are looked at: a longer one matches no path, whose limit is the same. */
const MOST = 4096;

/**
 * glob(7) on one name without slashes: `*`, `?`, `[a-z]`, `[!a]` and backslash escapes; a leading dot has to be written. No regular
 * expression: one of many stars would take for ever on a long name, and both are the image's.
 */
export function globMatches(pattern: string, name: string): boolean {
  if (pattern.length > MOST) return false;
  if (name.startsWith('.') && !pattern.startsWith('.') && !pattern.startsWith('\\.')) return false;
  return wildcardMatches(pattern, name, true);
}

/** As `globMatches` where a dot is like any other character; without `brackets`, only `*` and `?` mean anything (OpenSSH's patterns). */
export function wildcardMatches(pattern: string, name: string, brackets = false): boolean {
  let [p, n] = [0, 0];
  let star = -1;
  let taken = 0;
  while (n < name.length) {
    const next = pattern[p] === '*' ? -1 : one(pattern, p, name[n]!, brackets);
    if (pattern[p] === '*') {
      star = p++;
      taken = n;
    } else if (next !== -1) {
      p = next;
      n += 1;
    } else if (star !== -1) {
      // Only the last star can have to take more.
      p = star + 1;
      n = ++taken;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** The position after its next element takes the character; -1 when it does not. */
function one(pattern: string, at: number, char: string, brackets: boolean): number {
  const here = pattern[at];
  if (here === undefined) return -1;
  if (here === '?') return at + 1;
  if (brackets && here === '\\' && at + 1 < pattern.length) return pattern[at + 1] === char ? at + 2 : -1;
  const end =
    brackets && here === '[' ? pattern.indexOf(']', at + (/[!^]/.test(pattern[at + 1]!) ? 3 : 2)) : -1;
  // A bracket expression of more than 256 characters says nothing that a shorter one could not; its scan stays bounded.
  if (end === -1 || end - at > 256) return here === char ? at + 1 : -1;
  const negated = /[!^]/.test(pattern[at + 1]!);
  let found = false;
  for (let i = at + (negated ? 2 : 1); i < end; i++) {
    if (pattern[i + 1] === '-' && i + 2 < end) {
      if (pattern[i]! <= char && char <= pattern[i + 2]!) found = true;
      i += 2;
    } else if (pattern[i] === char) found = true;
  }
  return found === negated ? -1 : end + 1;
}

/** Whether a path without a leading slash fits a pattern whose parts are matched one by one, as glob(3) does. */
export function globMatchesPath(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  return parts.length === wanted.length && wanted.every((part, i) => globMatches(part, parts[i]!));
}

/** Whether the text means more than itself to glob(3). */
export function isPattern(text: string): boolean {
  return /[*?[\\]/.test(text);
}
