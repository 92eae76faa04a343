import { type SudoersCursor, SudoersError, unescaped } from './sudoers-cursor.ts';
import { nextInclude } from './sudoers-include.ts';

/** A user, group, host or command as a rule names it: `ALL`, `bob`, `#1000`, `%adm`, `+netgroup`, an alias, a path with arguments. */
export interface SudoMember {
  text: string;
  negated: boolean;
}

/** A command of a rule, with what holds for it alone or is carried on from the one before. */
export interface SudoCommand extends SudoMember {
  /** NOPASSWD false, PASSWD true, no tag null. */
  authenticate: boolean | null;
  runasUsers: readonly SudoMember[] | null;
  runasGroups: readonly SudoMember[] | null;
}

/** The commands that users may run, on one list of hosts. */
export interface SudoRule {
  file: string;
  line: number;
  users: readonly SudoMember[];
  hosts: readonly SudoMember[];
  commands: readonly SudoCommand[];
}

/** One option of a `Defaults` line, and what it is bound to. */
export interface SudoDefault {
  file: string;
  line: number;
  scope: 'all' | 'user' | 'host' | 'runas' | 'command';
  binding: readonly SudoMember[];
  option: string;
  /** False for `!option`; true when it has no value. */
  value: string | boolean;
}

export type SudoAliasKind = 'user' | 'runas' | 'host' | 'command';

/** The rules that sudo uses, in the order in which it reads it. */
export interface Sudoers {
  rules: SudoRule[];
  defaults: SudoDefault[];
  aliases: Record<SudoAliasKind, Map<string, readonly SudoMember[]>>;
  /** Lines that sudo reports: it passes over them, or over what they include. */
  errors: { file: string; line: number }[];
  /** False when not all was read: there is more than a person writes, a file is for one host alone, or ends in the middle of a line. */
  whole: boolean;
}

/** The place of a line. */
export type SudoersPlace = Pick<SudoRule, 'file' | 'line'>;

