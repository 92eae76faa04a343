import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { EphemeralFiles } from '../../config/settings/ephemeral.ts';
import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import { Fault } from '../../core/faults/fault.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { object, sha256, text } from '../../host/files/shape.ts';
import { thisProcess } from '../../host/process/alive.ts';
import { packageRoot } from '../../host/process/package-root.ts';
import { shellWord } from '../../host/process/shell-word.ts';
import { supervise } from '../../host/process/supervise.ts';
import { $ } from '../../host/process/tool.ts';
import { ephemeralFiles, ephemeralFolder, ephemeralsFolder } from '../../workspace/layout.ts';
import { removeUnfinished } from './kept.ts';
import type { UsedEphemeral } from './types.ts';

/** The system from which the machine is installed. */
export interface Ephemeral extends UsedEphemeral {
  kernel: string;
  initrd: string;
  /** The root, fetched by HTTP as MAAS has it; null where it is a disk of the machine. */
  squashfs: string | null;
  /** The root as a read-only disk. */
  disk: string | null;
}

/** The label by which the lean ephemeral finds its disk. */
export const DISK_LABEL = 'rehearsal';
const RECIPE = 'templates/rehearsal';
const RECORD = object({ key: sha256, kernel: text, initrd: text });
const REASON = 'make an ephemeral system for a rehearsal';

interface List {
  suite: string;
  packages: string[];
  boot: string[];
}

/**
 * The user's own files, such as those of a MAAS.
 * @throws Fault EPHEMERAL_UNUSABLE
 */
export async function ownEphemeral({ kernel, initrd, squashfs }: EphemeralFiles): Promise<Ephemeral> {
  for (const file of [kernel, initrd, squashfs]) {
    const there = await stat(file).catch(() => undefined);
    if (!there?.isFile() || there.size === 0)
      throw new Fault('EPHEMERAL_UNUSABLE', `There is no file ${file} (--ephemeral)`, {
        hint: 'Name boot-kernel, boot-initrd and squashfs of the base image, as MAAS has them.',
      });
  }
  return { kind: 'own', name: squashfs, kernel, initrd, squashfs, disk: null };
}

/** As a message names it. */
export function ephemeralPhrase({ kind, name }: UsedEphemeral): string {
  const which = {
    own: 'your ephemeral',
    lean: 'the lean ephemeral',
    mirror: 'the ephemeral',
    maas: 'the ephemeral',
  };
  return `${which[kind]} ${name}`;
}

const RECIPE_FOLDER = () => join(packageRoot(), RECIPE);

/** The digest of the recipe, which decides the lean ephemeral. */
export const leanKey = (): Promise<string> => digest(RECIPE_FOLDER());

/** Whether the lean ephemeral is in the cache. */
export async function hasLean(cache: string): Promise<boolean> {
  const key = await leanKey();
  return isWhole(ephemeralFolder(cache, key), key);
}

/**
 * A small Debian with what curtin needs and without cloud-init, made once from packages and kept in the cache; made anew when its list
 * of packages or a file of it changes.
 * @throws Fault TOOL_MISSING, TOOL_FAILED, DISK_FULL, INTERRUPTED
 */
export async function leanEphemeral(cache: string, emit: Emit, signal: AbortSignal): Promise<Ephemeral> {
  const recipe = RECIPE_FOLDER();
  const key = await digest(recipe);
  const folder = ephemeralFolder(cache, key);
  if (!(await isWhole(folder, key)))
    await underWay(emit, 'ephemeral', () => make(recipe, key, { cache, emit, signal }));
  const files = ephemeralFiles(folder);
  return {
    kind: 'lean',
    name: key.slice(0, 12),
    kernel: files.kernel,
    initrd: files.initrd,
    squashfs: null,
    disk: files.disk,
  };
}

const isWhole = async (folder: string, key: string) =>
  (await readJsonOrMiss(ephemeralFiles(folder).record, RECORD))?.key === key;

/** Over every file of the recipe, with its name. */
async function digest(recipe: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(recipe, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort())
    hash
      .update(`${file.slice(recipe.length)}\0`)
      .update(await readFile(file))
      .update('\0');
  return hash.digest('hex');
}

