import type { ImageFacts } from '../../image/facts/facts.ts';

/** A directory, a big file, or what is left of a group. */
export interface Leaf {
  /** Short, below the group's path. */
  name: string;
  /** The whole path, or a phrase. */
  path: string;
  bytes: number;
}

export interface Group {
  path: string;
  bytes: number;
  leaves: Leaf[];
}

const MOST_GROUPS = 6;
/** Parts of the whole: smaller files stay in their directory, smaller leaves are put together. */
const OWN_FILE = 0.008;
const OWN_LEAF = 0.006;

type Sizes = Pick<ImageFacts, 'directories' | 'biggest' | 'bytes'>;

/** The bytes by groups with their parts, the greatest first; the bytes of all leaves are those of all files. */
export function sizeTree({ directories, biggest, bytes }: Sizes): Group[] {
  const total = bytes.stored;
  const groups = new Map<string, Leaf[]>();
  const add = (group: string, leaf: Leaf) => {
    if (leaf.bytes <= 0) return;
    const leaves = groups.get(group);
    if (leaves) leaves.push(leaf);
    else groups.set(group, [leaf]);
  };
  const big = new Map<string, typeof biggest>();
  for (const file of biggest.filter((file) => file.bytes >= total * OWN_FILE)) {
    const directory = countedTo(file.path);
    big.set(directory, [...(big.get(directory) ?? []), file]);
  }
  for (const { path, bytes } of directories) {
    const inside = big.get(path) ?? [];
    const group = groupOf(path);
    for (const file of inside)
      add(group, { name: file.path.split('/').at(-1)!, path: `/${file.path}`, bytes: file.bytes });
    const rest = bytes - inside.reduce((sum, file) => sum + file.bytes, 0);
    const name = path === group ? `files of ${path || '/'}` : path.slice(group.length).replace(/^\//, '');
    add(group, { name, path: inside.length > 0 ? `other files of /${path}` : `/${path}`, bytes: rest });
  }
  const listed = directories.reduce((sum, directory) => sum + directory.bytes, 0);
  add('', { name: 'many small directories', path: 'many small directories', bytes: total - listed });
  return arrange(groups, total);
}

/** /usr and /var say little as a whole: there the second level counts. */
function groupOf(path: string): string {
  const [top = '', second] = path.split('/');
  return (top === 'usr' || top === 'var') && second !== undefined ? `${top}/${second}` : top;
}

/** The directory that a file's bytes are counted to: its own, or the one three levels deep. */
function countedTo(file: string): string {
  return file.split('/').slice(0, -1).slice(0, 3).join('/');
}

function arrange(groups: ReadonlyMap<string, Leaf[]>, total: number): Group[] {
  const all = [...groups]
    .map(([path, leaves]) => ({ path: `/${path}`, bytes: sum(leaves), leaves: merge(leaves, total) }))
    .sort((a, b) => b.bytes - a.bytes);
  const shown = all.filter(
    (group, i) => i < MOST_GROUPS && group.path !== '/' && group.bytes > total * OWN_LEAF,
  );
  const rest = all.filter((group) => !shown.includes(group));
  if (rest.length === 0) return shown;
  const leaves = rest.map(({ path, bytes }) => ({ name: path === '/' ? 'others' : path, path, bytes }));
  return [...shown, { path: 'elsewhere', bytes: sum(leaves), leaves: merge(leaves, total) }];
}

/** Leaves too small to be seen become one. */
function merge(leaves: readonly Leaf[], total: number): Leaf[] {
  const sorted = [...leaves].sort((a, b) => b.bytes - a.bytes);
  const small = sorted.filter((leaf) => leaf.bytes < total * OWN_LEAF);
  if (small.length < 2) return sorted;
  const merged = { name: `${small.length} smaller`, path: `${small.length} smaller ones`, bytes: sum(small) };
  return [...sorted.filter((leaf) => !small.includes(leaf)), merged].sort((a, b) => b.bytes - a.bytes);
}

const sum = (leaves: readonly Leaf[]) => leaves.reduce((bytes, leaf) => bytes + leaf.bytes, 0);
