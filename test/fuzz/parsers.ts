import { parsePasswd, parseShadow, passwordState } from '../../pipeline/parsers/accounts.ts';
import { aptProxies } from '../../pipeline/parsers/apt-conf.ts';
import { parseDeb822Sources, parseSourcesList, unusableSource } from '../../pipeline/parsers/apt-sources.ts';
import { parseAssignments } from '../../pipeline/parsers/assignments.ts';
import { parseCapability } from '../../pipeline/parsers/capability.ts';
import { parseDebconf } from '../../pipeline/parsers/debconf.ts';
import { parseDep5 } from '../../pipeline/parsers/dep5.ts';
import { parseDiversions } from '../../pipeline/parsers/diversions.ts';
import { installed, parseDpkgStatus } from '../../pipeline/parsers/dpkg-status.ts';
import { buildTimeMounts } from '../../pipeline/parsers/fstab.ts';
import { defaultKernel, parseGrubCfg } from '../../pipeline/parsers/grub-cfg.ts';
import { genericKernels } from '../../pipeline/parsers/hook-installs.ts';
import { numberedLines, significantLines } from '../../pipeline/parsers/lines.ts';
import { netplanInterfaces } from '../../pipeline/parsers/netplan.ts';
import { parseShebang } from '../../pipeline/parsers/shebang.ts';
import { effectiveSshd, parseSshdConfig } from '../../pipeline/parsers/sshd-config.ts';
import { passwordlessRules } from '../../pipeline/parsers/sudoers.ts';
import { compareVersions } from '../../pipeline/parsers/version.ts';

type Parse = (input: Buffer) => unknown;

const text = (parse: (text: string) => unknown) => (input: Buffer) => parse(input.toString());

/** Every exported function of every parser, by file and name; a test compares this with the folder. */
export const PARSERS: Record<string, Record<string, Parse>> = {
  accounts: {
    parsePasswd: text(parsePasswd),
    parseShadow: text(parseShadow),
    passwordState: text(passwordState),
  },
  'apt-conf': { aptProxies: text(aptProxies) },
  'apt-sources': {
    parseDeb822Sources: text(parseDeb822Sources),
    parseSourcesList: text(parseSourcesList),
    unusableSource: text((said) =>
      [...parseSourcesList(said), ...parseDeb822Sources(said)].map(unusableSource),
    ),
  },
  assignments: { parseAssignments: text(parseAssignments) },
  capability: { parseCapability },
  debconf: { parseDebconf: text(parseDebconf) },
  dep5: { parseDep5: text(parseDep5) },
  diversions: { parseDiversions: text(parseDiversions) },
  'dpkg-status': {
    parseDpkgStatus: text(parseDpkgStatus),
    installed: text((said) => parseDpkgStatus(said).map(installed)),
  },
  fstab: { buildTimeMounts: text(buildTimeMounts) },
  'grub-cfg': {
    parseGrubCfg: text(parseGrubCfg),
    // The first line is GRUB_DEFAULT.
    defaultKernel: text((said) => defaultKernel(parseGrubCfg(said), said.split('\n', 1)[0]!)),
  },
  'hook-installs': { genericKernels: text(genericKernels) },
  lines: {
    numberedLines: text((said) => numberedLines(said, { continued: true })),
    significantLines: text(significantLines),
  },
  netplan: { netplanInterfaces: text(netplanInterfaces) },
  shebang: { parseShebang },
  'sshd-config': {
    parseSshdConfig: text(parseSshdConfig),
    effectiveSshd: text((said) => effectiveSshd(sshdFiles(said))),
  },
  sudoers: { passwordlessRules: text(passwordlessRules) },
  version: { compareVersions: text(ordersBothWays) },
};

/** Files parted by NUL: the first is the main one, each other has its path as its first line. */
function sshdFiles(said: string): Map<string, string> {
  const [main = '', ...included] = said.split('\0');
  const files = new Map([['etc/ssh/sshd_config', main]]);
  for (const file of included) {
    const [path = '', ...lines] = file.split('\n');
    files.set(path, lines.join('\n'));
  }
  return files;
}

/** Two versions, one a line, are in one order from either side. */
function ordersBothWays(said: string): void {
  const [a = '', b = ''] = said.split('\n');
  if (compareVersions(a, b) !== -compareVersions(b, a) || compareVersions(a, a) !== 0)
    throw new Error('The order of two versions depends on which comes first');
}
