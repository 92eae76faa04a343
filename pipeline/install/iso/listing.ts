import { $ } from '../../host/process/tool.ts';

/** A run of bytes in the ISO file. */
export interface Extent {
  offset: number;
  bytes: number;
}

export interface IsoFile {
  /** Path inside the ISO, without a leading slash. */
  path: string;
  bytes: number;
  extents: Extent[];
}

const SECTOR = 2048;

/**
 * Every regular file of an ISO with the place of its content. xorriso prefers Rock Ridge names, then Joliet's,
 * then the bare ISO 9660 ones.
 * @throws Fault TOOL_MISSING, TOOL_FAILED
 */
export async function listIso(iso: string, options: { signal?: AbortSignal } = {}): Promise<IsoFile[]> {
  const { stdout } = await $({
    signal: options.signal,
    reason: 'read the ISO',
    keep: 256_000_000,
  })`xorriso -no_rc -indev stdio:${iso} -find / -type f -exec report_lba --`;
  return parseReport(stdout);
}

// xt , Startlba , Blocks , Filesize , 'path': one line an extent; the size is the whole file's.
const LINE = /^File data lba:\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*, '(.*)'$/;

/** Reads the table that xorriso's `report_lba` prints. */
export function parseReport(text: string): IsoFile[] {
  const files = new Map<string, IsoFile>();
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (!match) continue;
    const [, , lba, blocks, size, quoted] = match as unknown as string[];
    const path = quoted!.replaceAll(`'"'"'`, "'").replace(/^\/+/, '');
    const file = files.get(path) ?? { path, bytes: Number(size), extents: [] };
    files.set(path, file);
    const before = file.extents.reduce((sum, extent) => sum + extent.bytes, 0);
    const bytes = Math.min(Number(blocks) * SECTOR, file.bytes - before);
    file.extents.push({ offset: Number(lba) * SECTOR, bytes });
  }
  return [...files.values()];
}

/**
 * The file at a path: exactly, else in the spelling of an ISO without Rock Ridge (`VMLINUZ.;1`).
 * @param path inside the ISO, with or without a leading slash
 */
export function findFile(files: readonly IsoFile[], path: string): IsoFile | undefined {
  const wanted = path.replace(/^\/+/, '');
  return (
    files.find((file) => file.path === wanted) ??
    files.find((file) => plainName(file.path) === plainName(wanted))
  );
}

function plainName(path: string): string {
  return path.toLowerCase().replace(/;\d+$/, '').replace(/\.$/, '');
}

/** Extents that follow each other (a file above 4 GiB has several) as few as possible. */
export function joinExtents(extents: readonly Extent[]): Extent[] {
  const joined: Extent[] = [];
  for (const { offset, bytes } of extents) {
    const last = joined.at(-1);
    if (last && last.offset + last.bytes === offset) last.bytes += bytes;
    else joined.push({ offset, bytes });
  }
  return joined;
}
