import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { $, which } from 'zx';
import { installedRoot, liveSystem, type Parts, pickMode } from './debian.ts';
import { DEMO, DEMO_SUBIQUITY, digest, PROJECT, packageLists } from './inputs.ts';
import { type Installer, LAYOUTS } from './layouts.ts';
import { removeLeftovers } from './leftovers.ts';
import { unpackKernel } from './live.ts';
import { makeMedium } from './medium.ts';

export interface DemoIsoOptions {
  /** Absolute path of the ISO. */
  out: string;
  /** The folder of parts that are kept between runs. */
  cache: string;
  specimens: boolean;
  /** The release whose interface the medium has. */
  installer: Installer;
  force: boolean;
  /** Ends the tools; what is unfinished is removed. */
  signal: AbortSignal;
  say: (text: string) => void;
}

export interface DemoIso {
  path: string;
  sha256: string;
  /** Bytes. */
  size: number;
  /** False when it stood already. */
  made: boolean;
  seconds: number;
}

export class MissingTools extends Error {}

const TOOLS: Record<string, string> = {
  'apt-ftparchive': 'apt-utils',
  bsdtar: 'libarchive-tools',
  cpio: 'cpio',
  depmod: 'kmod',
  'dpkg-deb': 'dpkg',
  'grub-mkimage': 'grub-common',
  mformat: 'mtools',
  mmdebstrap: 'mmdebstrap',
  sqfstar: 'squashfs-tools',
  tar: 'tar',
  xorriso: 'xorriso',
  xz: 'xz-utils',
  zstd: 'zstd',
};
const FILES: Record<string, string> = {
  '/usr/lib/grub/i386-pc/moddep.lst': 'grub-pc-bin',
  '/usr/lib/grub/x86_64-efi/moddep.lst': 'grub-efi-amd64-bin',
  '/usr/share/keyrings/debian-archive-keyring.gpg': 'debian-archive-keyring',
};

/**
 * Makes the demo installer ISO, or leaves the one that stands when nothing has changed.
 * @throws MissingTools with the command that installs what is missing; zx' ProcessOutput when a tool fails
 */
export async function buildDemoIso(options: DemoIsoOptions): Promise<DemoIso> {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 100) / 10;
  const { out, cache, specimens, installer, signal, say } = options;
  const mode = await pickMode();
  const fingerprint = await fingerprintOf(specimens, installer);
  const record = `${out}.json`;
  if (!options.force) {
    const existing = await readRecord(record, out, fingerprint);
    if (existing) return { path: out, ...existing, made: false, seconds: seconds() };
  }
  await checkTools();
  $.quiet = true;
  $.signal = signal;
  // Tools of administration (depmod) are not on every user's PATH; messages are read by programs.
  $.env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8' };
  const dir = join(cache, 'parts');
  await mkdir(dir, { recursive: true });
  await mkdir(dirname(out), { recursive: true });
  await removeLeftovers([cache, dir, dirname(out)]);
  const work = await mkdtemp(join(cache, `work-${process.pid}-`));
  const partial = `${out}.${process.pid}.partial`;
  try {
    const lists = await packageLists();
    const { root, live } = await makeParts({ dir, mode, lists, signal, say });
    say('making the medium');
    const tree = join(work, 'medium');
    await mkdir(tree, { recursive: true });
    const kernel = await unpackKernel(live.downloads, work);
    const { downloads, tar: liveTar } = live;
    const from = { liveTar, downloads, root, kernel, suite: lists.suite, specimens };
    await makeMedium(partial, tree, work, await LAYOUTS[installer](tree, from, work));
    const { size } = await stat(partial);
    const sha256 = await sha256Of(partial);
    await rm(record, { force: true });
    await rename(partial, out);
    await writeFile(record, `${JSON.stringify({ fingerprint, sha256, size }, null, 2)}\n`);
    return { path: out, sha256, size, made: true, seconds: seconds() };
  } finally {
    await Promise.all([work, partial].map((path) => rm(path, { recursive: true, force: true })));
  }
}

/** Both systems at the same time; when one fails the other is ended before the failure is reported. */
async function makeParts(given: Parts) {
  const abort = new AbortController();
  const parts = { ...given, signal: AbortSignal.any([given.signal, abort.signal]) };
  const both = [installedRoot(parts), liveSystem(parts)] as const;
  try {
    const [root, live] = await Promise.all(both);
    return { root, live };
  } catch (error) {
    abort.abort();
    await Promise.allSettled(both);
    throw error;
  }
}

/** Of everything in the project that decides what is on the ISO; newer Debian packages alone do not make it stale. */
export async function fingerprintOf(specimens: boolean, installer: Installer): Promise<string> {
  const files = [
    DEMO,
    ...(installer === 'subiquity' ? [DEMO_SUBIQUITY] : []),
    join(PROJECT, 'scripts', 'iso'),
  ];
  return digest(files, specimens, installer, await pickMode());
}

async function readRecord(record: string, out: string, fingerprint: string) {
  try {
    const { size } = await stat(out);
    const known = JSON.parse(await readFile(record, 'utf8'));
    if (known.fingerprint !== fingerprint || known.size !== size) return null;
    return { sha256: known.sha256 as string, size };
  } catch {
    return null;
  }
}

async function checkTools(): Promise<void> {
  const missing = new Set<string>();
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  for (const [tool, name] of Object.entries(TOOLS))
    if (!(await which(tool, { nothrow: true, path }))) missing.add(name);
  for (const [file, name] of Object.entries(FILES)) await access(file).catch(() => missing.add(name));
  if (missing.size > 0)
    throw new MissingTools(
      `tools are missing; install them with: sudo apt-get install ${[...missing].join(' ')}`,
    );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
