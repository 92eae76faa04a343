import { refused } from '../kinds.ts';
import { absolutePath } from '../paths.ts';
import type { Kind } from '../setting.ts';
import type { Path, Problem } from '../yaml/problem.ts';
import { isPlainUrl } from './archive.ts';

/** The place that a curtin is taken from. */
export type CurtinSource =
  | { from: 'folder'; path: string }
  /** Paths, and URLs with the sum that their bytes must have; null: by https alone. */
  | { from: 'debs'; debs: { at: string; sha256: string | null }[] }
  /** An archive of packages, as apt reads it. */
  | {
      from: 'archive';
      version: string;
      mirror: string;
      suites: string[];
      /** A path, or `none`; null: Ubuntu's. */
      keyring: string | null;
    };

interface RawCurtin {
  path?: string;
  deb?: string | string[];
  version?: string;
  mirror?: string;
  suite?: string | string[];
  keyring?: string;
}

const ACCEPTS =
  "a folder with curtin's sources, a list of .deb files (a URL by https, or with #sha256= and its sum), or version, mirror and suite of an archive";
const DEB = 'a .deb file, or its URL: https, or followed by #sha256= and its sum';
/** As in deb-version(7). */
const VERSION = /^[0-9][A-Za-z0-9.+~:-]*$/;
const SUITE = /^[a-z0-9][a-z0-9.-]*$/;
const URL_FORM = /^https?:\/\//;
const PIN = /#sha256=([0-9a-f]{64})$/;

const oneOrMore = {
  type: ['string', 'array'],
  minLength: 1,
  minItems: 1,
  items: { type: 'string', minLength: 1 },
};
const one = { type: 'string', minLength: 1 };

