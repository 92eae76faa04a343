import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { DEMO, DEMO_SUBIQUITY } from './inputs.ts';
import { type Kernel, makeInitrd, makeSquashfs, packLive } from './live.ts';
import type { MediumNames } from './medium.ts';
import { makeArchive } from './repository.ts';

/** The parts of a medium. */
export interface Ingredients {
  liveTar: string;
  downloads: string;
  /** The root file system, as .tar.xz. */
  root: string;
  kernel: Kernel;
  suite: string;
  specimens: boolean;
}

/** Lays a medium out in `tree`. */
export type Layout = (tree: string, from: Ingredients, work: string) => Promise<MediumNames>;

/** DGX OS 5's: live-boot, and curtin in the live system. */
const liveCurtin: Layout = async (tree, from, work) => {
  await mkdir(join(tree, 'live'), { recursive: true });
  await $`cp ${from.kernel.image} ${tree}/vmlinuz`;
  const init = { init: join(DEMO, 'initramfs', 'init') };
  await makeInitrd(join(tree, 'initrd'), { ...from, work }, init, []);
  await makeSquashfs(join(tree, 'live', 'filesystem.squashfs'), from, work);
  return { volumeId: 'DEMO_INSTALLER', grub: join(DEMO, 'grub'), marks: ['UBUNTU_LIVE'] };
};

/** Of the first medium's live system: curtin for the late commands, and what makes it quick to boot. */
const SHARED = ['usr/bin/curtin', 'usr/lib/demo-curtin', 'etc/systemd/journald.conf.d'];
const GETTYS = ['etc/systemd/system/getty@.service.d', 'etc/systemd/system/serial-getty@.service.d'];

/** DGX OS 6's and 7's: casper, and subiquity behind a preseed of the vendor's. */
const subiquity: Layout = async (tree, from, work) => {
  const casper = join(tree, 'casper');
  await mkdir(casper, { recursive: true });
  await $`cp ${from.kernel.image} ${casper}/vmlinuz`;
  const programs = Object.fromEntries(
    ['init', 'udhcpc'].map((name) => [name, join(DEMO_SUBIQUITY, 'initramfs', name)]),
  );
  const modules = JSON.parse(await readFile(join(DEMO_SUBIQUITY, 'initramfs', 'modules.json'), 'utf8'));
  await makeInitrd(join(casper, 'initrd'), { ...from, work }, programs, modules);

  const overlay = join(work, 'overlay');
  const filter = (path: string) => !path.includes('__pycache__');
  for (const path of [...SHARED, ...GETTYS])
    await cp(join(DEMO, 'live', 'files', path), join(overlay, path), { recursive: true, filter });
  await cp(join(DEMO_SUBIQUITY, 'live', 'files'), overlay, { recursive: true, filter });
  if (from.specimens)
    await $`sed -i ${'s/^PACKAGES=.*/& demo-specimens/'} ${join(overlay, 'etc/demo-subiquity/platforms/demo1.conf')} ${join(overlay, 'etc/demo-subiquity/platforms/demo2.conf')}`;
  await packLive(join(casper, 'filesystem.squashfs'), overlay, from, work);

  // lz4: unpacking is what an emulated machine is slow at. Without -Xhc its kernel (6.1) could not read a fragment that unsquashfs reads.
  await $`xz -dc -T0 ${from.root} | mksquashfs - ${casper}/root.squashfs -tar -root-mode 755 -comp lz4 -Xhc -quiet -no-progress`;
  await writeFile(
    join(casper, 'install-sources.yaml'),
    '- {id: demo-server, path: root.squashfs, default: true}\n',
  );
  await makeArchive(tree, from.suite, from.downloads, work);
  return { volumeId: 'DEMO_SUBIQUITY', grub: join(DEMO_SUBIQUITY, 'grub'), marks: [] };
};

export const LAYOUTS = { 'live-curtin': liveCurtin, subiquity };
export type Installer = keyof typeof LAYOUTS;
