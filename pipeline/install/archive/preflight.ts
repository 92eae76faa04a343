import { readdir, readFile, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Architecture } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import { Fault } from '../../core/faults/fault.ts';
import { writeAptConfig } from '../../host/apt.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { $ } from '../../host/process/tool.ts';
import { type Mirrors, mirrorScript } from './mirrors.ts';

export interface PreflightRequest {
  /** The root and the repository files, verified. */
  root: string;
  repository: string;
  architecture: Architecture;
  mirrors: Mirrors;
  /** A folder of its own, which is emptied. */
  dir: string;
  emit: Emit;
  signal: AbortSignal;
}

/** The files of a system that apt reads before it asks anybody. */
const OF_APT = ['etc/apt', 'usr/share/keyrings', 'usr/share/dgx-keyrings'];
const TIMEOUT_MS = 30 * 60_000;

/**
 * Has apt fetch and verify the Release file of every source, by its own rules: signatures, `Signed-By`, dates, suites. No package list is
 * fetched and nothing is installed.
 * @returns the sources, as apt names them
 * @throws Fault ARCHIVE_UNUSABLE with what apt says of each source that cannot be used; TOOL_MISSING without apt
 */
export function askArchives(request: PreflightRequest): Promise<string[]> {
  return underWay(request.emit, 'sources', () => answersOf(request));
}

async function answersOf(request: PreflightRequest): Promise<string[]> {
  const { dir, mirrors, architecture, emit, signal } = request;
  await rm(dir, { recursive: true, force: true });
  const system = join(dir, 'system');
  emit({ type: 'activity', id: 'sources', label: 'Reading the apt sources of the root' });
  await extract(request.root, system, signal);
  await extract(request.repository, system, signal);
  const script = join(dir, 'mirrors.sed');
  await writeFile(script, mirrorScript(mirrors));
  const lists = await sourcesOf(system, script, signal);
  if (lists === 0)
    throw new Fault('ARCHIVE_UNUSABLE', 'Neither the root nor the repository files name an apt source', {
      hint: 'Set `archive.repository` to a tar with etc/apt/sources.list.d in it.',
    });
  emit({ type: 'activity', id: 'sources', label: 'Asking every archive for its Release file' });
  const { exitCode, stdout, stderr } = await $({
    env: { APT_CONFIG: await aptConfig(dir, system, architecture) },
    ...{ signal, nothrow: true, timeoutMs: TIMEOUT_MS, reason: 'ask the archives' },
  })`apt-get update`;
  const lines = `${stdout}\n${stderr}`.split('\n');
  if (exitCode !== 0) throw refused(lines);
  const sources = lines.flatMap((line) => /^(?:Get|Hit):\d+ (.+?)(?: \[.*\])?$/.exec(line)?.[1] ?? []);
  await rm(dir, { recursive: true, force: true });
  return [...new Set(sources)].sort();
}

/** The files that apt reads, out of a tar; a missing name is not an error. */
async function extract(tar: string, to: string, signal: AbortSignal): Promise<void> {
  await makeFolders(to);
  const names = OF_APT.flatMap((name) => [name, `./${name}`]);
  const { exitCode, stderr } = await $({
    ...{ signal, nothrow: true, timeoutMs: TIMEOUT_MS, reason: 'read the root' },
  })`tar --extract --file ${tar} --directory ${to} --no-same-owner --no-same-permissions --keep-directory-symlink ${names}`;
  const wrong = stderr
    .split('\n')
    .filter(
      (line) => line && !/Not found in archive|Exiting with failure status due to previous errors/.test(line),
    );
  if (exitCode !== 0 && (wrong.length > 0 || !/Not found in archive/.test(stderr)))
    throw new Fault('ARCHIVE_UNUSABLE', `${tar} cannot be read as a tar: ${wrong[0] ?? stderr.trim()}`);
  await keepInside(to);
}

/** Links of the root lead to places of the root: an absolute one is turned there, and one that leads out of it is removed. */
async function keepInside(system: string): Promise<void> {
  const root = await realpath(system);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isSymbolicLink())) {
    const link = join(entry.parentPath, entry.name);
    const target = await readlink(link);
    if (target.startsWith('/')) {
      await rm(link);
      await symlink(relative(entry.parentPath, join(root, target)), link);
    }
  }
  // After all were turned: a link may lead over others.
  for (const entry of entries.filter((one) => one.isSymbolicLink())) {
    const link = join(entry.parentPath, entry.name);
    const real = await realpath(link).catch(() => null);
    if (real !== null && real !== root && !real.startsWith(`${root}/`)) await rm(link);
  }
}

/** Copies the sources beside the system, with mirrors, and with its keyrings by their paths here. @returns how many there are */
async function sourcesOf(system: string, script: string, signal: AbortSignal): Promise<number> {
  const apt = join(system, 'etc/apt');
  const parts = await readdir(join(apt, 'sources.list.d')).catch(() => []);
  const lists = [
    'sources.list',
    ...parts.filter((name) => /\.(?:list|sources)$/.test(name)).map((name) => `sources.list.d/${name}`),
  ];
  let count = 0;
  for (const name of lists) {
    const file = join(apt, name);
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text === null) continue;
    if (/^(?:deb\s|Types:.*\bdeb\b)/m.test(text)) count += 1;
    await $({ signal })`sed -i -f ${script} ${file}`;
    const mirrored = await readFile(file, 'utf8');
    await writeFile(file, withKeyringsOf(system, mirrored));
  }
  return count;
}

/** apt takes the path of a keyring as it is, whatever its root. */
export function withKeyringsOf(system: string, sources: string): string {
  return sources
    .replace(/(\bsigned-by=)([^\]\s]+)/gi, (_, key: string, paths: string) => key + moved(system, paths, ','))
    .replace(
      /^(Signed-By:[ \t]*)(\/.*)$/gim,
      (_, key: string, paths: string) => key + moved(system, paths, /[\s,]+/),
    );
}

function moved(system: string, paths: string, between: string | RegExp): string {
  return paths
    .split(between)
    .filter((path) => path !== '')
    .map((path) => (path.startsWith('/') ? system + path : path))
    .join(',');
}

function aptConfig(dir: string, system: string, architecture: string): Promise<string> {
  return writeAptConfig(dir, architecture, {
    'Dir::Etc': join(system, 'etc/apt'),
    'Dir::Etc::sourcelist': join(system, 'etc/apt/sources.list'),
    'Dir::Etc::sourceparts': join(system, 'etc/apt/sources.list.d'),
    'Dir::Etc::trusted': join(system, 'etc/apt/trusted.gpg'),
    'Dir::Etc::trustedparts': join(system, 'etc/apt/trusted.gpg.d'),
    'Acquire::IndexTargets::deb::Packages::DefaultEnabled': 'false',
  });
}

/** The messages of apt about each source, without its advice for a running system. */
function refused(lines: readonly string[]): Fault {
  const said = lines.flatMap((line) => /^[EW]: (.+)/.exec(line)?.[1] ?? []);
  const errors = lines.flatMap((line) => /^E: (.+)/.exec(line)?.[1] ?? []);
  const first = said.find((line) =>
    /404|not signed|GPG|expired|no longer valid|not valid|Conflicting/i.test(line),
  );
  return new Fault(
    'ARCHIVE_UNUSABLE',
    `A source cannot be used: ${first ?? errors[0] ?? 'apt-get update failed'}`,
    {
      detail: [...new Set(said)].join('\n'),
      hint: 'The sources are those of the repository files and of the root. Where an archive has moved or is not reached from here, name a mirror in `mirrors:`.',
    },
  );
}
