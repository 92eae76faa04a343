import type { PasswdEntry } from '../../parsers/accounts.ts';
import { parseAssignments } from '../../parsers/assignments.ts';
import { countKeys } from '../../parsers/authorized-keys.ts';
import { isPattern } from '../../parsers/glob.ts';
import {
  type Criterion,
  patternListMatches,
  readSshdConfig,
  type SshdConfig,
  type SshdFiles,
  type SshdSetting,
  sshdSettings,
} from '../../parsers/sshd-config.ts';
import { unitWords } from '../../parsers/systemd-unit.ts';
import { shown } from '../../tar/names.ts';
import { globBudget, globFiles } from '../glob-files.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Tree } from '../tree.ts';
import { unitSettings } from './unit-files.ts';

/** A setting of sshd that is in force for somebody. */
export interface SshdAccess {
  file: string;
  line: number;
  keyword: string;
  values: string[];
  /** The criteria of its Match block in words; null when it holds for everybody. */
  for: string | null;
  /** Whether it can hold for an account with uid 0. */
  root: boolean;
  /** Of TrustedUserCAKeys: keys in that file; null when there is no such file. */
  keys?: number | null;
}

export interface SshdFacts {
  installed: boolean;
  settings: SshdAccess[];
  /** Lines at which sshd stops instead of starting. */
  problems: { file: string; line: number; text: string }[];
  /** Files that its configuration names and that could not be read. */
  unread: string[];
}

/** Keywords whose value decides who gets in. */
const DOORS = [
  ...['permitrootlogin', 'passwordauthentication', 'permitemptypasswords', 'kbdinteractiveauthentication'],
  ...[
    'usepam',
    'hostbasedauthentication',
    'authenticationmethods',
    'authorizedkeysfile',
    'authorizedkeyscommand',
  ],
  ...[
    'authorizedprincipalscommand',
    'trustedusercakeys',
    'permituserenvironment',
    'gatewayports',
    'strictmodes',
  ],
  ...['gssapiauthentication', 'kerberosauthentication'],
] as const;
const UNITS = ['ssh.service', 'sshd.service', 'ssh@.service', 'sshd@.service'];
const MOST = 200;

/** Every configuration that a unit of the image starts sshd with. */
export function sshdConfigs(tree: Tree, files: KeptFiles, unread: Set<string>): SshdConfig[] {
  const budget = globBudget();
  const source: SshdFiles = {
    text(path) {
      const text = files.text(path);
      if (text === null && tree.exists(path) && !tree.isDirectory(path)) unread.add(`/${shown(path)}`);
      return text;
    },
    glob(pattern) {
      // Only what programs read as configuration is kept: of other folders nobody knows what a pattern finds.
      const parts = pattern.split('/');
      const folder = parts.slice(0, Math.max(0, parts.findIndex(isPattern))).join('/');
      const found = globFiles(pattern, tree, files, budget);
      const elsewhere =
        isPattern(pattern) && !`${tree.resolve(folder)}/`.startsWith('etc/') && tree.exists(folder);
      if (found === null || elsewhere) unread.add(`/${shown(pattern).slice(0, 200)}`);
      return found ?? [];
    },
  };
  const starts = new Map<string, { main?: string; options: string[] }>();
  for (const unit of UNITS) {
    const start = started(unit, files);
    if (start) starts.set(JSON.stringify(start), start);
  }
  if (starts.size === 0) starts.set('', commandLine(['sshd', ...defaultOptions(files)]));
  return [...starts.values()].map(({ main, options }) => readSshdConfig(source, main, options));
}