const SCOPES = { ':': 'user', '>': 'runas', '@': 'host', '!': 'command' } as const;
const ALIASES = { User: 'user', Runas: 'runas', Host: 'host', Cmnd: 'command', Cmd: 'command' } as const;
const TAG = /(?:NO)?(?:PASSWD|EXEC|INTERCEPT|SETENV|LOG_OUTPUT|LOG_INPUT|MAIL|FOLLOW)[ \t]{0,1000}:/y;
const OPTION = /(?:TIMEOUT|NOTBEFORE|NOTAFTER|CWD|CHROOT|ROLE|TYPE|APPARMOR_PROFILE)(?=[ \t]{0,1000}=)/y;
const OPTION_VALUE = /\/(?:\\[,:= \t#]|[^,:=\\ \t\r\n#])+|(?:[^#>!=:,() \t\r\n\\"]|\\[^\t\n])+/y;
const DIGEST = /sha(?:224|256|384|512)(?=[ \t]{0,1000}:)/y;
const DIGEST_VALUE = /[A-Za-z0-9+/=]+/y;
const ALIAS_NAME = /[A-Z][A-Z0-9_]*(?![^#>!=:,() \t\r\n\\"])/y;
const WORD_END = '(?![^#>!=:,() \\t\\r\\n\\\\"])';
const DEFAULTS = new RegExp(`Defaults(?:[:>@!]|${WORD_END})`, 'y');
const ALIAS_KIND = new RegExp(`(?:Host|Cmnd|Cmd|User|Runas)_Alias${WORD_END}`, 'y');
const DEFAULT_NAME = /[a-z_]+/y;
const DEFAULT_SIGN = /=|\+=|-=/y;
const DEFAULT_VALUE = /(?:[^#!=, \t\r\n\\"]|\\[^\r\n])(?:[^#=, \t\r\n\\"]|\\[^\r\n])*/y;
const COMMA = /[ \t]*,[ \t]*/y;

/** sudo takes its own words only where no line is continued. */
export function refuseContinued(cursor: SudoersCursor): void {
  if (nextInclude(cursor) || [DEFAULTS, ALIAS_KIND].some((word) => cursor.ahead(word) !== null))
    throw new SudoersError();
}

/**
 * Takes an entry that includes nothing, and adds what it says.
 * @throws {SudoersError} at what sudo's grammar (1.9.13) has no place for.
 */
export function takeEntry(cursor: SudoersCursor, found: Sudoers, place: SudoersPlace): void {
  if (cursor.peek() === '\n') {
    cursor.end();
    return;
  }
  const defaults = cursor.match(DEFAULTS);
  if (defaults !== null) {
    defaultsEntry(cursor, found, place, defaults.slice('Defaults'.length));
    return;
  }
  const alias = cursor.match(ALIAS_KIND);
  if (alias) {
    aliasEntry(cursor, found, ALIASES[alias.slice(0, alias.indexOf('_')) as keyof typeof ALIASES]);
    return;
  }
  const users = list(cursor, name);
  const rules: SudoRule[] = [];
  do {
    const hosts = list(cursor, name);
    cursor.expect('=');
    rules.push({ ...place, users, hosts, commands: commandSpecs(cursor) });
  } while (cursor.take(':'));
  cursor.end();
  for (const rule of rules) found.rules.push(rule);
}

const name = (cursor: SudoersCursor) => cursor.name();

function list(cursor: SudoersCursor, read: (cursor: SudoersCursor) => string): SudoMember[] {
  const members: SudoMember[] = [];
  do {
    const negated = cursor.negated();
    members.push({ negated, text: read(cursor) });
  } while (cursor.take(','));
  return members;
}

function commandSpecs(cursor: SudoersCursor): SudoCommand[] {
  const commands: SudoCommand[] = [];
  do {
    const before = commands.at(-1);
    let runasUsers: SudoMember[] | null = null;
    let runasGroups: SudoMember[] | null = null;
    if (cursor.take('(')) {
      if (![':', ')'].includes(cursor.peek())) runasUsers = list(cursor, name);
      if (cursor.take(':') && cursor.peek() !== ')') runasGroups = list(cursor, name);
      cursor.expect(')');
      // An empty list is the user that runs sudo, for `(:)` too.
      runasUsers ??= runasGroups ? null : [{ text: '', negated: false }];
    }
    for (cursor.blanks(); cursor.match(OPTION); cursor.blanks()) {
      cursor.expect('=');
      cursor.blanks();
      if (cursor.peek() === '"') cursor.quoted();
      else if (!cursor.match(OPTION_VALUE)) throw new SudoersError();
    }
    let authenticate: boolean | null = null;
    for (cursor.blanks(); ; cursor.blanks()) {
      const tag = cursor.match(TAG);
      if (tag === null) break;
      if (/^(?:NO)?PASSWD/.test(tag)) authenticate = !tag.startsWith('NO');
    }
    const command = digestCommand(cursor);
    const inherited = runasUsers === null && runasGroups === null && before;
    commands.push({
      ...command,
      authenticate: authenticate ?? before?.authenticate ?? null,
      runasUsers: inherited ? before.runasUsers : runasUsers,
      runasGroups: inherited ? before.runasGroups : runasGroups,
    });
  } while (cursor.take(','));
  return commands;
}

/** A command behind the digests that its file must have. */
function digestCommand(cursor: SudoersCursor): SudoMember {
  for (cursor.blanks(); cursor.match(DIGEST); cursor.blanks()) {
    cursor.expect(':');
    cursor.blanks();
    if (!cursor.match(DIGEST_VALUE)) throw new SudoersError();
    cursor.take(',');
  }
  const negated = cursor.negated();
  cursor.blanks();
  return { negated, text: command(cursor, true) };
}

function command(cursor: SudoersCursor, withArguments: boolean): string {
  cursor.blanks();
  const alias = cursor.match(ALIAS_NAME);
  if (alias) return alias;
  return cursor.match(/list(?![^#>!=:,() \t\r\n\\"])/y) ?? cursor.command(withArguments);
}

function aliasEntry(cursor: SudoersCursor, found: Sudoers, kind: SudoAliasKind): void {
  do {
    cursor.blanks();
    const alias = cursor.match(ALIAS_NAME);
    if (!alias) throw new SudoersError();
    cursor.expect('=');
    const members = kind === 'command' ? commandMembers(cursor) : list(cursor, name);
    // sudo refuses a second definition.
    // The first definition counts, and what follows the second on its line does not.
    if (found.aliases[kind].has(alias)) throw new SudoersError();
    found.aliases[kind].set(alias, members);
  } while (cursor.take(':'));
  cursor.end();
}

function commandMembers(cursor: SudoersCursor): SudoMember[] {
  const members: SudoMember[] = [];
  do members.push(digestCommand(cursor));
  while (cursor.take(','));
  return members;
}

function defaultsEntry(cursor: SudoersCursor, found: Sudoers, place: SudoersPlace, sign: string): void {
  const scope = sign === '' ? 'all' : SCOPES[sign as keyof typeof SCOPES];
  const binding: SudoMember[] = [];
  if (sign !== '') {
    cursor.blanks();
    do {
      const negated = cursor.negated();
      binding.push({ negated, text: scope === 'command' ? command(cursor, false) : cursor.name() });
    } while (cursor.match(COMMA) !== null);
  }
  do {
    const off = cursor.negated();
    cursor.blanks();
    const option = cursor.match(DEFAULT_NAME);
    if (option === null) throw new SudoersError();
    cursor.blanks();
    let value: string | boolean = !off;
    if (cursor.match(DEFAULT_SIGN)) {
      cursor.blanks();
      const said = cursor.peek() === '"' ? cursor.quoted() : cursor.match(DEFAULT_VALUE);
      if (said === null || off) throw new SudoersError();
      value = unescaped(said);
    }
    found.defaults.push({ ...place, scope, binding, option, value });
  } while (cursor.take(','));
  cursor.end();
}
