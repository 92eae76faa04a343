import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Every path below a folder with all that a tar can lose: type, mode, owner, size, time, link target, device, extended
 * attributes (capabilities and ACLs among them), which names are one file, and whether a sparse file stayed sparse.
 * Sockets are left out: no tar holds them, and they belong to the process that made them.
 */
export function attributesOf(root: string): Record<string, string> {
  const format = '%P\\t%y\\t%m\\t%U:%G\\t%s\\t%T@\\t%l\\t%i\\t%n\\t%b\\0';
  const listed = execFileSync(
    'find',
    [root, '-xdev', '-mindepth', '1', '!', '-type', 's', '-printf', format],
    {
      maxBuffer: 1 << 28,
      encoding: 'latin1',
    },
  );
  const xattrs = extendedAttributes(root);
  const sameInode = new Map<string, string[]>();
  const rows: [string, string, string][] = [];
  for (const row of listed.split('\0').filter(Boolean)) {
    const [path, type, mode, owner, size, time, target, inode, links, blocks] = row.split('\t') as string[];
    const regular = type === 'f';
    if (regular && links !== '1')
      sameInode.set(inode as string, [...(sameInode.get(inode as string) ?? []), path as string]);
    const sparse = regular && Number(blocks) * 512 < Number(size) - 65_536;
    const text = [
      type,
      mode,
      owner,
      type === 'd' ? '' : size,
      time,
      target,
      sparse ? 'sparse' : '',
      xattrs.get(path as string) ?? '',
    ];
    rows.push([path as string, inode as string, text.join(' ')]);
  }
  return Object.fromEntries(
    rows.map(([path, inode, text]) => [path, `${text} ${(sameInode.get(inode) ?? []).sort().join('=')}`]),
  );
}

function extendedAttributes(root: string): Map<string, string> {
  const dump = execFileSync('getfattr', ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '.'], {
    cwd: root,
    maxBuffer: 1 << 28,
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const found = new Map<string, string>();
  for (const block of dump.split('\n\n')) {
    const [head, ...lines] = block.split('\n');
    if (!head?.startsWith('# file: ')) continue;
    const path = head
      .slice(8)
      .replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    found.set(path, lines.filter(Boolean).sort().join(','));
  }
  return found;
}

/** The first partition of a raw disk image, mounted read-only without replaying its journal. Needs root. */
export async function mountPartition(image: string): Promise<{ path: string; unmount(): void }> {
  const table = JSON.parse(execFileSync('sfdisk', ['--json', image], { encoding: 'utf8' }));
  const partitions = table.partitiontable.partitions as { start: number; size: number }[];
  // The root is the largest one, whatever else the installer lays out.
  const root = partitions.reduce((a, b) => (b.size > a.size ? b : a));
  const path = mkdtempSync(join(tmpdir(), 'disk-'));
  execFileSync('mount', [
    '-o',
    `loop,ro,noload,offset=${root.start * 512},sizelimit=${root.size * 512}`,
    image,
    path,
  ]);
  return {
    path,
    unmount() {
      execFileSync('umount', [path]);
      rmdirSync(path);
    },
  };
}
