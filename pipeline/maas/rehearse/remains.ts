import { access, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { lockFiles, rehearsalFiles } from '../../workspace/layout.ts';

/** Removes the files of the rehearsal before; the lock is ours. @param but names */
export async function emptied(folder: string, but: readonly string[]): Promise<void> {
  const kept = [...Object.values(lockFiles(folder)).map((path) => basename(path)), ...but];
  for (const name of await readdir(folder))
    if (!kept.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Everything of the machine but the records and what curtin has deployed; nothing more with `keep`. */
export async function removeMachine(folder: string, keep: boolean): Promise<void> {
  const files = rehearsalFiles(folder);
  const always = [
    files.machine,
    files.rawConsole,
    files.rawBootConsole,
    files.monitor,
    files.curtin,
    files.unpacked,
    files.ssh,
  ];
  for (const path of always) await rm(path, { recursive: true, force: true });
  if (keep) return;
  await rm(files.bootVars, { force: true });
  const isDeployed = await access(files.deployed).then(
    () => true,
    () => false,
  );
  if (!isDeployed) await rm(files.efiVars, { force: true });
  for (const name of await readdir(folder).catch(() => []))
    if (/^vd[a-z]\.boot\.qcow2$/.test(name) || (!isDeployed && /^vd[a-z]\.qcow2$/.test(name)))
      await rm(join(folder, name), { force: true });
}
