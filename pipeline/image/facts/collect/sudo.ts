import { readSudoers } from '../../parsers/sudoers.ts';
import type {
  SudoAliasKind,
  SudoCommand,
  SudoDefault,
  Sudoers,
  SudoMember,
  SudoRule,
} from '../../parsers/sudoers-entry.ts';
import { shown } from '../../tar/names.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Tree } from '../tree.ts';
import type { Accounts } from './accounts.ts';

/** Rules that let somebody use sudo without a password. */
export interface SudoAccess {
  file: string;
  line: number;
  subject: string;
  text: string;
  /**
   * `open`: anything, or for somebody who logs in; `service`: a service runs the named commands as root or as another service;
   * `service-as-login`: as somebody who logs in, or any commands; `listed`: who has other rights runs the named commands or as the named services.
   */
  reach: 'open' | 'listed' | 'service' | 'service-as-login';
}

export interface SudoFacts {
  doors: SudoAccess[];
  /** Files it includes that are there and could not be read. */
  unread: string[];
}

const MOST = 100;

/** sudo's rules as they take effect, the last of several that fit winning. */
export function sudoFacts(tree: Tree, files: KeptFiles, accounts: Accounts): SudoFacts {
  const unread = new Set<string>();
  const sudoers = readSudoers({
    text(path) {
      const text = files.text(path);
      if (text === null && tree.exists(path)) unread.add(`/${shown(path)}`);
      return text;
    },
    list(folder) {
      // Folders that nothing is kept of are those that no program reads configuration from.
      if (tree.exists(folder) && !`${tree.resolve(folder)}/`.startsWith('etc/'))
        unread.add(`/${shown(folder)}`);
      return files.list(folder);
    },
  });
  if (!sudoers.whole) unread.add('/etc/sudoers');
  const doors = [...ruleAccess(sudoers, accounts), ...defaultAccess(sudoers, accounts)];
  return { doors: doors.slice(0, MOST), unread: [...unread].slice(0, 20) };
}

/** A command that asks for the password whatever is run as whomever its runas list has, with the place of its rule. */
interface SudoCaller {
  at: number;
  command: SudoCommand;
  /** Names among its users. */
  named: ReadonlySet<string>;
}

/** Rules behind which a rule without a password is looked for; a person writes one or two that ask everybody. */
const MOST_ASKING = 10;

function ruleAccess(sudoers: Sudoers, accounts: Accounts): SudoAccess[] {
  const asking = askingForAll(sudoers);
  const byRule = new Map<SudoRule, SudoCommand[]>();
  for (const [at, rule] of sudoers.rules.entries()) {
    if (byRule.size >= MOST) break;
    const silent = rule.commands.filter((c) => c.authenticate === false && !c.negated);
    if (silent.length === 0) continue;
    const users = expanded(rule.users, 'user', sudoers);
    if (onlyRoot(users, accounts)) continue;
    const here = asking.find((later) => later.at === at);
    const place = here ? rule.commands.indexOf(here.command) : 0;
    const before = here ? new Set(rule.commands.slice(0, place)) : null;
    const left = silent.filter(
      (command) =>
        !asking.some(
          (later) => (later === here ? before!.has(command) : later.at > at) && covers(later, users, command),
        ),
    );
    if (left.length > 0) byRule.set(rule, left);
  }
  return [...byRule].slice(0, MOST).map(([rule, commands]) => {
    const who = words(rule.users);
    const what = words(commands);
    const runas = commands[0]!.runasUsers;
    const as = runas === null ? 'root' : words(runas);
    return {
      file: `/${shown(rule.file)}`,
      line: rule.line,
      subject: cut(`/${shown(rule.file)}: ${who}: ${what}`),
      text: cut(`${who} ${words(rule.hosts)}=(${as}) NOPASSWD: ${what}`),
      reach: reachOf(rule, commands, sudoers, accounts),
    };
  });
}

/** The last commands that ask, whatever is run on whatever host. */
function askingForAll(sudoers: Sudoers): SudoCaller[] {
  const found: SudoCaller[] = [];
  for (let at = sudoers.rules.length - 1; at >= 0 && found.length < MOST_ASKING; at--) {
    const rule = sudoers.rules[at]!;
    const command = rule.commands.findLast((c) => c.text === 'ALL' && !c.negated && c.authenticate !== false);
    if (!command || rule.hosts.some((h) => h.negated) || !rule.hosts.some((h) => h.text === 'ALL')) continue;
    const users = expanded(rule.users, 'user', sudoers);
    if (users.some((u) => u.negated || u.text === MORE)) continue;
    found.push({ at, command, named: new Set(users.map((u) => u.text)) });
  }
  return found;
}

