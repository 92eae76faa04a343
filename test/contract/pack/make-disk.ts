import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOk } from '../process/run-tool.ts';

/** The second partition's first sector. */
const START = 22_528;
export const OFFSET = START * 512;

/** A raw disk with an ESP and an ext4 root made of a folder, without root or a mount. */
export async function makeDisk(disk: string, root: string): Promise<void> {
  writeFileSync(disk, '');
  truncateSync(disk, 200 << 20);
  const table = `label: gpt
start=2048,size=20480,type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start=${START},type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
`;
  await runOk(['sfdisk', '-q', disk], { input: table });
  await runOk(['mkfs.ext4', '-q', '-F', '-E', `offset=${OFFSET}`, '-d', root, disk, '180M']);
}

/** Why this machine cannot mount by the kernel; null: it can. */
export function whyNoLoop(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  const dir = mkdtempSync(join(tmpdir(), 'loop-'));
  const run = (tool: string, ...args: string[]) => spawnSync(tool, args, { encoding: 'utf8' });
  try {
    const image = join(dir, 'image');
    writeFileSync(image, '');
    truncateSync(image, 1 << 20);
    run('mkfs.ext4', '-q', '-F', image);
    const mounted = run('mount', '-o', 'ro,loop', image, dir);
    if (mounted.status !== 0) return mounted.stderr.trim() || 'mount failed';
    run('umount', dir);
    return null;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
