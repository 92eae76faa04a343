import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { readBounded, readBoundedText } from '../../host/files/regular.ts';
import { $ } from '../../host/process/tool.ts';
import type { MaasClient } from '../api/client.ts';

/**
 * Finds before a machine is deployed that nobody could enter it: MAAS gives it the SSH keys of the user who deploys.
 * @returns whether it is certain that our key is among them
 * @throws Fault SSH_DENIED, SSH_KEY_UNUSABLE, TOOL_MISSING
 */
export async function checkKeys(client: MaasClient, keyFile: string | null): Promise<boolean> {
  const answer = await client.get('account/prefs/sshkeys/');
  const known = (Array.isArray(answer) ? answer : []).map((item) =>
    comparable(String((item as { key?: unknown } | null)?.key ?? '')),
  );
  if (known.length === 0)
    throw new Fault(
      'SSH_DENIED',
      'The MAAS user who deploys has no SSH key, so nobody could log in to the machine',
      {
        hint: 'Upload one: ssh_keys in a site file (dgxos-maas site apply), or in MAAS under Preferences, SSH keys.',
      },
    );
  if (keyFile === null) return false;
  await readBounded(keyFile).catch((error: Error) => {
    throw new Fault('SSH_KEY_UNUSABLE', `The ssh key ${keyFile} cannot be read: ${reasonOf(error)}`);
  });
  const publicKey = await readBoundedText(`${keyFile}.pub`).catch(() => derived(keyFile));
  if (publicKey === undefined) return false;
  if (known.includes(comparable(publicKey))) return true;
  throw new Fault(
    'SSH_DENIED',
    `The public key of ${keyFile} is not among the SSH keys of the MAAS user who deploys`,
    {
      hint: 'Upload it: ssh_keys in a site file (dgxos-maas site apply), or in MAAS under Preferences, SSH keys.',
    },
  );
}

/** The public half of a private key; undefined where only an agent can open it. */
async function derived(keyFile: string): Promise<string | undefined> {
  const { exitCode, stdout } = await $({
    timeoutMs: 10_000,
    nothrow: true,
    reason: 'compare the ssh key with those that MAAS knows',
  })`ssh-keygen -y -P ${''} -f ${keyFile}`;
  return exitCode === 0 ? stdout : undefined;
}

/** Kind and key, without the comment. */
function comparable(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ');
}
