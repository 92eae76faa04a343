import { access, constants, readdir, readFile } from 'node:fs/promises';
import type { NamespaceVerdict } from './namespaces.ts';

/** The names of the kernel's entries for other processors, as qemu-user-static registers them. */
const ENTRIES: Readonly<Record<string, string>> = { arm64: 'qemu-aarch64', amd64: 'qemu-x86_64' };
const FOLDER = '/proc/sys/fs/binfmt_misc';
/** The field e_machine of ELF's header in the magic of an entry, whatever its name is: little endian, after 18 bytes. */
const MACHINES: Readonly<Record<string, RegExp>> = {
  arm64: /^magic 7f454c4602.{26}b700/m,
  amd64: /^magic 7f454c4602.{26}3e00/m,
};
const EMULATORS: Readonly<Record<string, string>> = { arm64: 'aarch64', amd64: 'x86_64' };
const INSTALL = 'sudo apt-get install qemu-user-static binfmt-support';

/**
 * Whether the kernel starts programs of another architecture, also where the emulator itself is not there: in a root of that
 * architecture. That is what the flag F is for.
 * @param folder where binfmt_misc is mounted
 * @param programs folders that the emulator may be in
 */
export async function foreignVerdict(
  architecture: string,
  folder = FOLDER,
  programs: readonly string[] = ['/usr/bin', '/usr/local/bin'],
): Promise<NamespaceVerdict> {
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
  const entries = await entriesFor(architecture, folder, name);
  const [first] = entries;
  if (first === undefined) return notRegistered(architecture, name, programs);
  const verdicts = entries.map(([entry, text]) => verdictOf(entry, text));
  return verdicts.find(({ usable }) => usable) ?? (verdicts[0] as NamespaceVerdict);
}

/** The kernel's entries for an architecture, by the name of Debian's package or by what they are for. */
async function entriesFor(architecture: string, folder: string, name: string): Promise<[string, string][]> {
  const names = (await readdir(folder).catch(() => [])).filter((one) => !/^(?:status|register)$/.test(one));
  const found: [string, string][] = [];
  for (const one of names.sort((a, b) => Number(b === name) - Number(a === name) || (a < b ? -1 : 1))) {
    const text = await read(`${folder}/${one}`);
    if (text !== undefined && (one === name || MACHINES[architecture]?.test(text))) found.push([one, text]);
  }
  return found;
}

async function notRegistered(
  architecture: string,
  name: string,
  programs: readonly string[],
): Promise<NamespaceVerdict> {
  const reason = `no emulator is registered as ${name}`;
  const emulator = EMULATORS[architecture] ?? architecture;
  for (const file of programs.flatMap((dir) => [`${dir}/qemu-${emulator}-static`, `${dir}/qemu-${emulator}`]))
    if (await isProgram(file))
      return {
        usable: false,
        reason: `${reason}, though ${file} is installed`,
        hint: `sudo systemctl restart systemd-binfmt, or without systemd: sudo apt-get install binfmt-support && sudo update-binfmts --import ${name}`,
      };
  return { usable: false, reason, hint: INSTALL };
}

function verdictOf(name: string, entry: string): NamespaceVerdict {
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

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function read(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
