/** Mirrors by the beginning of the URLs that they stand for, without a slash at the end. */
export type Mirrors = Readonly<Record<string, string>>;

/**
 * A sed script that puts mirrors in the place of archives in lists of apt's sources (one line or deb822). The longest name wins, and a
 * mirror is not replaced again.
 */
export function mirrorScript(mirrors: Mirrors): string {
  const longestFirst = Object.entries(mirrors).sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1));
  const marked = longestFirst.map(
    ([from], i) =>
      `s#\\(^\\|[[:space:]]\\)${pattern(from)}\\(/\\|[[:space:]]\\|$\\)#\\1\\x01${i}\\x01\\2#g\n`,
  );
  const replaced = longestFirst.map(([, to], i) => `s#\\x01${i}\\x01#${to.replace(/[&\\#]/g, '\\$&')}#g\n`);
  // Twice: a blank between two of them belongs to both.
  return [...marked, ...marked, ...replaced].join('');
}

function pattern(text: string): string {
  return text.replace(/[\\.*[\]^$#]/g, '\\$&');
}

/** A URL by the mirror that stands for it, as it is where there is none; paths, too. */
export function throughMirror(source: string, mirrors: Mirrors): string {
  if (!/^https?:\/\//i.test(source)) return source;
  const { origin, pathname, search } = new URL(source);
  const address = origin + pathname;
  const longestFirst = Object.entries(mirrors).sort(([a], [b]) => b.length - a.length);
  for (const [from, to] of longestFirst) {
    const start = new URL(from).href.replace(/\/+$/, '');
    // A login is for the archive alone.
    if (address === start || address.startsWith(`${start}/`))
      return to + address.slice(start.length) + search;
  }
  return source;
}

/** The address at the archive itself of something that a mirror was asked for. */
export function atTheArchive(url: string, mirrors: Mirrors): string {
  const longestFirst = Object.entries(mirrors).sort(([, a], [, b]) => b.length - a.length);
  const found = longestFirst.find(([, to]) => url === to || url.startsWith(`${to}/`));
  return found ? found[0] + url.slice(found[1].length) : url;
}
