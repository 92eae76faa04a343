import { shown } from '../../tar/names.ts';
import { type Collector, type Member, Sampler } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

const BIGGEST = 100;
const MOST_DIRECTORIES = 200;
const LEVELS = 3;
const MOST_TOP = 64;

type Counts = Pick<
  ImageFacts,
  'counts' | 'bytes' | 'biggest' | 'directories' | 'top' | 'devices' | 'nestedRoot'
>;

const COUNTED = {
  file: 'files',
  directory: 'directories',
  symlink: 'symlinks',
  'hard-link': 'hardLinks',
  'character-device': 'devices',
  'block-device': 'devices',
  fifo: 'fifos',
  other: 'other',
} as const;

/** The counts of an image, and the distribution of its bytes. */
export function countsCollector(): Collector<Counts> {
  const counts = {
    files: 0,
    directories: 0,
    symlinks: 0,
    hardLinks: 0,
    sparse: 0,
    devices: 0,
    fifos: 0,
    other: 0,
  };
  const bytes = { apparent: 0, stored: 0 };
  const biggest: { path: string; bytes: number }[] = [];
  const directories = new Map<string, { bytes: number; files: number }>();
  const top = new Set<string>();
  const devices = new Sampler();
  let nestedRoot: string | null = null;

  const file = ({ path, size, stored }: Member) => {
    bytes.apparent += size;
    bytes.stored += stored;
    if (biggest.length < BIGGEST || stored > biggest.at(-1)!.bytes) {
      biggest.push({ path: shown(path), bytes: stored });
      biggest.sort((a, b) => b.bytes - a.bytes);
      biggest.length = Math.min(biggest.length, BIGGEST);
    }
    const place = directoryOf(path);
    const sum = directories.get(place);
    if (sum) {
      sum.bytes += stored;
      sum.files += 1;
    } else if (directories.size < 20_000) directories.set(place, { bytes: stored, files: 1 });
  };

  return {
    member(member) {
      const { path, type } = member;
      counts[COUNTED[type]] += 1;
      if (member.sparse) counts.sparse += 1;
      if (type === 'file') file(member);
      if (type === 'character-device' || type === 'block-device') devices.add(`${shown(path)} (${type})`);
      const slash = path.indexOf('/');
      if (top.size < MOST_TOP && path !== '') top.add(slash === -1 ? path : path.slice(0, slash));
      if (nestedRoot === null && /^(?!usr\/)[^/]+(\/[^/]+){0,2}\/etc\/os-release$/.test(path))
        nestedRoot = path.slice(0, -'/etc/os-release'.length);
    },
    finish: () => ({
      counts,
      bytes,
      biggest,
      directories: [...directories]
        .map(([path, sum]) => ({ path: shown(path), ...sum }))
        .sort((a, b) => b.bytes - a.bytes)
        .slice(0, MOST_DIRECTORIES),
      top: [...top].map(shown).sort(),
      devices: devices.toJSON(),
      nestedRoot,
    }),
  };
}

/** The directory that a file counts to: its own, or the one three levels deep above it; '' is the root. */
export function directoryOf(path: string): string {
  let end = -1;
  for (let level = 0; level < LEVELS; level++) {
    const next = path.indexOf('/', end + 1);
    if (next === -1) break;
    end = next;
  }
  return path.slice(0, Math.max(end, 0));
}
