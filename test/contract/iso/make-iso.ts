import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { KnownMedia } from '../../../pipeline/install/iso/probe.ts';
import { runOk } from '../process/run-tool.ts';

const liveCurtin: KnownMedia['liveCurtin'] = {
  kernel: 'vmlinuz',
  initrd: 'initrd',
  squashfs: 'live/filesystem.squashfs',
  platformFile: 'curtin/{platform}-curtin.yaml',
  volumeIds: ['UBUNTU_LIVE'],
};

/** Of a release with facts for live-boot and curtin alone. */
export const media: KnownMedia = { liveCurtin, subiquity: null };

export const GRUB = `set default=0
menuentry "Boot Into Live Environment" { linux /vmlinuz }
menuentry "Install DGX OS" { linux /vmlinuz }
`;

export async function writeTree(dir: string, files: Record<string, string | Buffer>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
}

/** A squashfs with the files that DGX OS 5 has in /curtin. */
export async function makeSquashfs(dir: string, platforms = ['dgx2', 'dgx1']): Promise<string> {
  const files: Record<string, string> = {
    'etc/os-release': 'ID=ubuntu\n',
    'curtin/preseed.sh': '#!/bin/sh\n',
  };
  for (const platform of platforms) files[`curtin/${platform}-curtin.yaml`] = 'stages: {}\n';
  files['curtin/ubuntu-20.04-server-cloudimg-amd64-root.tar.xz'] = 'x'.repeat(9000);
  files['curtin/nested/dgx9-curtin.yaml'] = 'not at the top\n';
  await writeTree(join(dir, 'root'), files);
  const out = join(dir, 'filesystem.squashfs');
  await runOk(['mksquashfs', join(dir, 'root'), out, '-quiet', '-no-progress', '-noappend']);
  return out;
}

export async function makeIso(
  tree: string,
  out: string,
  names: string[] = ['-r', '-J'],
  volumeId = 'UBUNTU_LIVE',
): Promise<string> {
  await runOk(['xorriso', '-as', 'mkisofs', '-quiet', ...names, '-V', volumeId, '-o', out, tree]);
  return out;
}
