import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Programs of this host that a session in the image needs; with their libraries they are the whole system. */
const PROGRAMS = ['sh', 'cat', 'ls', 'grep', 'awk', 'test', 'head', 'sleep', 'find', 'tail', 'mkdir'];
export const KERNEL = '5.4.0-125-generic';

/** The same as packing would find it. */
export const KERNELS = [
  {
    ...{ version: KERNEL, image: `boot/vmlinuz-${KERNEL}`, initrd: null },
    ...{ modules: true, moduleFiles: 1, modulesDep: true, nvidia: true },
  },
];

/**
 * Makes a small tgz that sessions can run in: a shell and a few tools of this host, a kernel by its name, an empty machine-id.
 * @param files more of them, by path
 */
export function tinyImage(path: string, files: Record<string, string> = {}): void {
  const root = `${path}.root`;
  const put = (name: string, content: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
    chmodSync(join(root, name), mode);
  };
  const copy = (source: string, name = source) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    copyFileSync(source, join(root, name));
  };
  const libraries = new Set<string>();
  for (const program of PROGRAMS) {
    copy(`/usr/bin/${program}`);
    const needs = execFileSync('ldd', [`/usr/bin/${program}`], { encoding: 'utf8' });
    for (const [library] of needs.matchAll(/\/\S+/g)) libraries.add(library);
  }
  for (const library of libraries) copy(library);
  copy('/usr/bin/sh', 'bin/sh');
  put('etc/os-release', 'ID=ubuntu\nVERSION_ID="20.04"\nVERSION_CODENAME=focal\n');
  put('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n');
  put('etc/machine-id', '');
  put(`boot/vmlinuz-${KERNEL}`, 'kernel');
  put(`lib/modules/${KERNEL}/modules.dep`, '');
  put(`lib/modules/${KERNEL}/updates/dkms/nvidia.ko`, '');
  for (const [name, content] of Object.entries(files)) put(name, content);
  execFileSync('tar', ['-C', root, '--sort=name', '-czf', path, '.']);
  rmSync(root, { recursive: true, force: true });
}
