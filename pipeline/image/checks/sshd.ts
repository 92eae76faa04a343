import type { SshdAccess } from '../facts/collect/sshd.ts';
import { type Check, failOr, type Item, notApplicable, type Severity, several } from './types.ts';

/** What a value means for the machine; null when it opens nothing. */
type Weigh = (door: SshdAccess, all: readonly SshdAccess[]) => { why: string; severity: Severity } | null;

const yes = (door: SshdAccess) => door.values[0]?.toLowerCase() === 'yes';
const set = (door: SshdAccess) => door.values[0]?.toLowerCase() !== 'none';
/** Opens when it is on. */
const when =
  (
    why: string,
    severity: Severity,
    on: (door: SshdAccess, all: readonly SshdAccess[]) => boolean = yes,
  ): Weigh =>
  (door, all) =>
    on(door, all) ? { why, severity } : null;

/** Programs of packages that fetch keys from a directory or a cloud: what they let in is the site's decision. */
const KEY_PROGRAMS =
  /^\/usr\/(?:s?bin|lib|libexec|share)\/[^\s]*(?:sss_ssh_authorizedkeys|eic_run_authorized_keys|google_authorized_keys)(?:\s|$)/;

/** Settings that let somebody in, by keyword. A keyword's default is not among them: without a password or a key in the image it lets nobody in. */
const WEIGHTS: Record<string, Weigh> = {
  permitrootlogin: when('root gets in by password', 'blocker', (door) => yes(door) && door.root),
  passwordauthentication: when('passwords are accepted', 'blocker'),
  permitemptypasswords: when('an empty password is accepted', 'blocker'),
  // Without PAM no device asks, and the method always fails.
  kbdinteractiveauthentication: when(
    'PAM asks for a password',
    'blocker',
    (door, all) => yes(door) && all.some((d) => d.keyword === 'usepam' && yes(d)),
  ),
  hostbasedauthentication: when('other hosts vouch for their users', 'major'),
  authenticationmethods(door, all) {
    if (!door.values.includes('none')) return null;
    return all.some((d) => d.keyword === 'permitemptypasswords' && yes(d))
      ? { why: 'who has an empty password is asked for nothing', severity: 'blocker' }
      : { why: 'nobody gets in by it', severity: 'warning' };
  },
  authorizedkeysfile(door) {
    if (door.values.some((v) => /^\/(?:var\/)?tmp\/|^\/dev\/shm\/|^\/run\/(?:lock|user)\//.test(v)))
      return { why: 'keys are read where everybody writes', severity: 'blocker' };
    return door.values.some((v) => v.startsWith('/') && !/%[hkuU]/.test(v))
      ? { why: 'one file of keys opens every account', severity: 'major' }
      : null;
  },
  authorizedkeyscommand(door) {
    if (!set(door)) return null;
    return KEY_PROGRAMS.test(door.values[0] ?? '')
      ? { why: 'keys come from a directory or a cloud', severity: 'warning' }
      : { why: 'keys come from a program', severity: 'blocker' };
  },
  authorizedprincipalscommand: when('a program decides whose certificates count', 'warning', set),
  trustedusercakeys(door) {
    if (!set(door)) return null;
    return (door.keys ?? 0) > 0
      ? { why: 'certificates of that authority open accounts', severity: 'blocker' }
      : { why: 'that file has no key yet', severity: 'warning' };
  },
  permituserenvironment: when(
    'users set the environment of their logins',
    'warning',
    (door) => door.values[0] !== 'no',
  ),
  gatewayports: when('forwarded ports are open to the network', 'warning', (door) =>
    ['yes', 'clientspecified'].includes(door.values[0]?.toLowerCase() ?? ''),
  ),
  strictmodes: when(
    'keys are read that others can write',
    'warning',
    (door) => door.values[0]?.toLowerCase() === 'no',
  ),
  gssapiauthentication: when('Kerberos tickets are accepted', 'warning'),
  kerberosauthentication: when('Kerberos passwords are accepted', 'warning'),
};

const said = ({ keyword, values, for: who }: SshdAccess) =>
  `${keyword} ${values.join(' ')}${who === null ? '' : ` (for ${who})`}`;

/** Who gets in through sshd. */
export const SSHD_CHECK: Check = {
  number: 31,
  id: 'sshd',
  title: 'sshd lets neither root nor passwords in',
  severity: 'blocker',
  why: 'The build opens sshd for Packer; the setting must not stay.',
  fix: 'Remove `PermitRootLogin yes`, `PasswordAuthentication yes` and what else is named from /etc/ssh/sshd_config, the files it includes, and SSHD_OPTS; `sshd -T` prints what is in force, `sshd -T -C user=NAME,host=NAME,addr=ADDRESS` for whom a Match block is.',
  reads: /^etc\/ssh(\/|$)|^etc\/default\/ssh$/,
  evaluate({ access: { sshd } }) {
    if (!sshd.installed) return notApplicable('there is no sshd');
    const items: Item[] = sshd.unread.map((path) => ({
      subject: path,
      text: `could not be looked at: ${path}`,
    }));
    for (const door of sshd.settings) {
      const weight = Object.hasOwn(WEIGHTS, door.keyword) && WEIGHTS[door.keyword]!(door, sshd.settings);
      if (!weight) continue;
      const subject = `${door.keyword}${door.for === null ? '' : ` for ${door.for}`}`;
      items.push({
        subject,
        text: `${door.file}:${door.line}: ${said(door)}: ${weight.why}`,
        severity: weight.severity,
      });
    }
    for (const { file, line, text } of sshd.problems)
      items.push({ subject: file, text: `${file}:${line}: sshd does not start: ${text}`, severity: 'major' });
    const quiet = sshd.settings.map(said);
    return failOr(items, quiet.length > 0 ? several(quiet) : "nothing set: sshd's own defaults");
  },
};
