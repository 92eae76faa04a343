import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import { DEMO, digest, type PackageLists } from './inputs.ts';

/** The ways in which mmdebstrap makes a root: as root, in a user namespace, or with fakechroot where namespaces are forbidden. */
type Mode = 'root' | 'unshare' | 'fakechroot';

/** The cache between runs: parts of the medium, each named by the digest of its inputs. */
export interface Parts {
  dir: string;
  mode: Mode;
  lists: PackageLists;
  /** Ends the tools when another part has failed. */
  signal: AbortSignal;
  say: (text: string) => void;
}

export async function pickMode(): Promise<Mode> {
  if (process.getuid?.() === 0) return 'root';
  const probe = await $({ nothrow: true, quiet: true })`unshare --user --map-auto --map-root-user true`;
  return probe.exitCode === 0 ? 'unshare' : 'fakechroot';
}

const RECIPE = fileURLToPath(import.meta.url);
const excludes = `${DEMO}/dpkg-excludes`;
export const options = [
  '--quiet',
  '--format=tar',
  '--skip=output/dev',
  // Merged from the start: otherwise the package usrmerge does it, and brings perl.
  '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
  '--aptopt=Apt::Install-Recommends "false"',
  '--aptopt=Acquire::Languages "none"',
  '--aptopt=Acquire::Retries "3"',
  `--dpkgopt=${excludes}`,
];

/** The root file system that the installer unpacks, as .tar.xz of many blocks, so that several cores can unpack it. */
export async function installedRoot({ dir, mode, lists, signal, say }: Parts): Promise<string> {
  const path = join(
    dir,
    `root-${await digest([RECIPE, excludes, `${DEMO}/root`], lists.root, lists.suite, mode)}.tar.xz`,
  );
  return once(path, async (partial) => {
    say(
      `installing the root file system: ${lists.suite} and ${lists.root.length} packages with their dependencies`,
    );
    const tar = `${partial}.tar`;
    await $({
      signal,
    })`mmdebstrap --mode=${mode} --variant=minbase ${options} --include=${lists.root.join(',')} --customize-hook=${`${DEMO}/root/customize.sh`} ${lists.suite} ${tar}`;
    // mmdebstrap packs /dev with device nodes or not at all; curtin wants the empty directory.
    const dev = `${partial}.dev`;
    await mkdir(join(dev, 'dev'), { recursive: true });
    await $`chmod 755 ${dev}/dev`;
    await $`tar --append --file ${tar} --owner=0 --group=0 --numeric-owner -C ${dev} ./dev`;
    say('compressing the root file system');
    await $({
      signal,
    })`xz -1 --threads=${availableParallelism()} --block-size=16MiB --stdout ${tar} > ${partial}`;
    await rm(tar);
  });
}

/** The live system as a tar, and beside it the packages it brings: a directory with kernel/ and repository/. */
export async function liveSystem({
  dir,
  mode,
  lists,
  signal,
  say,
}: Parts): Promise<{ tar: string; downloads: string }> {
  const decides = [lists.live, lists.repository, lists.kernel, lists.suite, mode];
  const name = join(
    dir,
    `live-${await digest([RECIPE, excludes, `${DEMO}/live/customize.sh`, `${DEMO}/live/download.sh`], ...decides)}`,
  );
  const downloads = `${name}.downloads`;
  const tar = await once(`${name}.tar`, async (partial) => {
    say(
      `installing the live system: ${lists.suite} and ${lists.live.length} packages with their dependencies`,
    );
    const fetched = `${partial}.downloads`;
    await mkdir(fetched, { recursive: true });
    const download = [`${DEMO}/live/download.sh`, '"$1"', lists.kernel, ...lists.repository].join(' ');
    const hooks = [
      download,
      `sync-out /download ${fetched}`,
      'rm -r "$1/download"',
      `${DEMO}/live/customize.sh`,
    ];
    await $({
      signal,
    })`mmdebstrap --mode=${mode} --variant=essential ${options} --include=${lists.live.join(',')} ${hooks.map((hook) => `--customize-hook=${hook}`)} ${lists.suite} ${partial}`;
    await rm(downloads, { recursive: true, force: true });
    await rename(fetched, downloads);
  });
  return { tar, downloads };
}

const HOUR_MS = 3_600_000;

/** Makes a file under a partial name unless it stands, then drops what older inputs left of the same kind. */
async function once(path: string, make: (partial: string) => Promise<void>): Promise<string> {
  const dir = dirname(path);
  const present = await readdir(dir);
  if (present.includes(basename(path))) return path;
  const partial = `${path}.${process.pid}.partial`;
  try {
    await make(partial);
    await rename(partial, path);
  } finally {
    for (const end of ['', '.tar', '.dev', '.downloads'])
      await rm(partial + end, { recursive: true, force: true });
  }
  const [stem] = basename(path).split('.') as [string];
  const kind = stem.slice(0, stem.indexOf('-') + 1);
  for (const name of present.filter((each) => each.startsWith(kind) && !each.startsWith(stem))) {
    const old = join(dir, name);
    // A younger one may be in use by another run.
    const { mtimeMs } = await stat(old);
    if (Date.now() - mtimeMs > HOUR_MS) await rm(old, { recursive: true, force: true });
  }
  return path;
}
