/** A line of passwd(5). */
export interface PasswdEntry {
  name: string;
  /** The second field: `x` sends to the shadow file; empty means that no password is asked. */
  password: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/** The accounts of /etc/passwd; lines of another form are passed over. */
export function parsePasswd(text: string): PasswdEntry[] {
  const entries: PasswdEntry[] = [];
  for (const [name, password, uid, gid, , home, shell] of fields(text)) {
    if (password === undefined) continue;
    const ids = [number(uid), number(gid)];
    if (ids[0] === null || ids[1] === null) continue;
    entries.push({
      name: name!,
      password,
      uid: ids[0]!,
      gid: ids[1]!,
      home: home ?? '',
      shell: shell ?? '',
    });
  }
  return entries;
}

/** Lines of passwd(5), shadow(5), group(5) or gshadow(5) by field; glibc skips blanks in front, comments and lines without a name. */
function* fields(text: string): Generator<string[]> {
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line !== '' && line[0] !== '#' && line[0] !== ':') yield line.slice(0, MOST_LINE).split(':');
  }
}

const MOST_LINE = 64 << 10;

/** A number as glibc's strtoul takes it there: a sign and leading zeros are accepted. */
function number(field = ''): number | null {
  return /^\s?[+-]?\d{1,20}$/.test(field) ? Math.abs(Number(field)) : null;
}

/** A line of group(5). */
export interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

export function parseGroup(text: string): GroupEntry[] {
  const groups: GroupEntry[] = [];
  for (const [name, , gid, members] of fields(text)) {
    const id = number(gid);
    if (id !== null)
      groups.push({ name: name!, gid: id, members: (members ?? '').split(',').filter(Boolean) });
  }
  return groups;
}

/** Names of a passwd, shadow, group or gshadow file, or of a copy of one, that have a hash which somebody could try passwords against. */
export function hashedNames(text: string): { name: string; scheme: string }[] {
  const found: { name: string; scheme: string }[] = [];
  for (const [name, field] of fields(text)) {
    const state = passwordState(field ?? '*');
    if (state.state === 'usable') found.push({ name: name!, scheme: state.scheme });
  }
  return found;
}

/** Lines that send to NIS, where nsswitch.conf has `compat`: `+`, `+name`, `+@netgroup`. */
export function nisEntries(text: string): string[] {
  return [...fields(text)].map(([name]) => name!).filter((name) => name.startsWith('+'));
}

export type PasswordState = { state: 'locked' | 'none' } | { state: 'usable'; scheme: string };

const SCHEMES: Record<string, string> = {
  '1': 'md5crypt',
  '2a': 'bcrypt',
  '2b': 'bcrypt',
  '2y': 'bcrypt',
  '5': 'sha256crypt',
  '6': 'sha512crypt',
  '7': 'scrypt',
  y: 'yescrypt',
  gy: 'gost-yescrypt',
};

/** The meaning of a password field of shadow(5). The hash itself is not part of the answer. */
export function passwordState(field: string): PasswordState {
  if (field === '') return { state: 'none' };
  if (/^[!*]/.test(field)) return { state: 'locked' };
  const scheme = /^\$([^$]*)\$/.exec(field)?.[1];
  if (scheme !== undefined)
    return {
      state: 'usable',
      scheme: (Object.hasOwn(SCHEMES, scheme) && SCHEMES[scheme]) || 'an unknown scheme',
    };
  // crypt(3) can produce nothing but 13 characters of this alphabet, or BSDi's 20; anything else lets nobody in.
  // pam_unix also takes more blocks of eleven (bigcrypt).
  if (/^[./0-9A-Za-z]{13}(?:[./0-9A-Za-z]{11}){0,16}$/.test(field) || /^_[./0-9A-Za-z]{19}$/.test(field))
    return { state: 'usable', scheme: 'DES' };
  return { state: 'locked' };
}

/** The password states of /etc/shadow by account; a name's first line counts, as for getspnam(3). */
export function parseShadow(text: string): Map<string, PasswordState> {
  const states = new Map<string, PasswordState>();
  for (const [name, field] of fields(text))
    if (field !== undefined && !states.has(name!)) states.set(name!, passwordState(field));
  return states;
}
