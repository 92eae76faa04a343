import { appendFile, copyFile, cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { $ } from 'zx';
import { DEMO } from './inputs.ts';
import { makeRepository } from './repository.ts';

/** Upstream's curtin.yaml for DGX OS 5 names its root so; the demo runs that file unmodified. */
const UPSTREAM_ROOT = 'ubuntu-20.04-server-cloudimg-amd64-root.tar.xz';
const DEMO_ROOT = 'demo-12-server-cloudimg-amd64-root.tar.xz';

export interface Kernel {
  image: string;
  /** Directory with lib/modules/<version>. */
  root: string;
  version: string;
}

/** Unpacks the downloaded kernel package. */
export async function unpackKernel(downloads: string, work: string): Promise<Kernel> {
  const [deb] = await readdir(join(downloads, 'kernel'));
  const root = join(work, 'kernel');
  await $`dpkg-deb --extract ${join(downloads, 'kernel', deb as string)} ${root}`;
  const [version] = (await readdir(join(root, 'lib', 'modules'))) as [string];
  await $`depmod --basedir ${root} ${version}`;
  return { image: join(root, 'boot', `vmlinuz-${version}`), root, version };
}

/**
 * The initramfs that finds the medium: busybox, the modules for it, and programs of ours.
 * @param programs `init` and others, by name; @param modules beside those that find a drive
 */
export async function makeInitrd(
  out: string,
  { kernel, liveTar, work }: { kernel: Kernel; liveTar: string; work: string },
  programs: Record<string, string>,
  modules: string[],
): Promise<void> {
  const tree = join(work, 'initrd');
  for (const dir of ['bin', 'dev', 'proc', 'sys', 'run', 'medium', 'cdrom', 'squashfs', 'changes', 'root'])
    await mkdir(join(tree, dir), { recursive: true });
  for (const [name, path] of Object.entries(programs)) {
    await copyFile(path, join(tree, name));
    await $`chmod 755 ${join(tree, name)}`;
  }
  await $`tar --extract --to-stdout --file ${liveTar} ./usr/bin/busybox > ${tree}/bin/busybox`;
  await $`chmod 755 ${tree}/bin/busybox`;
  const boot = [...(await moduleLists()).boot, ...modules];
  await writeFile(join(tree, 'modules'), `${boot.join('\n')}\n`);
  await copyModules(kernel, boot, tree, 'lib');
  await $({
    cwd: tree,
  })`find . | sort | cpio --quiet --create --format=newc --owner=0:0 | zstd --quiet -3 > ${out}`;
}

/** The squashfs: the live system with the installer, the root file system and the repository in it. */
export async function makeSquashfs(
  out: string,
  from: { liveTar: string; downloads: string; root: string; kernel: Kernel; specimens: boolean },
  work: string,
): Promise<void> {
  const tree = join(work, 'overlay');
  await cp(join(DEMO, 'live', 'files'), tree, {
    recursive: true,
    filter: (path) => !path.includes('__pycache__'),
  });
  const curtin = join(tree, 'curtin');
  await $`ln ${from.root} ${curtin}/${DEMO_ROOT} || cp ${from.root} ${curtin}/${DEMO_ROOT}`;
  await symlink(DEMO_ROOT, join(curtin, UPSTREAM_ROOT));
  if (from.specimens)
    for (const file of await readdir(join(curtin, 'platforms')))
      await appendFile(join(curtin, 'platforms', file), 'PACKAGES="$PACKAGES demo-specimens"\n');
  await makeRepository(join(tree, 'srv', 'repository'), from.downloads, work);
  await packLive(out, tree, from, work);
}

/** A squashfs of the live system with what is in `tree` over it, the kernel's modules added. */
export async function packLive(
  out: string,
  tree: string,
  from: { liveTar: string; kernel: Kernel },
  work: string,
): Promise<void> {
  // mmdebstrap packs no /dev, and the initramfs moves its mounts there.
  for (const dir of ['dev', 'proc', 'sys', 'run', 'target', 'cdrom'])
    await mkdir(join(tree, dir), { recursive: true });
  const { boot, live } = await moduleLists();
  await copyModules(from.kernel, [...boot, ...live], tree, 'usr/lib');
  await mkdir(join(tree, 'etc/modules-load.d'), { recursive: true });
  await writeFile(join(tree, 'etc/modules-load.d/demo.conf'), `${live.join('\n')}\n`);

  const overlay = join(work, 'overlay.tar');
  await $`tar --create --file ${overlay} -C ${tree} --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w .`;
  // lz4: the root file system in it is compressed already, and reading is what an emulated machine is slow at.
  await $`bsdtar --create --format=pax --file - @${from.liveTar} @${overlay} | sqfstar -comp lz4 -root-mode 755 -quiet -no-progress ${out}`;
}

async function moduleLists(): Promise<{ boot: string[]; live: string[] }> {
  return JSON.parse(await readFile(join(DEMO, 'initramfs', 'modules.json'), 'utf8'));
}

/** Copies modules with what they depend on to `tree`/`lib`/modules, with indices of their own. */
async function copyModules(kernel: Kernel, names: string[], tree: string, lib: string): Promise<void> {
  const from = join(kernel.root, 'lib', 'modules', kernel.version);
  const to = join(tree, lib, 'modules', kernel.version);
  const shown = await Promise.all(
    names.map(
      (name) => $`modprobe --dirname ${kernel.root} --set-version ${kernel.version} --show-depends ${name}`,
    ),
  );
  const files = shown.flatMap((each) =>
    [...each.stdout.matchAll(/^insmod (\S+)/gm)].map((match) => match[1] as string),
  );
  for (const file of new Set(files)) {
    const path = join(to, file.slice(file.indexOf(kernel.version) + kernel.version.length + 1));
    await mkdir(dirname(path), { recursive: true });
    await copyFile(file, path);
  }
  for (const index of (await readdir(from)).filter((name) =>
    /^modules\.(builtin|order)/.test(basename(name)),
  ))
    await copyFile(join(from, index), join(to, index));
  await $`depmod --basedir ${lib === 'lib' ? tree : join(tree, 'usr')} ${kernel.version}`;
}
