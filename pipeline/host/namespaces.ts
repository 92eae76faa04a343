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

async function examine(signal?: AbortSignal): Promise<NamespaceVerdict> {
  const user = process.getuid?.() === 0 ? [] : AS_USER;
  const ask = $({ timeoutMs: 10_000, reason: 'install without a VM', signal, nothrow: true });
  const tried = await ask`unshare ${user} ${KINDS} -- mount -t proc proc /proc`.catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'TOOL_MISSING') return undefined;
    throw error;
  });
  if (!tried)
    return { usable: false, reason: 'unshare is not installed', hint: 'sudo apt-get install util-linux' };
  if (tried.exitCode === 0) return { usable: true, reason: user.length ? 'by a user namespace' : 'as root' };
  return user.length ? await whyNotAsUser(tried.stderr) : whyNotAsRoot(tried.stderr);
}

function whyNotAsRoot(said: string): NamespaceVerdict {
  return {
    usable: false,
    reason: `root may not make namespaces here: ${lastLine(said)}`,
    hint: 'A container needs CAP_SYS_ADMIN and no profile that forbids unshare and mount (docker run --privileged).',
  };
}

/** The obstacle for an ordinary user, by the kernel's settings and the files; the remedy fits the cause. */
async function whyNotAsUser(said: string): Promise<NamespaceVerdict> {
  if (/unrecognized option.*map-auto/.test(said))
    return {
      usable: false,
      reason: 'unshare is older than util-linux 2.38',
      hint: 'Run as root, or on Debian 12, Ubuntu 24.04 or newer.',
    };
  if (/failed to execute new[ug]idmap/.test(said))
    return { usable: false, reason: 'newuidmap cannot be started', hint: 'sudo apt-get install uidmap' };
  if ((await setting('kernel/apparmor_restrict_unprivileged_userns')) === '1')
    return {
      usable: false,
      reason: 'AppArmor keeps user namespaces from programs without a profile (Ubuntu 24.04)',
      hint: 'Run as root, or: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    };
  if ((await setting('kernel/unprivileged_userns_clone')) === '0')
    return {
      usable: false,
      reason: 'user namespaces are switched off for ordinary users',
      hint: 'Run as root, or: sudo sysctl -w kernel.unprivileged_userns_clone=1',
    };
  if ((await setting('user/max_user_namespaces')) === '0')
    return {
      usable: false,
      reason: 'user namespaces are switched off',
      hint: 'sudo sysctl -w user.max_user_namespaces=15000',
    };
  if (/subuid|subgid|map-auto|no line matching/i.test(said))
    return {
      usable: false,
      reason: 'this user has no range of ids in /etc/subuid and /etc/subgid',
      hint: 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
    };
  return { usable: false, reason: lastLine(said), hint: 'Run as root.' };
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
