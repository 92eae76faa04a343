import {
  hashedNames,
  nisEntries,
  parseGroup,
  parsePasswd,
  parseShadow,
  passwordState,
} from '../../pipeline/image/parsers/accounts.ts';
import { AptConfig, aptProxies, readAptConf } from '../../pipeline/image/parsers/apt-conf.ts';
import {
  parseAptSources,
  parseDeb822Sources,
  parseSourcesList,
} from '../../pipeline/image/parsers/apt-sources.ts';
import { parseAssignments } from '../../pipeline/image/parsers/assignments.ts';
import { countKeys } from '../../pipeline/image/parsers/authorized-keys.ts';
import { parseCapability } from '../../pipeline/image/parsers/capability.ts';
import { parseDebconf } from '../../pipeline/image/parsers/debconf.ts';
import { compareDebianVersions } from '../../pipeline/image/parsers/debian-version.ts';
import { parseDep5 } from '../../pipeline/image/parsers/dep5.ts';
import { parseDiversions } from '../../pipeline/image/parsers/diversions.ts';
import {
  aptState,
  fieldsOf,
  installed,
  parseDpkgStatus,
  providersOf,
  stanzas,
} from '../../pipeline/image/parsers/dpkg-status.ts';
import { driverVersion, parseDriverPackages } from '../../pipeline/image/parsers/driver-packages.ts';
import {
  DS_IDENTIFY,
  datasourceList,
  dsIdentifyConfig,
  dsIdentifyOf,
  policyMode,
} from '../../pipeline/image/parsers/ds-identify.ts';
import { elfArchitecture } from '../../pipeline/image/parsers/elf.ts';
import { bootEffect, mountSource, parseFstab } from '../../pipeline/image/parsers/fstab.ts';
import {
  globMatches,
  globMatchesPath,
  isPattern,
  wildcardMatches,
} from '../../pipeline/image/parsers/glob.ts';
import { grubChoice, grubStep, parseGrubCfg } from '../../pipeline/image/parsers/grub-cfg.ts';
import {
  grubDefaults,
  grubMenu,
  grubSystem,
  isGrubKernel,
  newestFirst,
} from '../../pipeline/image/parsers/grub-menu.ts';
import { lostKernelOptions } from '../../pipeline/image/parsers/grub-options.ts';
import { parseGrubenv } from '../../pipeline/image/parsers/grubenv.ts';
import { genericKernels } from '../../pipeline/image/parsers/hook-installs.ts';
import { hookNeeds } from '../../pipeline/image/parsers/hook-needs.ts';
import { authority, hostScope } from '../../pipeline/image/parsers/hosts.ts';
import { parseInterfaces } from '../../pipeline/image/parsers/interfaces.ts';
import { linesOf, numberedLines, significantLines } from '../../pipeline/image/parsers/lines.ts';
import { ModinfoReader, readModinfo } from '../../pipeline/image/parsers/modinfo.ts';
import { readNetplan } from '../../pipeline/image/parsers/netplan.ts';
import {
  curlProxies,
  environmentProxies,
  iniProxies,
  isProxy,
  isProxyVariable,
  jsonProxies,
  pamEnvironmentProxies,
  unitProxies,
  withoutLogin,
  yamlProxies,
} from '../../pipeline/image/parsers/proxy-settings.ts';
import { aptBoolean, isBlank, quoteWord, strip } from '../../pipeline/image/parsers/quote-word.ts';
import { parseShebang } from '../../pipeline/image/parsers/shebang.ts';
import { shellAssignments } from '../../pipeline/image/parsers/shell-assignments.ts';
import { variableChanges } from '../../pipeline/image/parsers/shell-variables.ts';
import {
  patternListMatches,
  readSshdConfig,
  type SshdFiles,
  sshdSetting,
  sshdSettings,
} from '../../pipeline/image/parsers/sshd-config.ts';
import { readSudoers } from '../../pipeline/image/parsers/sudoers.ts';
import { SudoersCursor, SudoersError, unescaped } from '../../pipeline/image/parsers/sudoers-cursor.ts';
import { refuseContinued, takeEntry } from '../../pipeline/image/parsers/sudoers-entry.ts';
import {
  forSomeHost,
  includedNames,
  includedPath,
  nextInclude,
  takeInclude,
} from '../../pipeline/image/parsers/sudoers-include.ts';
import { parseUnit, unitWords } from '../../pipeline/image/parsers/systemd-unit.ts';
import { compareNumbers, compareVersions } from '../../pipeline/image/parsers/version.ts';

type Parse = (input: Buffer) => unknown;

const text = (parse: (text: string) => unknown) => (input: Buffer) => parse(input.toString());

