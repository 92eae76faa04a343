import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A small root with what a tar must carry: links, modes, holes, long and odd names. */
export async function makeRoot(root: string): Promise<void> {
  await mkdir(join(root, 'etc'), { recursive: true });
  await writeFile(join(root, 'etc/os-release'), 'ID=ubuntu\nVERSION_ID="20.04"\n');
  await writeFile(join(root, 'random'), randomBytes(3_000_001));
  await writeFile(join(root, 'zeros'), Buffer.alloc(2_000_000));
  await link(join(root, 'random'), join(root, 'hard link'));
  await symlink('/abs/target', join(root, 'symlink'));
  await writeFile(join(root, 'suid'), 'x');
  await chmod(join(root, 'suid'), 0o4755);
  await writeFile(join(root, 'new\nline'), '');
  await writeFile(join(root, `long-${'x'.repeat(200)}`), 'long');
  await symlink('y'.repeat(180), join(root, 'long-link'));
  const sparse = await open(join(root, 'sparse'), 'w');
  await sparse.write(Buffer.from('end'), 0, 3, 20 << 20);
  await sparse.truncate(40 << 20);
  await sparse.close();
}