/** Whether a later command fits whenever one of these users runs that one. */
function covers(later: SudoCaller, users: readonly SudoMember[], command: SudoCommand): boolean {
  if (!later.named.has('ALL') && !users.every((u) => u.negated || later.named.has(u.text))) return false;
  const runas = later.command.runasUsers;
  const groups = later.command.runasGroups;
  return (
    (runas?.some((r) => r.text === 'ALL' && !r.negated) === true &&
      (command.runasGroups === null || groups?.some((g) => g.text === 'ALL') === true)) ||
    (sameMembers(runas, command.runasUsers) && sameMembers(groups, command.runasGroups))
  );
}

function sameMembers(a: readonly SudoMember[] | null, b: readonly SudoMember[] | null): boolean {
  if (a === b) return true;
  return a !== null && b !== null && a.length === b.length && a.length <= 20 && words(a) === words(b);
}

/** Programs that start any other when they are asked to. */
const SHELLS = new Set(
  (
    'sh bash dash zsh ksh mksh csh tcsh fish rbash busybox su sudo doas env python python2 python3 perl ruby node lua tclsh ' +
    'vi vim nvim nano emacs ed less more man find awk gawk mawk sed xargs tar rsync ssh scp docker podman nsenter chroot unshare ' +
    'setpriv systemd-run pkexec screen tmux gdb strace script expect visudo vipw passwd usermod chpasswd tee dd cp mv install chmod chown'
  ).split(' '),
);

function reachOf(
  rule: SudoRule,
  commands: readonly SudoCommand[],
  sudoers: Sudoers,
  accounts: Accounts,
): SudoAccess['reach'] {
  // A package names a handful; more than this is nobody's narrow rule.
  if (commands.length > 100) return 'open';
  const services = expanded(rule.users, 'user', sudoers).every(
    (u) => u.negated || isService(u.text, accounts),
  );
  if (!services) return 'open';
  return worst(
    commands.map((command) => {
      const programs = expanded([command], 'command', sudoers);
      return programs.every((c) => c.negated || isListed(c.text))
        ? target(command, sudoers, accounts)
        : 'open';
    }),
  );
}

function target({ runasUsers }: SudoCommand, sudoers: Sudoers, accounts: Accounts): SudoAccess['reach'] {
  // Packages list a command for their own account to run it as root (ceph-base: smartctl); with a group alone it runs as the caller.
  if (runasUsers === null) return 'service';
  const targets = expanded(runasUsers, 'runas', sudoers);
  if (targets.some((t) => t.text === 'ALL' || t.negated)) return 'open';
  const known = (name: string) => name === '' || isRoot(name, accounts) || isService(name, accounts);
  return targets.every((t) => known(t.text)) ? 'service' : 'service-as-login';
}

/** Whether a command names one program, and none that runs any other. */
function isListed(text: string): boolean {
  const [path = '', ...rest] = text.split(' ');
  if (text === 'list') return true;
  if (!path.startsWith('/') || path.endsWith('/') || /[*?[\\]/.test(path)) return false;
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/[\d.]+$/, '');
  return !SHELLS.has(name) && !(rest.length === 1 && rest[0] === '*' && /ctl$/.test(name));
}

function isService(name: string, accounts: Accounts): boolean {
  if (!name.startsWith('%')) return accounts.isService(name);
  const members = accounts.members(name.slice(1));
  return members !== null && members.length > 0 && members.every((m) => accounts.isService(m));
}