/** Every exported function of every parser, by file and name; a test compares this with the folder. */
export const PARSERS: Record<string, Record<string, Parse>> = {
  accounts: {
    hashedNames: text(hashedNames),
    nisEntries: text(nisEntries),
    parseGroup: text(parseGroup),
    parsePasswd: text(parsePasswd),
    parseShadow: text(parseShadow),
    passwordState: text(passwordState),
  },
  'apt-conf': {
    AptConfig: text((said) => [...aptConfig(said).settings()]),
    readAptConf: text(aptConfig),
    aptProxies: text((said) => aptProxies(aptConfig(said))),
  },
  'apt-sources': {
    parseAptSources: text((said) => parseAptSources(said, said.slice(0, 9))),
    parseDeb822Sources: text(parseDeb822Sources),
    parseSourcesList: text(parseSourcesList),
  },
  assignments: { parseAssignments: text(parseAssignments) },
  'authorized-keys': { countKeys: text(countKeys) },
  capability: { parseCapability },
  'debian-version': {
    compareDebianVersions: text((said) => compareDebianVersions(said.slice(0, said.length / 2), said)),
  },
  debconf: { parseDebconf: text(parseDebconf) },
  dep5: { parseDep5: text(parseDep5) },
  diversions: { parseDiversions: text(parseDiversions) },
  'dpkg-status': {
    parseDpkgStatus: text(parseDpkgStatus),
    installed: text((said) => parseDpkgStatus(said).map(installed)),
    aptState: text((said) => parseDpkgStatus(said).map(aptState)),
    providersOf: text((said) => providersOf(said, 'x')),
    stanzas: text((said) => [...stanzas(said)]),
    fieldsOf: text((said) => fieldsOf(said.split('\n'), /^[A-Z][a-z-]*:/, 100)),
  },
  'driver-packages': { driverVersion: text(driverVersion), parseDriverPackages: text(parseDriverPackages) },
  'ds-identify': {
    dsIdentifyOf: text(dsIdentifyOf),
    dsIdentifyConfig: text(dsIdentifyConfig),
    policyMode: text(policyMode),
    datasourceList: text((said) =>
      DS_IDENTIFY.map(({ reading }) =>
        datasourceList([{ path: 'etc/cloud/cloud.cfg', text: said }], reading),
      ),
    ),
  },
  elf: { elfArchitecture },
  fstab: {
    parseFstab: text(parseFstab),
    mountSource: text((said) => parseFstab(said).map(mountSource)),
    bootEffect: text((said) => parseFstab(said).map(bootEffect)),
  },
  glob: {
    // The first line is the pattern.
    globMatches: text((said) => globMatches(...patternAndName(said))),
    globMatchesPath: text((said) => globMatchesPath(...patternAndName(said))),
    wildcardMatches: text((said) => wildcardMatches(...patternAndName(said))),
    isPattern: text(isPattern),
  },
  'grub-options': {
    lostKernelOptions: text((said) =>
      lostKernelOptions(said, [{ file: 'etc/default/grub.d/x.cfg', text: said }]),
    ),
  },
  'hook-needs': { hookNeeds: text((said) => hookNeeds(said, ['curtin/curtin-hooks'])) },
  'shell-assignments': {
    shellAssignments: text((said) => shellAssignments([{ path: 'etc/x', text: said }])),
  },
  'shell-variables': { variableChanges: text(variableChanges) },
  'grub-cfg': {
    parseGrubCfg: text(parseGrubCfg),
    // The first line is GRUB_DEFAULT.
    grubChoice: text((said) => grubChoice(parseGrubCfg(said), said.split('\n', 1)[0]!)),
    grubStep: text(grubStep),
  },
  'grub-menu': {
    grubMenu: text(menuOf),
    grubDefaults: text((said) => grubDefaults(menuOf(said))),
    grubSystem: text(grubSystem),
    isGrubKernel: text(isGrubKernel),
    newestFirst: text((said) => newestFirst(said.slice(0, said.length / 2), said.slice(said.length / 2))),
  },
  grubenv: { parseGrubenv: text(parseGrubenv) },
  'hook-installs': { genericKernels: text(genericKernels) },
  hosts: { hostScope: text(hostScope), authority: text(authority) },
  interfaces: { parseInterfaces: text(parseInterfaces) },
  lines: {
    numberedLines: text((said) => numberedLines(said, { continued: true })),
    significantLines: text(significantLines),
    linesOf: text((said) => [...linesOf(said)]),
  },
  modinfo: {
    readModinfo,
    // One reader for two modules, in other pieces: it must say the same of each.
    ModinfoReader(input) {
      const reader = new ModinfoReader();
      const said = [1000, 7777].map((size) => {
        for (let at = 0; at < input.length; at += size) reader.write(input.subarray(at, at + size));
        return JSON.stringify(reader.end());
      });
      if (said[0] !== said[1] || said[0] !== JSON.stringify(readModinfo(input)))
        throw new Error('what a module says of itself depends on how it came');
    },
  },
  netplan: { readNetplan: text(readNetplan) },
  'quote-word': {
    isBlank: text(isBlank),
    strip: text(strip),
    quoteWord: text((said) => quoteWord(said, 0)),
    aptBoolean: text(aptBoolean),
  },
  shebang: { parseShebang },
  'sshd-config': {
    readSshdConfig: text((said) => readSshdConfig(sshdFiles(said))),
    sshdSetting: text((said) => sshdSetting(readSshdConfig(sshdFiles(said)), 'permitrootlogin', () => true)),
    sshdSettings: text((said) => sshdSettings(readSshdConfig(sshdFiles(said)), 'permitrootlogin')),
    patternListMatches: text((said) => patternListMatches(said, said.slice(0, 100))),
  },
  sudoers: {
    // The file includes itself as /etc/a.
    readSudoers: text((said) => readSudoers({ text: () => said, list: () => ['a'] })),
  },
  'sudoers-cursor': {
    SudoersCursor: text((said) => new SudoersCursor(said).skipLine()),
    SudoersError: () => new SudoersError(),
    unescaped: text(unescaped),
  },
  'sudoers-entry': {
    refuseContinued: text((said) => sudoersLine(said, refuseContinued)),
    takeEntry: text((said) => sudoersLine(said, (cursor) => takeEntry(cursor, noSudoers(), PLACE))),
  },
  'sudoers-include': {
    nextInclude: text((said) => sudoersLine(said, nextInclude)),
    takeInclude: text((said) => sudoersLine(said, takeInclude)),
    includedPath: text((said) => includedPath('etc/sudoers', said)),
    includedNames: text((said) => includedNames(said.split('\n'))),
    forSomeHost: text((said) => forSomeHost(said, false, { text: () => null, list: () => said.split('\n') })),
  },
  'proxy-settings': {
    curlProxies: text(curlProxies),
    environmentProxies: text(environmentProxies),
    iniProxies: text((said) => iniProxies(said, () => true)),
    isProxy: text(isProxy),
    isProxyVariable: text(isProxyVariable),
    jsonProxies: text((said) => jsonProxies(said, () => true)),
    pamEnvironmentProxies: text(pamEnvironmentProxies),
    unitProxies: text(unitProxies),
    withoutLogin: text(withoutLogin),
    yamlProxies: text(yamlProxies),
  },
  'systemd-unit': { parseUnit: text(parseUnit), unitWords: text(unitWords) },
  version: {
    compareVersions: text(ordersBothWays),
    compareNumbers: text((said) => compareNumbers(said, said.slice(1))),
  },
};