export function sshdFacts(
  tree: Tree,
  files: KeptFiles,
  configs: readonly SshdConfig[],
  unread: ReadonlySet<string>,
  passwd: readonly PasswdEntry[],
): SshdFacts {
  const roots = ['root', ...passwd.filter((p) => p.uid === 0).map((p) => p.name)];
  const found = new Map<string, SshdAccess>();
  for (const config of configs)
    for (const keyword of DOORS)
      for (const setting of sshdSettings(config, keyword)) {
        const door = accessOf(setting, roots, tree, files);
        if (found.size < MOST) found.set(JSON.stringify(door), door);
      }
  return {
    installed: tree.exists('usr/sbin/sshd') || tree.exists('etc/ssh/sshd_config'),
    settings: [...found.values()],
    problems: configs
      .flatMap((config) => config.problems)
      .slice(0, 20)
      .map(({ file, line, text }) => ({ file: place(file), line, text: shown(text) })),
    unread: [...unread].slice(0, 20),
  };
}

function accessOf(setting: SshdSetting, roots: readonly string[], tree: Tree, files: KeptFiles): SshdAccess {
  const { file, line, keyword, values, match } = setting;
  const cut = (text: string) => shown(text).slice(0, 200);
  const narrow = match !== null && match.length > 0;
  const door: SshdAccess = {
    file: place(file),
    line,
    keyword,
    values: values.slice(0, 20).map(cut),
    for: narrow ? cut(match.map((c) => `${c.criterion} ${c.argument}`.trim()).join(' ')) : null,
    root: !narrow || roots.some((name) => match.every((c) => takes(c, name))),
  };
  if (keyword !== 'trustedusercakeys') return door;
  const path = (values[0] ?? '').replace(/^\//, '');
  const text = files.text(path);
  return { ...door, keys: text === null ? (tree.exists(path) ? 1 : null) : countKeys(text) };
}

/** Whether a criterion can be true for an account; where it depends on the connection, it can. */
function takes({ criterion, argument }: Criterion, name: string): boolean {
  return criterion === 'user' ? patternListMatches(argument, name) : criterion !== 'invalid-user';
}

function place(file: string): string {
  return file === 'command line' ? 'the command line of sshd' : `/${shown(file)}`;
}

/** The start of sshd by a unit; null when there is none of that name. */
function started(unit: string, files: KeptFiles): { main?: string; options: string[] } | null {
  const settings = unitSettings(unit, files).filter((s) => s.section === 'Service');
  let argv: string[] | null = null;
  const environment = new Map<string, string>();
  let environmentFiles = 0;
  for (const { key, value } of settings) {
    if (key === 'ExecStart') argv = value === '' ? null : unitWords(value);
    else if (key === 'Environment')
      for (const word of unitWords(value)) {
        const cut = word.indexOf('=');
        if (cut !== -1) environment.set(word.slice(0, cut), word.slice(cut + 1));
      }
    else if (key === 'EnvironmentFile' && ++environmentFiles <= 20)
      for (const [name, set] of parseAssignments(files.text(value.replace(/^-?\/?/, '')) ?? ''))
        environment.set(name, set);
  }
  if (argv === null) return null;
  return commandLine(
    argv.flatMap((word) => {
      const name = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$/.exec(word)?.[1];
      return name === undefined ? [word] : unitWords(environment.get(name) ?? '');
    }),
  );
}

/** SSHD_OPTS, where no unit says how sshd is started. */
function defaultOptions(files: KeptFiles): string[] {
  return unitWords(parseAssignments(files.text('etc/default/ssh') ?? '').get('SSHD_OPTS') ?? '');
}

/** `-o` and `-f` of a command line. */
function commandLine(argv: readonly string[]): { main?: string; options: string[] } {
  const options: string[] = [];
  let main: string | undefined;
  for (let i = 1; i < argv.length; i++) {
    const flag = /^-[dDeGiqtT46]*([of])(.*)$/.exec(argv[i]!);
    if (!flag) continue;
    if (flag[2] === '') i += 1;
    const value = flag[2] === '' ? (argv[i] ?? '') : flag[2]!;
    if (flag[1] === 'o') options.push(value);
    else main = value.replace(/^\//, '');
  }
  return { ...(main === undefined ? {} : { main }), options };
}