/** `Defaults` that ask nobody or some for no password, unless a later one asks again. */
function defaultAccess(sudoers: Sudoers, accounts: Accounts): SudoAccess[] {
  // sudo applies those for everybody, users and hosts first, then those for whom, then those for what is run.
  const rank = { all: 0, user: 0, host: 0, runas: 1, command: 2 } as const;
  const inOrder = (option: string) =>
    sudoers.defaults.filter((d) => d.option === option).sort((a, b) => rank[a.scope] - rank[b.scope]);
  const untagged = sudoers.rules.some((r) => r.commands.some((c) => c.authenticate === null && !c.negated));
  const open = (list: readonly SudoDefault[], on: (d: SudoDefault) => boolean) => {
    // From the end: a default counts when nothing behind it sets the same for at least the same.
    const after = new Set<string>();
    let all = false;
    const found: SudoDefault[] = [];
    for (const d of [...list].reverse()) {
      const id = JSON.stringify([d.scope, d.binding]);
      if (!all && !after.has(id) && on(d)) found.push(d);
      after.add(id);
      if (
        d.scope === 'all' ||
        (d.binding.length === 1 && d.binding[0]!.text === 'ALL' && !d.binding[0]!.negated)
      )
        all = true;
    }
    return found.reverse();
  };
  const silent = untagged ? open(inOrder('authenticate'), (d) => d.value === false) : [];
  const exempt = open(inOrder('exempt_group'), (d) => typeof d.value === 'string');
  const signs = { all: '', user: ':', host: '@', runas: '>', command: '!' } as const;
  const asks = (d: SudoDefault) =>
    d.scope !== 'user' || !onlyRoot(expanded(d.binding, 'user', sudoers), accounts);
  return [...silent, ...exempt]
    .filter(asks)
    .slice(0, MOST)
    .map((d) => {
      const bound = d.scope === 'all' ? '' : `${signs[d.scope]}${words(d.binding)}`;
      const said = typeof d.value === 'string' ? `${d.option}=${d.value}` : `!${d.option}`;
      return {
        file: `/${shown(d.file)}`,
        line: d.line,
        subject: cut(`/${shown(d.file)}: Defaults${bound} ${d.option}`),
        text: cut(`Defaults${bound} ${said}`),
        reach: defaultReach(d, sudoers, accounts),
      };
    });
}

function defaultReach(d: SudoDefault, sudoers: Sudoers, accounts: Accounts): SudoAccess['reach'] {
  if (d.scope === 'all' || d.scope === 'host') return 'open';
  const bound = expanded(d.binding, d.scope, sudoers);
  if (bound.some((m) => m.negated)) return 'open';
  const narrow =
    d.scope === 'command'
      ? bound.every((m) => isListed(m.text))
      : bound.every((m) => isService(m.text, accounts));
  if (!narrow) return 'open';
  return d.scope === 'user' ? 'service-as-login' : 'listed';
}

/** sudo never asks who has uid 0 already (tried with 1.9.13). */
function onlyRoot(users: readonly SudoMember[], accounts: Accounts): boolean {
  return users.every((u) => u.negated || isRoot(u.text, accounts));
}

function isRoot(name: string, accounts: Accounts): boolean {
  return name === 'root' || name === '#0' || accounts.find(name)?.uid === 0;
}

/** Members that are looked at; behind them stands one that is nobody's name, so that the others count as anybody. */
const MOST_MEMBERS = 200;
const MORE = 'and more';

/** Members with their aliases replaced; a name that is not defined is kept. */
function expanded(members: readonly SudoMember[], kind: SudoAliasKind, sudoers: Sudoers): SudoMember[] {
  const found: SudoMember[] = [];
  const add = (list: readonly SudoMember[], negated: boolean, open: ReadonlySet<string>) => {
    for (const member of list) {
      if (found.length >= MOST_MEMBERS) return;
      const alias =
        open.has(member.text) || open.size > 20 ? undefined : sudoers.aliases[kind].get(member.text);
      const odd = member.negated !== negated;
      if (alias) add(alias, odd, new Set([...open, member.text]));
      else found.push({ text: member.text, negated: odd });
    }
  };
  add(members, false, new Set());
  if (found.length >= MOST_MEMBERS) found.push({ text: MORE, negated: false });
  return found;
}

function worst(all: readonly SudoAccess['reach'][]): SudoAccess['reach'] {
  return (['open', 'service-as-login', 'service'] as const).find((reach) => all.includes(reach)) ?? 'open';
}

function words(members: readonly SudoMember[]): string {
  return members
    .slice(0, 20)
    .map((m) => `${m.negated ? '!' : ''}${m.text}`)
    .join(', ');
}

const cut = (text: string) => shown(text).slice(0, 300);
