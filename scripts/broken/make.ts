import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { $ } from 'zx';
import type { Change } from './changes.ts';

const STATUS = 'var/lib/dpkg/status';

/** A packed image, unpacked once for all its broken copies. */
interface Original {
  tar: string;
  /** Members as the archive calls them, by their path without a leading `./`; no folders. */
  members: Map<string, string>;
}

/**
 * Makes copies of a packed image, each with one change. GNU tar changes them (`--delete`, `--append`), so that all other members stay as they are, with their
 * extended attributes.
 * @param folder where they are put: NAME.tar.gz
 * @returns their paths
 */
export async function makeBroken(
  image: string,
  folder: string,
  changes: readonly Change[],
  { signal, say }: { signal: AbortSignal; say: (text: string) => void },
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, '.work-'));
  try {
    const tar = join(work, 'image.tar');
    await pipeline(createReadStream(image), createGunzip(), createWriteStream(tar), { signal });
    const { stdout } = await $({ signal })`tar --list --file ${tar}`;
    const members = new Map(
      stdout
        .split('\n')
        .filter((name) => name !== '' && !name.endsWith('/'))
        .map((name) => [name.replace(/^\.\//, ''), name]),
    );
    const paths: string[] = [];
    for (const change of changes) {
      say(`${change.name}: ${change.does}`);
      paths.push(await changed({ tar, members }, change, { work, folder, signal }));
    }
    return paths;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function changed(
  { tar, members }: Original,
  change: Change,
  { work, folder, signal }: { work: string; folder: string; signal: AbortSignal },
): Promise<string> {
  const textOf = async (path: string) =>
    members.has(path)
      ? (await $({ signal })`tar --extract --to-stdout --file ${tar} ${members.get(path)!}`).stdout
      : undefined;
  const away = new Set([...members.keys()].filter((path) => change.leavesOut?.test(path)));
  const writes = new Map(Object.entries(change.writes ?? {}));
  if (change.packages) {
    for (const name of change.packages)
      for (const path of await filesOf(name, members, textOf)) away.add(path);
    writes.set(STATUS, { text: (old) => withoutPackages(old, change.packages!) });
  }
  if (away.size + writes.size === 0) throw new Error(`${change.name} changes nothing of this image`);

  const staged = join(work, 'staged');
  await rm(staged, { recursive: true, force: true });
  for (const [path, { text, mode = 0o644 }] of writes) {
    const old = await textOf(path);
    const file = join(staged, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text ? text(old) : (old ?? ''));
    await chmod(file, mode);
    if (members.has(path)) away.add(path);
  }
  const copy = join(work, 'copy.tar');
  await copyFile(tar, copy);
  const list = join(work, 'list');
  if (away.size > 0) {
    await writeFile(list, [...away].map((path) => `${members.get(path)}\n`).join(''));
    await $({
      signal,
    })`tar --delete --no-wildcards --file ${copy} --verbatim-files-from --files-from ${list}`;
  }
  if (writes.size > 0) {
    const names = [...writes.keys()].map((path) => `./${path}`);
    await $({ signal })`tar --append --owner=0 --group=0 --file ${copy} --directory ${staged} ${names}`;
  }
  const path = join(folder, `${change.name}.tar.gz`);
  const partial = join(work, basename(path));
  await pipeline(createReadStream(copy), createGzip({ level: 1 }), createWriteStream(partial), { signal });
  await rename(partial, path);
  return path;
}

/** The files of an installed package, by dpkg's list; those that it has below a link to /usr are found there. */
async function filesOf(
  name: string,
  members: ReadonlyMap<string, string>,
  textOf: (path: string) => Promise<string | undefined>,
): Promise<string[]> {
  const info = [...members.keys()].filter((path) => {
    const file = /^var\/lib\/dpkg\/info\/([^/]+)\.[^./]+$/.exec(path)?.[1];
    return file === name || file?.startsWith(`${name}:`);
  });
  const list = info.find((path) => path.endsWith('.list'));
  if (list === undefined) throw new Error(`the package ${name} is not in the image`);
  const listed = ((await textOf(list)) ?? '').split('\n').map((path) => path.slice(1));
  // dpkg lists folders, too, and /lib is one to it where the image has a link.
  const folders = new Set(listed.map((path) => dirname(path)));
  return [
    ...info,
    ...listed
      .filter((path) => !folders.has(path))
      .flatMap((path) => [path, `usr/${path}`])
      .filter((path) => members.has(path)),
  ];
}

const withoutPackages = (status: string | undefined, packages: readonly string[]): string =>
  (status ?? '')
    .split('\n\n')
    .filter((stanza) => !packages.some((name) => stanza.trimStart().startsWith(`Package: ${name}\n`)))
    .join('\n\n');
