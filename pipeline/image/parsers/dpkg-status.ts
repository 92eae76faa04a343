import type { Package } from '../facts/facts.ts';
import { linesOf } from './lines.ts';
import { strip } from './quote-word.ts';

const WANTED: Record<string, string> = { unknown: 'u', install: 'i', hold: 'h', deinstall: 'r', purge: 'p' };
const STATE: Record<string, string> = {
  'not-installed': 'n',
  'config-files': 'c',
  'half-installed': 'H',
  unpacked: 'U',
  'half-configured': 'F',
  'triggers-awaited': 'W',
  'triggers-pending': 't',
  installed: 'i',
};

/** Far more than any system has. */
const MOST_PACKAGES = 20_000;
/** Longer values of the fields that are read are cut. */
const LONGEST_FIELD = 1000;

/** Lines of each stanza; lines of nothing but blanks part them. */
export function* stanzas(text: string): Generator<string[]> {
  let lines: string[] = [];
  for (const line of linesOf(text)) {
    if (strip(line) !== '') lines.push(line);
    else if (lines.length > 0) {
      yield lines;
      lines = [];
    }
  }
  if (lines.length > 0) yield lines;
}

/**
 * The packages of /var/lib/dpkg/status with dpkg's short states ("ii"). Entries of packages that are not there at all
 * (state not-installed) are left out; a stanza that cannot be understood has the state "??".
 */
export function parseDpkgStatus(text: string): Package[] {
  const packages: Package[] = [];
  for (const stanza of stanzas(text)) {
    if (packages.length >= MOST_PACKAGES) break;
    const field = fieldsOf(stanza, /^(?:Package|Status|Version|Architecture):/, LONGEST_FIELD);
    const name = field.get('Package');
    if (!name) continue;
    const [wanted = '', flag = '', state = ''] = (field.get('Status') ?? '').split(/[ \t]+/, 3);
    if (state === 'not-installed') continue;
    packages.push({
      name,
      version: field.get('Version') ?? '',
      arch: field.get('Architecture') ?? '',
      status: `${letter(WANTED, wanted)}${letter(STATE, state)}${flag === 'ok' ? '' : 'R'}`,
    });
  }
  return packages;
}

/** The first value of each field whose line the pattern matches up to its colon; of a value in several lines the first. */
export function fieldsOf(stanza: readonly string[], wanted: RegExp, longest: number): Map<string, string> {
  const field = new Map<string, string>();
  for (const line of stanza) {
    const name = wanted.exec(line)?.[0].slice(0, -1);
    if (name !== undefined && !field.has(name)) field.set(name, strip(line.slice(name.length + 1, longest)));
  }
  return field;
}

/** Packages in state ii whose Provides names exactly this package, without a version, as curtin's `dpkg_query_list_kernels` has it. */
export function providersOf(text: string, name: string): string[] {
  const providers: string[] = [];
  for (const lines of stanzas(text)) {
    const stanza = lines.join('\n');
    const provides = /^Provides:[ \t]*(.*)$/m.exec(stanza)?.[1]?.split(/,[ \t]*/) ?? [];
    const own = /^Package:[ \t]*(\S+)/m.exec(stanza)?.[1];
    if (own && provides.includes(name) && /^Status: install ok installed[ \t\r]*$/m.test(stanza))
      providers.push(own);
  }
  return providers;
}

const letter = (letters: Record<string, string>, word: string): string =>
  (Object.hasOwn(letters, word) && letters[word]) || '?';

/** Whether the package's files are there and configured, as apt counts: held, to be removed, or with triggers that wait. */
export function installed(p: Package): boolean {
  return /^.[iWt]$/.test(p.status);
}

/**
 * The effect of a package's state on apt (each tried with apt-get 2.6.2): `stops`, it does nothing before the package was reinstalled;
 * `unfinished`, its next run finishes or removes it; `removed`, only its configuration is left; null, it is installed.
 */
export function aptState({
  status,
}: Pick<Package, 'status'>): 'stops' | 'unfinished' | 'removed' | 'unknown' | null {
  const state = status[1] ?? '?';
  if (!'HUFciWt'.includes(state)) return 'unknown';
  if (status.endsWith('R')) return 'stops';
  if (state === 'c') return 'removed';
  return 'HUF'.includes(state) ? 'unfinished' : null;
}
