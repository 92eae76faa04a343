import type { Package } from '../image/facts.ts';

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

/**
 * The packages of /var/lib/dpkg/status with dpkg's short states ("ii"). Entries of packages that are not there at all
 * (state not-installed) are left out; a stanza that cannot be understood has the state "??".
 */
export function parseDpkgStatus(text: string): Package[] {
  const packages: Package[] = [];
  for (const stanza of text.split(/\n(?:[ \t]*\n)+/)) {
    const field: Record<string, string> = {};
    for (const line of stanza.split('\n')) {
      const match = /^(Package|Status|Version|Architecture):[ \t]*(.*?)[ \t\r]*$/.exec(line);
      if (match) field[match[1]!] ??= match[2]!;
    }
    if (!field.Package) continue;
    const [wanted = '', flag = '', state = ''] = (field.Status ?? '').split(/[ \t]+/);
    if (state === 'not-installed') continue;
    packages.push({
      name: field.Package,
      version: field.Version ?? '',
      arch: field.Architecture ?? '',
      status: `${letter(WANTED, wanted)}${letter(STATE, state)}${flag === 'ok' ? '' : 'R'}`,
    });
  }
  return packages;
}

/** Packages in state ii whose Provides names exactly this package, without a version, as curtin's `dpkg_query_list_kernels` has it. */
export function providersOf(text: string, name: string): string[] {
  return text.split(/\n(?:[ \t]*\n)+/).flatMap((stanza) => {
    const provides = /^Provides:[ \t]*(.*)$/m.exec(stanza)?.[1]?.split(/,[ \t]*/) ?? [];
    const own = /^Package:[ \t]*(\S+)/m.exec(stanza)?.[1];
    return own && provides.includes(name) && /^Status: install ok installed[ \t\r]*$/m.test(stanza)
      ? [own]
      : [];
  });
}

const letter = (letters: Record<string, string>, word: string): string =>
  (Object.hasOwn(letters, word) && letters[word]) || '?';

/** Whether the package's files are there and configured, held or not. */
export function installed(p: Package): boolean {
  return p.status === 'ii' || p.status === 'hi';
}
