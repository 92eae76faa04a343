import type { ImageFacts } from '../facts/facts.ts';
import { type Check, failOr, type Item, type Severity, several } from './types.ts';

/** Access that the build has left: passwords, keys, and sudo without a password. */
export const ACCOUNTS_CHECK: Check = {
  number: 30,
  id: 'accounts',
  title: 'Nobody has a password or a key, root is locked, sudo asks',
  severity: 'blocker',
  why: 'The build logs in with a password. If it stays in the image, it opens every machine: it is well known (root, ubuntu, nvidia) or can be attacked offline.',
  fix: "`usermod -p '*' root` and `userdel` for build users, then `rm -f /etc/shadow- /etc/gshadow- /etc/passwd- /etc/group-`; remove NOPASSWD rules and `Defaults !authenticate` from sudoers and all authorized_keys, as the last step.",
  reads: /^etc\/(g?shadow|passwd|group|sudoers|pam\.d|doas)|authorized_keys|^root|^etc$/,
  evaluate(facts) {
    const items = [
      ...passwords(facts),
      ...credentials(facts),
      ...sudo(facts),
      ...grants(facts),
      ...keys(facts),
    ];
    return failOr(items, `${facts.accounts.length} accounts, all locked`);
  },
};

function passwords({ accounts, access }: ImageFacts): Item[] {
  const items: Item[] = [];
  const root = accounts.find((a) => a.name === 'root');
  if (!root) items.push({ subject: 'root', text: '/etc/passwd has no root' });
  else if (root.password === 'missing') items.push({ subject: 'root', text: 'root is not in /etc/shadow' });
  for (const { name, uid, password, scheme } of accounts) {
    if (password === 'usable')
      items.push({ subject: `password of ${name}`, text: `${name} has a password (${scheme})` });
    if (password === 'none')
      items.push({
        subject: `password of ${name}`,
        text: `${name} is asked for no password${access.credentials.emptyPasswords ? '' : ' (PAM refuses it without nullok)'}`,
        severity: access.credentials.emptyPasswords ? undefined : 'major',
      });
    if (uid === 0 && name !== 'root')
      items.push({ subject: `uid 0 of ${name}`, text: `${name} has uid 0, as root has` });
  }
  return items;
}

function credentials({ access: { credentials } }: ImageFacts): Item[] {
  return [
    ...credentials.hashes.map(({ file, names, live }) => ({
      subject: file,
      text: `${file} holds password hashes: ${several(names)}`,
      // A copy opens nothing; what it holds can be tried offline.
      severity: live ? undefined : ('major' as const),
    })),
    ...credentials.nis.map(({ file, entries, asked }) => ({
      subject: file,
      text: `${file} sends to NIS: ${several(entries)}${asked ? '' : ', and nsswitch.conf has no compat'}`,
      severity: asked ? undefined : ('warning' as const),
    })),
  ];
}

const SUDO: Record<
  ImageFacts['access']['sudo']['doors'][number]['reach'],
  { severity: Severity; words: string }
> = {
  open: { severity: 'blocker', words: '' },
  listed: { severity: 'major', words: ' (for the named commands only)' },
  'service-as-login': { severity: 'major', words: ' (a service account; nobody logs in with it)' },
  service: { severity: 'warning', words: ' (a service account; nobody logs in with it)' },
};

function sudo({ access: { sudo } }: ImageFacts): Item[] {
  return [
    ...sudo.unread.map((path) => ({ subject: path, text: `${path} could not be checked` })),
    ...sudo.doors.map(({ file, line, subject, text, reach }) => ({
      subject,
      text: `sudo asks for no password (${file}:${line}: ${text})${SUDO[reach].words}`,
      severity: SUDO[reach].severity,
    })),
  ];
}

function grants({ access }: ImageFacts): Item[] {
  return access.grants.map(({ file, line, text, why, severity }) => ({
    subject: file,
    text: `${why} (${file}:${line}: ${text})`,
    severity,
  }));
}

function keys({ access }: ImageFacts): Item[] {
  return access.keys.map(({ file, keys, account, waits, shell }) => {
    const many = keys === null ? 'not read' : String(keys);
    const whom = account === null ? WAITS[waits ?? 'elsewhere'] : `open ${account}`;
    return {
      subject: account === null ? file : `${file} for ${account}`,
      text: `keys in ${file} (${many}) ${whom}${shell ? '' : ', which has no shell: ports only'}`,
      severity: waits === 'elsewhere' ? 'warning' : shell ? undefined : 'major',
    };
  });
}

const WAITS = {
  skeleton: 'are copied into every new home',
  home: 'open the account that gets this home later',
  elsewhere: 'lie where sshd does not read them now',
};
