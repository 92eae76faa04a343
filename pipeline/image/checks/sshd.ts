import type { SshdAccess } from '../facts/collect/sshd.ts';
import { type Check, failOr, type Item, notApplicable, type Severity, several } from './types.ts';

/** The effect of a value on the machine; null when it opens nothing. */
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
  permitrootlogin: when('sshd lets root log in with a password', 'blocker', (door) => yes(door) && door.root),
  passwordauthentication: when('sshd accepts passwords', 'blocker'),
  permitemptypasswords: when('sshd accepts an empty password', 'blocker'),
  // Without PAM no device asks, and the method always fails.
  kbdinteractiveauthentication: when(
    'sshd accepts passwords that PAM asks for',
    'blocker',
    (door, all) => yes(door) && all.some((d) => d.keyword === 'usepam' && yes(d)),
  ),
  hostbasedauthentication: when('sshd believes other hosts who their users are', 'major'),
  authenticationmethods(door, all) {
    if (!door.values.includes('none')) return null;
    return all.some((d) => d.keyword === 'permitemptypasswords' && yes(d))
      ? { why: 'sshd asks for nothing where the password is empty', severity: 'blocker' }
      : { why: 'sshd has a method by which nobody gets in', severity: 'warning' };
  },
  authorizedkeysfile(door) {
    if (door.values.some((v) => /^\/(?:var\/)?tmp\/|^\/dev\/shm\/|^\/run\/(?:lock|user)\//.test(v)))
      return { why: 'sshd reads keys where everybody can write', severity: 'blocker' };
    return door.values.some((v) => v.startsWith('/') && !/%[hkuU]/.test(v))
      ? { why: 'sshd reads one file of keys for every account', severity: 'major' }
      : null;
  },
  authorizedkeyscommand(door) {
    if (!set(door)) return null;
    return KEY_PROGRAMS.test(door.values[0] ?? '')
      ? { why: 'sshd takes keys from a directory or a cloud', severity: 'warning' }
      : { why: 'sshd takes keys from a program', severity: 'blocker' };
  },
  authorizedprincipalscommand: when('sshd lets a program decide whose certificates count', 'warning', set),
  trustedusercakeys(door) {
    if (!set(door)) return null;
    return (door.keys ?? 0) > 0
      ? { why: 'sshd lets in by certificates of an authority', severity: 'blocker' }
      : { why: 'sshd trusts an authority whose file has no key yet', severity: 'warning' };
  },
  permituserenvironment: when(
    'sshd lets users set the environment of their logins',
    'warning',
    (door) => door.values[0] !== 'no',
  ),
  gatewayports: when('sshd opens forwarded ports to the network', 'warning', (door) =>
    ['yes', 'clientspecified'].includes(door.values[0]?.toLowerCase() ?? ''),
  ),
  strictmodes: when(
    'sshd reads keys that others can write',
    'warning',
    (door) => door.values[0]?.toLowerCase() === 'no',
  ),
  gssapiauthentication: when('sshd accepts Kerberos tickets', 'warning'),
  kerberosauthentication: when('sshd accepts Kerberos passwords', 'warning'),
};

const said = ({ keyword, values, for: who }: SshdAccess) =>
  `${keyword} ${values.join(' ')}${who === null ? '' : ` (for ${who})`}`;

/** Access through sshd. */
export const SSHD_CHECK: Check = {
  number: 31,
  id: 'sshd',
  title: 'sshd accepts neither root nor passwords',
  severity: 'blocker',
  why: 'The build opens sshd for Packer; the setting must be removed afterwards.',
  fix: 'Remove `PermitRootLogin yes`, `PasswordAuthentication yes` and the other settings named from /etc/ssh/sshd_config, the files it includes, and SSHD_OPTS. `sshd -T` prints the effective settings, `sshd -T -C user=NAME,host=NAME,addr=ADDRESS` those of a Match block.',
  reads: /^etc\/ssh(\/|$)|^etc\/default\/ssh$/,
  evaluate({ access: { sshd } }) {
    if (!sshd.installed) return notApplicable('there is no sshd');
    const items: Item[] = sshd.unread.map((path) => ({
      subject: path,
      text: `${path} could not be checked`,
    }));
    for (const door of sshd.settings) {
      const weight = Object.hasOwn(WEIGHTS, door.keyword) && WEIGHTS[door.keyword]!(door, sshd.settings);
      if (!weight) continue;
      const subject = `${door.keyword}${door.for === null ? '' : ` for ${door.for}`}`;
      items.push({
        subject,
        text: `${weight.why} (${door.file}:${door.line}: ${said(door)})`,
        severity: weight.severity,
      });
    }
    for (const { file, line, text } of sshd.problems)
      items.push({
        subject: file,
        text: `sshd does not start (${file}:${line}: ${text})`,
        severity: 'major',
      });
    const quiet = sshd.settings.map(said);
    return failOr(items, quiet.length > 0 ? several(quiet) : "nothing set: sshd's own defaults");
  },
};
