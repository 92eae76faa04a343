import {
  type GroupEntry,
  hashedNames,
  nisEntries,
  type PasswdEntry,
  type PasswordState,
  parseGroup,
  parsePasswd,
  parseShadow,
  passwordState,
} from '../../parsers/accounts.ts';
import { shown } from '../../tar/names.ts';
import type { Account } from '../facts.ts';
import type { KeptFiles } from '../kept-files.ts';

/** The accounts and groups of an image as its own files have them. */
export class Accounts {
  readonly passwd: readonly PasswdEntry[];
  /** As facts, in the order of passwd. */
  readonly facts: readonly Account[];
  readonly #entries = new Map<string, PasswdEntry>();
  readonly #byUid = new Map<number, PasswdEntry>();
  readonly #facts = new Map<string, Account>();
  /** By name and by `#gid`. */
  readonly #groups = new Map<string, GroupEntry>();
  readonly #byGid = new Map<number, string[]>();

  constructor(files: KeptFiles) {
    const shadow = parseShadow(files.text('etc/shadow') ?? '');
    this.passwd = parsePasswd(files.text('etc/passwd') ?? '').slice(0, MOST);
    for (const group of parseGroup(files.text('etc/group') ?? '').slice(0, MOST))
      for (const name of [group.name, `#${group.gid}`])
        if (!this.#groups.has(name)) this.#groups.set(name, group);
    this.facts = this.passwd.map(({ name, uid, shell, password }) => {
      const state: PasswordState | undefined = password === 'x' ? shadow.get(name) : passwordState(password);
      return {
        name: shown(name),
        uid,
        shell: shown(shell),
        password: state?.state ?? 'missing',
        scheme: state?.state === 'usable' ? state.scheme : null,
      };
    });
    for (const [i, entry] of this.passwd.entries()) {
      if (this.#entries.has(entry.name)) continue;
      const own = this.#byGid.get(entry.gid);
      if (own) own.push(entry.name);
      else this.#byGid.set(entry.gid, [entry.name]);
      this.#entries.set(entry.name, entry);
      this.#facts.set(entry.name, this.facts[i]!);
      if (!this.#byUid.has(entry.uid)) this.#byUid.set(entry.uid, entry);
    }
  }

  /** An account by name or `#uid`. */
  find(name: string): PasswdEntry | undefined {
    const uid = /^#(\d{1,10})$/.exec(name)?.[1];
    return uid === undefined ? this.#entries.get(name) : this.#byUid.get(Number(uid));
  }

  /** Members of a group, `name` or `#gid`, those whose own group it is among them; null when there is no such group. */
  members(group: string): string[] | null {
    const found = this.#groups.get(group);
    return found ? [...found.members, ...(this.#byGid.get(found.gid) ?? [])] : null;
  }

  /** Whether nobody gets in as this account: it is there, and has no shell, or is a service's without a password. */
  isService(name: string): boolean {
    const entry = this.find(name);
    if (!entry || entry.uid === 0) return false;
    if (/\/(?:nologin|false)$/.test(entry.shell)) return true;
    const { password } = this.#facts.get(entry.name)!;
    return entry.uid < FIRST_ORDINARY && (password === 'locked' || password === 'missing');
  }
}

const MOST = 5000;
const FIRST_ORDINARY = 1000;

/** A hash in another file than /etc/shadow, or a line that sends to NIS. */
export interface CredentialFacts {
  /** Files with hashes beside passwd and shadow, with whose they are; `live`: a program asks the file, and it is not a copy. */
  hashes: { file: string; names: string[]; live: boolean }[];
  /** Lines that send to NIS, and whether nsswitch.conf makes anything of them. */
  nis: { file: string; entries: string[]; asked: boolean }[];
  /** Whether PAM lets an account in whose password is empty. */
  emptyPasswords: boolean;
}

const COPY = /^etc\/(?:g?shadow|passwd|group)[-.~_+][^/]{0,100}$/;
/** pam_unix keeps earlier hashes there: name:uid:count:hash,hash. */
const OLD_PASSWORDS = 'etc/security/opasswd';
const DATABASES = ['passwd', 'shadow', 'group', 'gshadow'] as const;

export function credentialFacts(files: KeptFiles): CredentialFacts {
  const facts: CredentialFacts = { hashes: [], nis: [], emptyPasswords: nullok(files) };
  const add = (path: string, names: readonly string[], live: boolean) => {
    if (names.length > 0 && facts.hashes.length < 50)
      facts.hashes.push({ file: `/${shown(path)}`, names: names.slice(0, 20).map(shown), live });
  };
  for (const path of ['etc/group', 'etc/gshadow'])
    add(
      path,
      hashedNames(files.text(path) ?? '').map((h) => h.name),
      true,
    );
  for (const name of files.list('etc'))
    if (COPY.test(`etc/${name}`))
      add(
        `etc/${name}`,
        hashedNames(files.text(`etc/${name}`) ?? '').map((h) => h.name),
        false,
      );
  const old = (files.text(OLD_PASSWORDS) ?? '')
    .split('\n')
    .filter((line) => /^[^:#]+:[^:]*:[^:]*:./.test(line));
  add(
    OLD_PASSWORDS,
    old.map((line) => line.slice(0, line.indexOf(':'))),
    false,
  );
  const compat = compatDatabases(files.text('etc/nsswitch.conf') ?? '');
  for (const database of DATABASES) {
    const entries = nisEntries(files.text(`etc/${database}`) ?? '');
    if (entries.length > 0)
      facts.nis.push({
        file: `/etc/${database}`,
        entries: entries.slice(0, 20).map(shown),
        asked: compat.has(database),
      });
  }
  return facts;
}

/** Databases of nsswitch.conf that are read the old way; shadow goes by passwd where it has no line of its own. */
function compatDatabases(text: string): Set<string> {
  const found = new Map<string, boolean>();
  for (const raw of text.split('\n')) {
    const [database, services] = (raw.split('#', 1)[0] ?? '').split(':', 2);
    if (services !== undefined) found.set(database!.trim(), services.split(/[ \t]+/).includes('compat'));
  }
  const databases = DATABASES.filter(
    (d) => found.get(d) ?? found.get(d === 'shadow' ? 'passwd' : 'group') ?? false,
  );
  return new Set(databases);
}

/** `nullok` of pam_unix in what Debian's services include; without such a file nobody knows, and it counts as set. */
function nullok(files: KeptFiles): boolean {
  const text = files.text('etc/pam.d/common-auth');
  return (
    text === null ||
    text
      .split('\n')
      .some((line) => /^[^#]{0,1000}\bpam_unix\.so\b[^#]{0,1000}\bnullok/.test(line.slice(0, 2000)))
  );
}
