import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { $ } from 'zx';
import { options, pickMode } from '../iso/debian.ts';
import { DEMO, digest, PROJECT, packageLists } from '../iso/inputs.ts';
import { removeLeftovers } from '../iso/leftovers.ts';
import { makeDebs, standIns } from './debs.ts';
import { makeDists, makeKey } from './sign.ts';

/** The address of the archive in the stand-in's sources; nothing answers there, so an installation needs a mirror. */
export const ARCHIVE_URL = 'http://archive.dgxos-maas.invalid/demo';
export const SUITE = 'demo';

/** A file and its sha256. */
export interface Pinned {
  path: string;
  sha256: string;
}

export interface DemoArchive {
  architecture: string;
  root: Pinned;
  repository: Pinned;
  /** Folder of the archive, to be served. */
  archive: string;
  made: boolean;
}

export interface DemoArchiveOptions {
  architecture: string;
  /** The folder in which it is kept between runs. */
  cache: string;
  signal: AbortSignal;
  say: (text: string) => void;
}

/**
 * Makes what an installation from archives starts from: a root like that of a cloud image, repository files, and a signed archive with
 * packages of NVIDIA's names beside a kernel and boot loaders of Debian's. What stands and has not changed is left alone.
 * @throws zx' ProcessOutput when a tool fails
 */
export async function buildDemoArchive(given: DemoArchiveOptions): Promise<DemoArchive> {
  const { architecture, cache, signal, say } = given;
  const parts = [join(DEMO, 'archive'), join(DEMO, 'root'), join(DEMO, 'dpkg-excludes')];
  const recipe = ['archive/build.ts', 'archive/debs.ts', 'archive/sign.ts', 'iso/debian.ts'].map((file) =>
    join(PROJECT, 'scripts', file),
  );
  const lists = await packageLists();
  const mode = await pickMode();
  const fingerprint = await digest([...parts, ...recipe], lists, architecture, mode);
  const dir = join(cache, `archive-${architecture}-${fingerprint}`);
  const record = join(dir, 'archive.json');
  const kept = await readFile(record, 'utf8').catch(() => null);
  if (kept !== null) return { ...JSON.parse(kept), made: false };
  $.quiet = true;
  $.signal = signal;
  $.env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8' };
  await mkdir(cache, { recursive: true });
  await removeLeftovers([cache]);
  const work = await mkdtemp(join(cache, `work-${process.pid}-`));
  try {
    const { withoutKernel, inArchive } = JSON.parse(
      await readFile(join(DEMO, 'archive', 'debian.json'), 'utf8'),
    );
    const include = lists.root.filter((name) => !withoutKernel.includes(name));
    const fetched = (inArchive as string[]).map((name) => name.replaceAll('{architecture}', architecture));
    const tar = join(work, 'root.tar');
    const pool = join(work, 'archive', 'pool');
    await mkdir(pool, { recursive: true });
    say(
      `installing a root for ${architecture}: ${lists.suite} and ${include.length} packages, without a kernel`,
    );
    const hooks = [
      `${DEMO}/root/customize.sh`,
      [`${DEMO}/archive/download.sh`, '"$1"', ...fetched].join(' '),
      `sync-out /download ${pool}`,
      'rm -r "$1/download"',
      `${DEMO}/archive/customize.sh`,
    ];
    await $`mmdebstrap --mode=${mode} --variant=minbase --architectures=${architecture} ${options} --include=${include.join(',')} ${hooks.map((hook) => `--customize-hook=${hook}`)} ${lists.suite} ${tar}`;
    const dev = join(work, 'empty');
    await mkdir(join(dev, 'dev'), { recursive: true });
    await $`chmod 755 ${dev}/dev`;
    await $`tar --append --file ${tar} --owner=0 --group=0 --numeric-owner -C ${dev} ./dev`;
    say('compressing the root');
    await $`xz -1 --threads=${availableParallelism()} --block-size=16MiB ${tar}`;
    say('making and signing the archive');
    await makeDebs(pool, await standIns(), architecture);
    const key = await makeKey();
    try {
      await makeDists(join(work, 'archive'), { key, suite: SUITE, architecture });
      await repositoryFiles(join(work, 'repository.tgz'), key.keyring, work);
    } finally {
      await key.remove();
    }
    const made = {
      architecture,
      root: await pinned(work, dir, 'root.tar.xz'),
      repository: await pinned(work, dir, 'repository.tgz'),
      archive: join(dir, 'archive'),
    };
    await rm(dev, { recursive: true });
    await writeFile(join(work, 'archive.json'), `${JSON.stringify(made, null, 2)}\n`);
    await rm(dir, { recursive: true, force: true });
    await rename(work, dir);
    return { ...made, made: true };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The files that are unpacked at /: a source, its key and a preference, as dgx-repo-files.tgz has them. */
export async function repositoryFiles(
  to: string,
  keyring: Buffer,
  work: string,
  url = ARCHIVE_URL,
): Promise<void> {
  const tree = join(work, 'repository-files');
  const files: [string, string | Buffer][] = [
    [
      'etc/apt/sources.list.d/dgx.list',
      `deb [signed-by=/usr/share/keyrings/demo-archive.gpg] ${url} ${SUITE} main\n`,
    ],
    ['etc/apt/preferences.d/nvidia-dgx', 'Package: *\nPin: release o=demo\nPin-Priority: 600\n'],
    ['usr/share/keyrings/demo-archive.gpg', keyring],
  ];
  for (const [path, content] of files) {
    await mkdir(join(tree, path, '..'), { recursive: true });
    await writeFile(join(tree, path), content);
  }
  await $`chmod -R u=rwX,go=rX ${tree}`;
  await $`tar --create --gzip --file ${to} --owner=0 --group=0 --numeric-owner --sort=name -C ${tree} etc usr`;
  await rm(tree, { recursive: true });
}

async function pinned(work: string, dir: string, name: string): Promise<Pinned> {
  await stat(join(work, name));
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(work, name)), hash);
  return { path: join(dir, name), sha256: hash.digest('hex') };
}
