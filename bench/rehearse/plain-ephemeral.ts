import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DISK_LABEL, leanKey } from '../../pipeline/maas/rehearse/ephemeral.ts';
import { ephemeralFiles, ephemeralFolder } from '../../pipeline/workspace/layout.ts';
import { say } from '../measure.ts';

const RECIPE = fileURLToPath(new URL('../../templates/rehearsal', import.meta.url));
const UNITS = '/etc/systemd/system';

/**
 * Puts a system with the packages of the lean ephemeral, and none of its other means of speed, where a rehearsal with this cache looks for the lean one: an
 * initrd with all modules, squashfs by gzip, every unit of Debian's but the login on the serial line.
 */
export async function makePlainEphemeral(cache: string): Promise<void> {
  const key = await leanKey();
  const folder = ephemeralFolder(cache, key);
  const files = ephemeralFiles(folder);
  if (existsSync(files.record)) return;
  say('Making the plain ephemeral system, which takes some minutes.');
  await rm(folder, { recursive: true, force: true });
  const { suite, packages } = JSON.parse(await readFile(join(RECIPE, 'ephemeral.json'), 'utf8'));
  const root = join(folder, 'root.tar');
  const live = join(folder, 'medium', 'live');
  await mkdir(live, { recursive: true });
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const inRoot = (command: string) => `--customize-hook=${command}`;
  run(
    'mmdebstrap',
    ...['--variant=minbase', '--format=tar', '--aptopt=Apt::Install-Recommends "false"'],
    ...['--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr', `--include=${packages.join(',')}`],
    inRoot(`cp -R ${RECIPE}/files/. "$1/"`),
    inRoot('chmod 755 "$1/usr/lib/rehearsal/run-installer"'),
    inRoot('printf "127.0.0.1 localhost rehearsal\\n" >"$1/etc/hosts"; echo rehearsal >"$1/etc/hostname"'),
    inRoot(`mkdir -p "$1${UNITS}/multi-user.target.wants"`),
    ...['rehearsal', 'systemd-networkd'].map((unit) =>
      inRoot(`chroot "$1" systemctl enable ${unit}.service`),
    ),
    // A login there hangs up the line on which the installer writes.
    inRoot(`ln -s /dev/null "$1${UNITS}/serial-getty@ttyS0.service"`),
    inRoot(`cp "$1"/boot/vmlinuz-* ${files.kernel}`),
    inRoot(`cp "$1"/boot/initrd.img-* ${files.initrd}`),
    suite,
    root,
  );
  const tar = openSync(root, 'r');
  try {
    const squashfs = join(live, 'filesystem.squashfs');
    execFileSync('sqfstar', ['-quiet', squashfs], { stdio: [tar, 'ignore', 'inherit'] });
  } finally {
    closeSync(tar);
  }
  await rm(root);
  run('mkfs.ext4', '-q', '-L', DISK_LABEL, '-d', join(folder, 'medium'), files.disk, '512M');
  await rm(join(folder, 'medium'), { recursive: true });
  await writeFile(`${files.record}.partial`, JSON.stringify({ key, kernel: 'vmlinuz', initrd: 'initrd' }));
  await rename(`${files.record}.partial`, files.record);
}
