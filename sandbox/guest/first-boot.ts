import { randomBytes } from 'node:crypto';
import { chmod, lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ssh2 from 'ssh2';
import type { GuestMachine } from '../machines/guests.ts';
import { resolveInRoot } from './resolve-in-root.ts';
import type { RunTool } from './run-tool.ts';
import type { Trouble } from './troubles.ts';
import { isRoot } from './unpack.ts';

/** State that every copy of an image has when it was baked in: the same on each machine. */
const SAME_MACHINE_ID = '0123456789abcdef0123456789abcdef';

/** Bytes; a file of users has some kB. */
const LARGEST_TEXT = 16 << 20;

export interface FirstBoot {
  machineId: string;
  /** Private key of the host, in OpenSSH's format. */
  hostKey: string;
}

/**
 * Does to an unpacked root what its first boot would: systemd fills an empty machine-id (and keeps one that is there), cloud-init
 * makes host keys, sets the host name, and makes its user with the keys that MAAS gave.
 * @param sameKey a host key for the trouble of that name
 */
export async function firstBoot(
  root: string,
  machine: GuestMachine,
  {
    run,
    user,
    troubles,
    sameKey,
  }: { run: RunTool; user: string; troubles: ReadonlySet<Trouble>; sameKey: string },
): Promise<FirstBoot> {
  const put = async (path: string, content: string, mode: number) => {
    const file = await resolveInRoot(root, path);
    // A file of its own: the image's may have other names, which would get the content too.
    await rm(file, { force: true });
    await writeFile(file, content, { flag: 'wx' });
    await chmod(file, mode);
  };
  const machineId = troubles.has('same-machine-id') ? SAME_MACHINE_ID : await machineIdOf(root);
  await put('etc/machine-id', `${machineId}\n`, 0o444);
  await put('etc/hostname', `${machine.hostname}\n`, 0o644);

  // cloud-init's ssh_deletekeys: what the image brought is gone.
  const sshDir = dirname(await resolveInRoot(root, 'etc/ssh/any'));
  for (const name of await readdir(sshDir))
    if (/^ssh_host_.*key(\.pub)?$/.test(name)) await rm(join(sshDir, name), { recursive: true });
  const hostKey = troubles.has('same-host-keys') ? sameKey : newHostKey();
  const parsed = ssh2.utils.parseKey(hostKey);
  if (parsed instanceof Error) throw parsed;
  await put('etc/ssh/ssh_host_ed25519_key', hostKey, 0o600);
  const publicKey = `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`;
  await put('etc/ssh/ssh_host_ed25519_key.pub', `${publicKey} root@${machine.hostname}\n`, 0o644);

  const users = await contentOf(root, 'etc/passwd');
  if (!users.split('\n').some((line) => line.startsWith(`${user}:`)))
    await put('etc/passwd', `${users}${user}:x:1000:1000:${user}:/home/${user}:/bin/sh\n`, 0o644);
  if (!troubles.has('no-keys'))
    await put(`home/${user}/.ssh/authorized_keys`, `${machine.sshKeys.join('\n')}\n`, 0o600);
  await device(run, root);
  return { machineId, hostKey };
}

/** A host key as ssh-keygen writes it. Of 256 that ssh2 1.17 makes one cannot be read: it drops a first byte of zero. */
export function newHostKey(): string {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync('ed25519').private;
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  }
}

async function machineIdOf(root: string): Promise<string> {
  const brought = (await contentOf(root, 'etc/machine-id')).trim();
  return /^[0-9a-f]{32}$/.test(brought) ? brought : randomBytes(16).toString('hex');
}

/** The file of the image; '' where that is not a file of its own, or one that is far too large for its kind. */
async function contentOf(root: string, path: string): Promise<string> {
  const file = await resolveInRoot(root, path);
  const size = (await lstat(file).catch(() => undefined))?.size ?? 0;
  return size > LARGEST_TEXT ? '' : readFile(file, 'utf8').catch(() => '');
}

/** Scripts write to /dev/null; who may not make the device gets a file that takes it all. */
async function device(run: RunTool, root: string): Promise<void> {
  const file = await resolveInRoot(root, 'dev/null');
  await rm(file, { force: true });
  const made = isRoot() && (await run(['mknod', '-m', '666', file, 'c', '1', '3'])).exitCode === 0;
  if (!made) await writeFile(file, '', { mode: 0o666 });
}
