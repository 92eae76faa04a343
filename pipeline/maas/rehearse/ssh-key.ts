import { readFile } from 'node:fs/promises';
import { makeFolders } from '../../host/files/folders.ts';
import { $ } from '../../host/process/tool.ts';
import { rehearsalFiles } from '../../workspace/layout.ts';

/** Makes the key by which the installed system is entered. @returns its public half @throws Fault TOOL_MISSING */
export async function newSshKey(folder: string, signal: AbortSignal): Promise<string> {
  const { ssh, sshKey } = rehearsalFiles(folder);
  await makeFolders(ssh, 0o700);
  const options = { signal, reason: 'make the ssh key of a rehearsal' };
  await $(options)`ssh-keygen -q -t ed25519 -N ${''} -C rehearsal -f ${sshKey}`;
  return (await readFile(`${sshKey}.pub`, 'utf8')).trim();
}