const PLACE = { file: 'etc/sudoers', line: 1 };
const noSudoers = () => readSudoers({ text: () => null, list: () => [] });

/** The result of reading the first line of a file; null: sudo has no place for it. */
function sudoersLine(said: string, read: (cursor: SudoersCursor) => unknown): unknown {
  try {
    return read(new SudoersCursor(said));
  } catch (error) {
    if (error instanceof SudoersError) return null;
    throw error;
  }
}

/** Names in /boot, one a line. */
function menuOf(said: string) {
  return grubMenu(said.split('\n'), { get: () => undefined, system: 'x' });
}

function aptConfig(said: string): AptConfig {
  const config = new AptConfig();
  readAptConf(said, 'apt.conf', config, () => null);
  return config;
}

/** Files parted by NUL: the first is the main one, each other has its path as its first line. */
function sshdFiles(said: string): SshdFiles {
  const [main = '', ...included] = said.split('\0');
  const files = new Map([['etc/ssh/sshd_config', main]]);
  for (const file of included) {
    const [path = '', ...lines] = file.split('\n');
    files.set(path, lines.join('\n'));
  }
  return {
    text: (path) => files.get(path) ?? null,
    glob: (pattern) => [...files.keys()].filter((path) => globMatchesPath(pattern, path)),
  };
}

/** Two versions, one a line, are in one order from either side. */
function ordersBothWays(said: string): void {
  const [a = '', b = ''] = said.split('\n');
  if (compareVersions(a, b) !== -compareVersions(b, a) || compareVersions(a, a) !== 0)
    throw new Error('The order of two versions depends on which comes first');
}

function patternAndName(said: string): [string, string] {
  const [pattern = '', name = ''] = said.split('\n');
  return [pattern.slice(0, 500), name.slice(0, 500)];
}
