/** A package does not have more licences than these: the size of the result is bounded for a hostile file too. */
const MOST_LICENCES = 64;
const LONGEST = 200;

/**
 * The licences that a Debian copyright file in the machine-readable format 1.0 (once DEP-5) declares: the short names of its
 * header and of its Files paragraphs, each once, in their order; those of bare License paragraphs only where there is
 * no other. Null for a file that is free text.
 * @see https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
 */
export function parseDep5(text: string): string[] | null {
  const [header, ...others] = paragraphs(text);
  if (!header || !isMachineReadable(header)) return null;
  const files = others.filter((paragraph) => paragraph.has('files'));
  const declaring = [header, ...files].some((paragraph) => paragraph.get('license'))
    ? [header, ...files]
    : others;
  const names = declaring.map((paragraph) => shortName(paragraph.get('license') ?? '')).filter(Boolean);
  return [...new Set(names)].slice(0, MOST_LICENCES);
}

function isMachineReadable(header: ReadonlyMap<string, string>): boolean {
  const format = header.get('format') ?? header.get('format-specification') ?? '';
  return /copyright-format|\bdep-?5\b/i.test(format);
}

/** Each paragraph's fields by their lower-case names, with the first line of the value only. */
function paragraphs(text: string): Map<string, string>[] {
  const all: Map<string, string>[] = [];
  let fields = new Map<string, string>();
  for (const line of text.replace(/^\ufeff/, '').split('\n')) {
    if (line.trim() === '') {
      if (fields.size > 0) all.push(fields);
      fields = new Map();
      continue;
    }
    // Continuation lines begin with a blank and are nobody's first line.
    const [, name = '', value = ''] = /^([!-9;-~]+):(.*)$/s.exec(line) ?? [];
    if (name && !fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value.trim());
  }
  if (fields.size > 0) all.push(fields);
  return all;
}

function shortName(license: string): string {
  return license
    .replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST)
    .trim();
}
