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
