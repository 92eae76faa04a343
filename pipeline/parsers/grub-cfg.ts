export interface GrubEntry {
  title: string;
  /** Titles of the submenus around it, from the outermost. */
  path: string[];
  /** Version after `vmlinuz-` of its `linux` line; null when it boots something else. */
  kernel: string | null;
}

/** The entries of a grub.cfg made by grub-mkconfig, in the menu's order. */
export function parseGrubCfg(text: string): GrubEntry[] {
  const entries: GrubEntry[] = [];
  const open: { title: string; entry: GrubEntry | null }[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const start = /^(menuentry|submenu)\s+(?:'([^']*)'|"([^"]*)"|(\S+))/.exec(line);
    if (start && line.endsWith('{')) {
      const title = start[2] ?? start[3] ?? start[4] ?? '';
      const entry =
        start[1] === 'menuentry'
          ? { title, path: open.filter((o) => !o.entry).map((o) => o.title), kernel: null }
          : null;
      if (entry) entries.push(entry);
      open.push({ title, entry });
    } else if (line === '}') open.pop();
    else {
      const kernel = /^linux(?:16|efi)?\s+\S*?vmlinu[xz]-(\S+)/.exec(line)?.[1];
      const entry = open.at(-1)?.entry;
      if (kernel && entry) entry.kernel ??= kernel;
    }
  }
  return entries;
}

/**
 * The kernel that GRUB starts of itself.
 * @param wanted GRUB_DEFAULT of /etc/default/grub: a number, a title, "1>2", "Submenu>Title" or "saved" (taken for 0)
 */
export function defaultKernel(entries: readonly GrubEntry[], wanted: string): string | null {
  const bootable = (some: readonly GrubEntry[]) => some.find((e) => e.kernel)?.kernel ?? null;
  if (/^\d+$/.test(wanted) || wanted === 'saved' || wanted === '') {
    const place = /^\d+$/.test(wanted) ? Number(wanted) : 0;
    return topLevel(entries)[place]?.[0]?.kernel ?? bootable(entries);
  }
  const steps = wanted.split('>');
  let group: readonly GrubEntry[] = entries;
  let depth = 0;
  for (const step of steps) {
    const places = topLevel(group, depth);
    group = /^\d+$/.test(step)
      ? (places[Number(step)] ?? [])
      : group.filter((e) => (e.path[depth] ?? e.title) === step);
    depth += 1;
  }
  return bootable(group);
}

/** Entries grouped by their place in the menu at a depth: a submenu is one place. */
function topLevel(entries: readonly GrubEntry[], depth = 0): GrubEntry[][] {
  const places: GrubEntry[][] = [];
  let submenu: string | undefined;
  for (const entry of entries) {
    const inside = entry.path[depth];
    if (inside !== undefined && inside === submenu) places.at(-1)!.push(entry);
    else places.push([entry]);
    submenu = inside;
  }
  return places;
}
