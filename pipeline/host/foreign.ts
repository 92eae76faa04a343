import { readFile } from 'node:fs/promises';
import type { NamespaceVerdict } from './namespaces.ts';

/** The names of the kernel's entries for other processors, as qemu-user-static registers them. */
const ENTRIES: Readonly<Record<string, string>> = { arm64: 'qemu-aarch64', amd64: 'qemu-x86_64' };
const FOLDER = '/proc/sys/fs/binfmt_misc';
const INSTALL = 'sudo apt-get install qemu-user-static binfmt-support';

/**
 * Whether the kernel starts programs of another architecture, also where the emulator itself is not there: in a root of that
 * architecture. That is what the flag F is for.
 * @param folder where binfmt_misc is mounted
 */
export async function foreignVerdict(architecture: string, folder = FOLDER): Promise<NamespaceVerdict> {
  const name = ENTRIES[architecture] ?? `qemu-${architecture}`;
  const status = await read(`${folder}/status`);
  if (status === undefined)
    return {
      usable: false,
      reason: 'binfmt_misc is not mounted',
      hint: `sudo mount -t binfmt_misc binfmt_misc ${FOLDER}; then: ${INSTALL}`,
    };
  if (status.trim() !== 'enabled')
    return {
      usable: false,
      reason: 'binfmt_misc is switched off',
      hint: `echo 1 | sudo tee ${FOLDER}/status`,
    };
  const entry = await read(`${folder}/${name}`);
  if (entry === undefined)
    return { usable: false, reason: `no emulator is registered as ${name}`, hint: INSTALL };
  if (!/^enabled$/m.test(entry))
    return { usable: false, reason: `${name} is switched off`, hint: `echo 1 | sudo tee ${FOLDER}/${name}` };
  const interpreter = /^interpreter (.+)$/m.exec(entry)?.[1] ?? 'an emulator';
  if (!/^flags: .*F/m.test(entry))
    return {
      usable: false,
      reason: `${name} is registered without the flag F, so it does not work in another root`,
      hint: `${INSTALL} (qemu-user-static registers it with F; now it is ${interpreter})`,
    };
  return { usable: true, reason: `by ${interpreter}` };
}

async function read(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