async function make(
  recipe: string,
  key: string,
  { cache, emit, signal }: { cache: string; emit: Emit; signal: AbortSignal },
): Promise<void> {
  const { suite, packages, boot } = JSON.parse(
    await readFile(join(recipe, 'ephemeral.json'), 'utf8'),
  ) as List;
  emit({
    type: 'notice',
    level: 'info',
    message: `making the ephemeral system from ${packages.length} packages of Debian ${suite} and what they need; it is kept for later rehearsals`,
  });
  await makeFolders(ephemeralsFolder(cache), 0o700);
  await removeUnfinished(ephemeralsFolder(cache));
  const folder = await mkdtemp(`${ephemeralFolder(cache, key)}.partial-`);
  try {
    const files = ephemeralFiles(folder);
    await writeFile(files.maker, JSON.stringify(thisProcess()));
    const hooks = [
      `--essential-hook=${shellWord(join(recipe, 'before-packages.sh'))} "$1" ${boot.join(' ')}`,
      `--customize-hook=${shellWord(join(recipe, 'after-packages.sh'))} "$1"`,
      // Packed as the root's own root user, also where that is a range of ids, or pretended.
      `--customize-hook=copy-out /rehearsal/vmlinuz /rehearsal/initrd /rehearsal/filesystem.squashfs ${shellWord(folder)}`,
    ];
    const options = [
      '--variant=essential',
      '--format=null',
      '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
      '--aptopt=Apt::Install-Recommends "false"',
      '--aptopt=Acquire::Languages "none"',
      '--aptopt=Acquire::Retries "3"',
    ];
    const last: string[] = [];
    const { exitCode } = await supervise(
      ['mmdebstrap', ...options, `--include=${packages.join(',')}`, ...hooks, suite, '-'],
      {
        guarded: true,
        signal,
        reason: REASON,
        // The remains of a killed one are found there; as another user it needs a folder for all.
        env: process.getuid?.() === 0 ? { TMPDIR: folder } : {},
        onLine(line) {
          emit({ type: 'log', source: 'mmdebstrap', line });
          last.push(line);
          if (last.length > 12) last.shift();
          const setting = /^(?:Setting up|Unpacking) (\S+)/.exec(line);
          if (setting) emit({ type: 'activity', id: 'ephemeral', label: `ephemeral: ${setting[0]}` });
        },
      },
    );
    if (exitCode !== 0)
      throw new Fault('TOOL_FAILED', `mmdebstrap ended with exit code ${exitCode}`, {
        detail: last.join('\n'),
        hint: `The ephemeral system is made of Debian ${suite}: apt must reach its archive or a mirror, and debian-archive-keyring be installed.`,
      });
    await pack(folder, signal);
    await writeFileAtomic(files.record, JSON.stringify({ key, kernel: 'vmlinuz', initrd: 'initrd' }));
    const kept = ephemeralFolder(cache, key);
    // Another rehearsal may have made it meanwhile, and use it.
    if (await isWhole(kept, key)) return;
    await rm(kept, { recursive: true, force: true });
    await rm(files.maker);
    await rename(folder, kept);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The squashfs on a disk of its own, where live-boot finds it: reading is faster than by HTTP, and needs no memory. */
async function pack(folder: string, signal: AbortSignal): Promise<void> {
  const { disk } = ephemeralFiles(folder);
  const medium = join(folder, 'medium');
  await makeFolders(join(medium, 'live'));
  const squashfs = join(medium, 'live', 'filesystem.squashfs');
  await rename(join(folder, 'filesystem.squashfs'), squashfs);
  const mebibytes = Math.ceil(((await stat(squashfs)).size * 1.02) / 2 ** 20) + 24;
  await $({
    signal,
    reason: REASON,
    guarded: true,
  })`mkfs.ext4 -q -O ^has_journal -m 0 -L ${DISK_LABEL} -d ${medium} ${disk} ${`${mebibytes}M`}`;
  await rm(medium, { recursive: true });
}
