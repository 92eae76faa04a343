import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = ['pipeline', 'sandbox', 'scripts', 'bench'];
const CODE = /\.(?:ts|js)$/;
const IMPORT = /(?:^(?:import|export)\s+(type\s)?[^'";]*?from\s+|\bimport\(\s*)'(\.[^']+)'/gm;

/** One import of a file by another; paths from the root of the repository. */
export interface Import {
  from: string;
  to: string;
  /** Costs nothing at run time. */
  typeOnly: boolean;
}

export interface Room {
  name: string;
  files: number;
  lines: number;
  /** 1 for a room that needs no other; otherwise one more than the highest that it needs at run time. */
  floor: number;
  /** Rooms that it imports from, with the number of imports. */
  needs: Map<string, number>;
}

export interface House {
  rooms: Room[];
  /** Imports from a room to a higher one, or between two rooms that need each other. */
  backUp: Import[];
}

/** The room of a file: a folder of pipeline/, or a folder at the top. */
export function roomOf(file: string): string {
  const [top, second] = file.split('/') as [string, string];
  return top === 'pipeline' ? second : top;
}

/** The sources by path: as they are now, or as a revision of git has them. */
export function readSources(revision?: string): Map<string, string> {
  if (revision === undefined) {
    const files = globSync(`{${SOURCES}}/**/*.{ts,js}`, {
      cwd: ROOT,
      exclude: (path) => /node_modules|dist$/.test(path),
    });
    return new Map(files.sort().map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));
  }
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 });
  const files = git('ls-tree', '-r', '--name-only', revision, ...SOURCES)
    .split('\n')
    .filter((file) => CODE.test(file));
  return new Map(files.map((file) => [file, git('show', `${revision}:${file}`)]));
}

/** Every import of a file of the repository by another. */
export function importsOf(sources: Map<string, string>): Import[] {
  return [...sources].flatMap(([from, text]) =>
    [...text.matchAll(IMPORT)].map(([, type, path]) => ({
      from,
      to: normalize(join(dirname(from), path!)),
      typeOnly: Boolean(type),
    })),
  );
}

/** Rooms, floors, and what runs against the direction. */
export function house(sources: Map<string, string>): House {
  const between = importsOf(sources).filter(({ from, to }) => roomOf(from) !== roomOf(to));
  const rooms = new Map<string, Room>();
  for (const [file, text] of sources) {
    const name = roomOf(file);
    const room = rooms.get(name) ?? { name, files: 0, lines: 0, floor: 0, needs: new Map() };
    room.files++;
    room.lines += text.split('\n').length - 1;
    rooms.set(name, room);
  }
  const below = new Map<string, Set<string>>([...rooms.keys()].map((name) => [name, new Set()]));
  for (const { from, to, typeOnly } of between) {
    const { needs } = rooms.get(roomOf(from))!;
    needs.set(roomOf(to), (needs.get(roomOf(to)) ?? 0) + 1);
    if (!typeOnly) below.get(roomOf(from))!.add(roomOf(to));
  }
  const floorOf = (name: string, way: string[] = []): number => {
    const room = rooms.get(name);
    if (!room || way.includes(name)) return 0;
    room.floor ||= 1 + Math.max(0, ...[...below.get(name)!].map((next) => floorOf(next, [...way, name])));
    return room.floor;
  };
  for (const name of rooms.keys()) floorOf(name);
  const up = ({ from, to }: Import) => {
    const [lower, higher] = [rooms.get(roomOf(from)), rooms.get(roomOf(to))];
    if (!lower || !higher) return false;
    return higher.floor > lower.floor || (higher.floor === lower.floor && higher.needs.has(lower.name));
  };
  return {
    rooms: [...rooms.values()].sort((a, b) => b.floor - a.floor || (a.name < b.name ? -1 : 1)),
    backUp: between.filter(up),
  };
}

/** The house as a table, the top floor first. */
export function draw({ rooms, backUp }: House): string {
  const rows = rooms.map(
    ({ name, files, lines, floor, needs }) =>
      `${String(floor).padStart(5)}  ${name.padEnd(10)} ${String(files).padStart(5)} ${String(lines).padStart(6)}  ${[
        ...needs,
      ]
        .sort(([, a], [, b]) => b - a)
        .map(([other, count]) => `${other} ${count}`)
        .join(', ')}`,
  );
  const up = backUp.map(({ from, to, typeOnly }) => `  ${from} -> ${to}${typeOnly ? ' (type)' : ''}`);
  const floors = Math.max(...rooms.map(({ floor }) => floor));
  return [
    'floor  room       files  lines  imports from',
    ...rows,
    `${rooms.length} rooms, ${floors} floors, ${backUp.length} imports back up`,
    ...up,
  ].join('\n');
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { rev: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help)
    console.log('npm run rooms [-- --rev REVISION]: which folder of the code imports from which');
  else console.log(draw(house(readSources(values.rev))));
}
