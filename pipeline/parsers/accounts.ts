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
  for (const line of text.split('\n')) {
    const [name, password, uid, gid, , home, shell] = line.replace(/\r$/, '').split(':');
    if (!name || name.startsWith('#') || password === undefined) continue;
    if (!/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? '')) continue;
    entries.push({
      name,
      password,
      uid: Number(uid),
      gid: Number(gid),
      home: home ?? '',
      shell: shell ?? '',
    });
  }
  return entries;
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

/** What a password field of shadow(5) allows. The hash itself is not part of the answer. */
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
  if (/^[./0-9A-Za-z]{13}$/.test(field) || /^_[./0-9A-Za-z]{19}$/.test(field))
    return { state: 'usable', scheme: 'DES' };
  return { state: 'locked' };
}

/** The password states of /etc/shadow by account; a name's first line counts, as for getspnam(3). */
export function parseShadow(text: string): Map<string, PasswordState> {
  const states = new Map<string, PasswordState>();
  for (const line of text.split('\n')) {
    const [name, field] = line.replace(/\r$/, '').split(':');
    if (name && field !== undefined && !name.startsWith('#') && !states.has(name))
      states.set(name, passwordState(field));
  }
  return states;
}
