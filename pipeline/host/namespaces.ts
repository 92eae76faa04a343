import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { Fault } from '../core/faults/fault.ts';
import { $ } from './process/tool.ts';

/** Every kind of namespace that an installation has of its own. */
const KINDS = ['--mount', '--pid', '--net', '--uts', '--ipc', '--fork'];
/** For another user than root: root in a user namespace, with the ids that newuidmap and newgidmap may give. */
const AS_USER = ['--user', '--map-root-user', '--map-auto'];

export interface NamespaceVerdict {
  usable: boolean;
  reason: string;
  hint?: string;
}

let verdict: Promise<NamespaceVerdict> | undefined;

/** Whether this user can have namespaces of its own here; asked once in a process, by making them. */
export function namespaceVerdict(signal?: AbortSignal): Promise<NamespaceVerdict> {
  verdict ??= examine(signal);
  // An interrupted question is asked again.
  verdict.catch(() => {
    verdict = undefined;
  });
  return verdict;
}

/** The ids from 0 to 65534, nobody. */
const IDS = 65_535;

async function examine(signal?: AbortSignal): Promise<NamespaceVerdict> {
  const user = process.getuid?.() === 0 ? [] : AS_USER;
  const ask = $({ timeoutMs: 10_000, reason: 'install without a VM', signal, nothrow: true });
  const inside = 'mount -t proc proc /proc && cat /proc/self/uid_map && echo && cat /proc/self/gid_map';
  const tried = await ask`unshare ${user} ${KINDS} -- sh -c ${inside}`.catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'TOOL_MISSING') return undefined;
    throw error;
  });
  if (!tried)
    return { usable: false, reason: 'unshare is not installed', hint: 'sudo apt-get install util-linux' };
  if (!user.length)
    return tried.exitCode === 0 ? { usable: true, reason: 'as root' } : whyNotAsRoot(tried.stderr);
  return tried.exitCode === 0
    ? rangeVerdict(tried.stdout, await freeId())
    : whyNotAsUser(tried.stderr, await readSettings());
}

/** Whether the ids of a user namespace are enough. @param maps uid_map and gid_map with an empty line between them */
export function rangeVerdict(maps: string, freeFrom: number): NamespaceVerdict {
  const idsOf = (map: string) =>
    map
      .trim()
      .split('\n')
      .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2] ?? 0), 0);
  const least = Math.min(...maps.split('\n\n').map(idsOf));
  if (least >= IDS) return { usable: true, reason: 'by a user namespace' };
  return {
    usable: false,
    reason: `the range of this user in /etc/subuid or /etc/subgid has only ${least} ids`,
    hint: addRange(freeFrom),
  };
}

/** The command that gives a user a range of ids that nobody has. */
function addRange(from: number): string {
  const range = `${from}-${from + 65_535}`;
  return `sudo usermod --add-subuids ${range} --add-subgids ${range} "$USER"`;
}

/** The first id that is beyond every range in /etc/subuid and /etc/subgid; 100000, where useradd begins, at least. */
async function freeId(): Promise<number> {
  const files = ['/etc/subuid', '/etc/subgid'].map((file) => readFile(file, 'utf8').catch(() => ''));
  const ends = (await Promise.all(files)).flatMap((text) =>
    [...text.matchAll(/^[^:\n]*:(\d{1,9}):(\d{1,9})$/gm)].map(
      ([, first, count]) => Number(first) + Number(count),
    ),
  );
  return Math.max(100_000, ...ends);
}

function whyNotAsRoot(said: string): NamespaceVerdict {
  return {
    usable: false,
    reason: `root may not make namespaces here: ${lastLine(said)}`,
    hint: 'A container needs CAP_SYS_ADMIN and no profile that forbids unshare and mount (docker run --privileged).',
  };
}

/** Switches of the kernel that keep user namespaces from an ordinary user; undefined where this kernel does not have one. */
export interface NamespaceSettings {
  appArmor: string | undefined;
  clone: string | undefined;
  most: string | undefined;
  /** Whether AppArmor has Ubuntu's profile for unshare, which takes every capability from what unshare starts. */
  profile: boolean;
  /** The first id that no range has. */
  freeFrom: number;
}

/** The obstacle for an ordinary user, by the message of unshare and the settings; the remedy fits the cause. */
export function whyNotAsUser(
  said: string,
  { appArmor, clone, most, profile, freeFrom }: NamespaceSettings,
): NamespaceVerdict {
  if (/unrecognized option.*map-auto/.test(said))
    return {
      usable: false,
      reason: 'unshare is older than util-linux 2.38',
      hint: 'Run as root, or on Debian 12, Ubuntu 24.04 or newer.',
    };
  if (/failed to execute new[ug]idmap/.test(said))
    return { usable: false, reason: 'newuidmap is not installed', hint: 'sudo apt-get install uidmap' };
  if (/\/etc\/sub[ug]id/.test(said))
    return {
      usable: false,
      reason: 'this user has no range of ids in /etc/subuid and /etc/subgid',
      hint: addRange(freeFrom),
    };
  if (clone === '0')
    return {
      usable: false,
      reason: 'user namespaces are switched off for ordinary users',
      hint: asRootOr('kernel.unprivileged_userns_clone=1'),
    };
  if (most === '0')
    return {
      usable: false,
      reason: 'user namespaces are switched off',
      hint: asRootOr('user.max_user_namespaces=15000'),
    };
  if (profile)
    return {
      usable: false,
      reason: "AppArmor's profile unshare-userns-restrict takes all rights from what unshare starts",
      hint: 'Run as root, or: sudo apparmor_parser -R /etc/apparmor.d/unshare-userns-restrict',
    };
  if (appArmor === '1')
    return {
      usable: false,
      reason: 'AppArmor keeps user namespaces from programs without a profile (Ubuntu 24.04)',
      hint: asRootOr('kernel.apparmor_restrict_unprivileged_userns=0'),
    };
  return { usable: false, reason: lastLine(said), hint: 'Run as root.' };
}

function asRootOr(setting: string): string {
  return `Run as root, or: sudo sysctl -w ${setting} (until the next boot; for good, put ${setting} into /etc/sysctl.d/60-namespaces.conf)`;
}

async function readSettings(): Promise<NamespaceSettings> {
  return {
    appArmor: await setting('kernel/apparmor_restrict_unprivileged_userns'),
    clone: await setting('kernel/unprivileged_userns_clone'),
    most: await setting('user/max_user_namespaces'),
    profile: existsSync('/etc/apparmor.d/unshare-userns-restrict'),
    freeFrom: await freeId(),
  };
}

/**
 * Removes a folder, also one with files that belong to ids of this user's own range, as a killed installation leaves them.
 * @throws NodeJS.ErrnoException
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES' || process.getuid?.() === 0) throw error;
    const { exitCode } = await $({
      nothrow: true,
      timeoutMs: 600_000,
    })`unshare ${AS_USER} -- rm -rf --one-file-system -- ${path}`;
    if (exitCode !== 0) throw error;
  }
}

async function setting(name: string): Promise<string | undefined> {
  return (await readFile(`/proc/sys/${name}`, 'utf8').catch(() => undefined))?.trim();
}

function lastLine(said: string): string {
  return said.trim().split('\n').at(-1) ?? 'no reason was given';
}
