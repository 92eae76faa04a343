import * as SPDX from '@cyclonedx/cyclonedx-library/SPDX';

/**
 * Short names of Debian's copyright format that mean exactly one SPDX identifier. Not here: "Artistic", "BSD" and the
 * like, under which packages declare more than one text.
 */
const SAME: ReadonlyMap<string, string> = new Map([
  ['expat', 'MIT'],
  ['isc', 'ISC'],
  ['zlib', 'Zlib'],
  ['cc0', 'CC0-1.0'],
  ['apache-2', 'Apache-2.0'],
  ['artistic-2', 'Artistic-2.0'],
  ['bsd-2-clause', 'BSD-2-Clause'],
  ['bsd-3-clause', 'BSD-3-Clause'],
  ['bsd-4-clause', 'BSD-4-Clause'],
  ['bsl-1', 'BSL-1.0'],
  ['cddl-1', 'CDDL-1.0'],
  ['mpl-2', 'MPL-2.0'],
  ['psf-2', 'PSF-2.0'],
]);

/** No licence's name is longer. */
const LONGEST = 500;

/**
 * The SPDX identifier or expression of a licence as Debian's copyright files name it ("GPL-2+ or Expat"), or null when
 * it has none that is certain.
 */
export function spdxOf(debian: string): string | null {
  if (debian.length > LONGEST) return null;
  // "A or B, and C": a comma binds more loosely than the words.
  const [first, ...rest] = debian.split(/\s*,\s+(?=(?:and|or)\s)/i);
  const words = new Set(rest.map((part) => /^(?:and|or)/i.exec(part)![0].toLowerCase()));
  if (words.size > 1) return null;
  const parts = [first!, ...rest.map((part) => part.replace(/^(?:and|or)\s+/i, ''))].map(withoutComma);
  if (parts.some((part) => part === null)) return null;
  return words.has('or') ? parts.join(' OR ') : allOf(parts as string[]);
}

/** All of these expressions at once. */
export function allOf(expressions: readonly string[]): string {
  if (expressions.length === 1) return expressions[0]!;
  return expressions.map((one) => (one.includes(' OR ') ? `(${one})` : one)).join(' AND ');
}

/** Whether an SPDX expression is nothing but one identifier of the licence list. */
export function isIdentifier(expression: string): boolean {
  return SPDX.isSupportedSpdxId(expression);
}

/** In both notations `and` binds more closely than `or`. */
function withoutComma(text: string): string | null {
  const alternatives = text
    .split(/\s+or\s+/i)
    .map((alternative) => alternative.split(/\s+and\s+/i).map((name) => single(name.trim())));
  if (alternatives.flat().includes(null)) return null;
  return alternatives.map((names) => names.join(' AND ')).join(' OR ');
}

function single(name: string): string | null {
  const gnu = /^(AGPL|GPL|LGPL|GFDL|GFDL-NIV)-(\d)(?:\.(\d))?(\+)?$/i.exec(name);
  if (gnu) {
    const [, family, major, minor = '0', later] = gnu;
    const [base, variant] = family!.toUpperCase().split('-');
    const id = `${base}-${major}.${minor}${variant ? '-no-invariants' : ''}-${later ? 'or-later' : 'only'}`;
    return isIdentifier(id) ? id : null;
  }
  const known = SAME.get(name.toLowerCase()) ?? name;
  return isIdentifier(known) ? known : null;
}