const isDeb = (word: string) => word.replace(/#.*$/, '').endsWith('.deb');

/** A folder, .deb files, or a version in an archive of packages. */
export const curtin: Kind<string | string[] | RawCurtin, CurtinSource> = {
  schema: {
    ...oneOrMore,
    type: ['string', 'array', 'object'],
    additionalProperties: false,
    properties: {
      path: { ...one, description: "A folder with curtin's sources, or with both packages unpacked." },
      deb: { ...oneOrMore, description: `python3-curtin and curtin-common: each ${DEB}.` },
      version: { ...one, description: 'The version of both packages in the archive `mirror`.' },
      mirror: { ...one, description: 'URL of the archive, such as http://archive.ubuntu.com/ubuntu.' },
      suite: { ...oneOrMore, description: 'Suites of the archive, such as noble-updates.' },
      keyring: { ...one, description: "Keyring of the archive's signature, or none. Default: Ubuntu's." },
    },
  },
  accepts: ACCEPTS,
  read(written, base) {
    if (typeof written === 'string' || Array.isArray(written)) return ofWords([written].flat(), base);
    const { path, deb, version, mirror, suite, keyring } = written;
    if (path !== undefined) return { from: 'folder', path: absolutePath(path, base) };
    if (deb !== undefined) return ofWords([deb].flat(), base);
    const isPath = keyring !== undefined && keyring !== 'none';
    return {
      from: 'archive',
      version: version as string,
      mirror: (mirror as string).replace(/\/+$/, ''),
      suites: [suite as string].flat(),
      keyring: isPath ? absolutePath(keyring, base) : (keyring ?? null),
    };
  },
  write(value) {
    if (value.from === 'folder') return value.path;
    if (value.from === 'debs')
      return value.debs.map(({ at, sha256 }) => (sha256 === null ? at : `${at}#sha256=${sha256}`));
    const { version, mirror, suites, keyring } = value;
    return { version, mirror, suite: suites, ...(keyring !== null && { keyring }) };
  },
  parse: (given) =>
    isMapping(given) || URL_FORM.test(given)
      ? curtinOfWords([given])
      : // The tests of this project take several, separated by colons; one is rehearsed with.
        given.split(':').find((part) => part !== ''),
  problems: (written, path) =>
    typeof written === 'string' || Array.isArray(written)
      ? wordProblems([written].flat(), path)
      : mappingProblems(written, path),
};

const isMapping = (word: string) => /^(?:version|mirror|suite|keyring)=/.test(word);

/**
 * The words of `--curtin` as the file would say them: a folder, .deb files, or `version=V,mirror=URL,suite=S`, in which a suite may occur again.
 * Undefined when they are not accepted.
 */
export function curtinOfWords(words: readonly string[]): string[] | RawCurtin | undefined {
  if (!words.some(isMapping)) return wordProblems(words, []).length > 0 ? undefined : [...words];
  const written: RawCurtin & { suite: string[] } = { suite: [] };
  for (const part of words.flatMap((word) => word.split(','))) {
    const [, name, value] = /^(version|mirror|suite|keyring)=(.+)$/s.exec(part) ?? [];
    if (name === 'suite') written.suite.push(value as string);
    else if (name === undefined || Object.hasOwn(written, name)) return undefined;
    else written[name as 'version' | 'mirror' | 'keyring'] = value as string;
  }
  return mappingProblems(written, []).length > 0 ? undefined : written;
}

function ofWords(words: readonly string[], base: string): CurtinSource {
  if (!words.every(isDeb)) return { from: 'folder', path: absolutePath(words[0] as string, base) };
  const debs = words.map((word) => {
    if (!URL_FORM.test(word)) return { at: absolutePath(word, base), sha256: null };
    const sha256 = PIN.exec(word)?.[1] ?? null;
    return { at: word.replace(PIN, ''), sha256 };
  });
  return { from: 'debs', debs };
}

function wordProblems(words: readonly string[], path: Path): Problem[] {
  if (words.length === 1 && !isDeb(words[0] as string) && !URL_FORM.test(words[0] as string)) return [];
  for (const word of words) {
    const isUrl = URL_FORM.test(word);
    // A password may stand in it: it is not repeated.
    if (!isDeb(word))
      return [
        refused(path, DEB, isUrl ? 'the URL is not that of a .deb file' : `${word} is not a .deb file`),
      ];
    if (isUrl && !URL.canParse(word)) return [refused(path, DEB, 'the URL is not valid')];
    if (isUrl && !word.startsWith('https:') && !PIN.test(word))
      return [refused(path, DEB, 'what comes by http needs its sum: curtin is run on this host')];
    if (isUrl && word.includes('#') && !PIN.test(word))
      return [refused(path, DEB, 'the sum is not 64 hexadecimal digits in small letters')];
  }
  return [];
}

function mappingProblems(written: RawCurtin, path: Path): Problem[] {
  const { path: folder, deb, version, mirror, suite, keyring } = written;
  const ways = [folder, deb, version].filter((value) => value !== undefined).length;
  const more = mirror !== undefined || keyring !== undefined || (suite !== undefined && suite.length > 0);
  if (ways !== 1)
    return [
      refused(path, 'one of path, deb, version', `${ways === 0 ? 'none' : 'more than one'} of them is set`),
    ];
  if (version === undefined && more)
    return [refused(path, 'version, mirror, suite, keyring', 'mirror, suite and keyring are for version')];
  if (deb !== undefined) {
    const words = [deb].flat();
    const notOne = words.find((word) => !isDeb(word));
    return notOne === undefined
      ? wordProblems(words, [...path, 'deb'])
      : [refused([...path, 'deb'], DEB, 'it is not a .deb file')];
  }
  if (version === undefined) return [];
  const suites = [suite ?? []].flat();
  const problems: Problem[] = [];
  if (!VERSION.test(version))
    problems.push(
      refused(
        [...path, 'version'],
        'a version as apt has it, such as 23.1.1-0ubuntu1~22.04.1',
        'it is not a version',
      ),
    );
  if (mirror === undefined || !isPlainUrl(mirror))
    problems.push(
      refused(
        path,
        'mirror: a URL such as http://archive.ubuntu.com/ubuntu, without user, password and query',
        mirror === undefined ? 'version needs a mirror' : 'the mirror is not such a URL',
      ),
    );
  if (suites.length === 0 || !suites.every((name) => SUITE.test(name)))
    problems.push(
      refused(
        path,
        'suite: names such as noble or noble-updates',
        suites.length === 0 ? 'version needs a suite' : 'a suite is not a name',
      ),
    );
  return problems;
}
