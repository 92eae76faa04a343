import { createHash } from 'node:crypto';
import { access, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { $ } from '../../host/process/tool.ts';
import { type CurtinFiles, GET_ONE } from './curtin-source.ts';

/** A curtin on this host: a checkout of its sources, or what its two packages unpack to. */
export interface Curtin {
  /** The folder in which the Python package `curtin` is. */
  python: string;
  helpers: string;
}

/** The forms of a folder with curtin: the folder of its Python package, and that of its helpers. */
const FORMS = [
  ['.', 'helpers'],
  ['usr/lib/python3/dist-packages', 'usr/lib/curtin/helpers'],
] as const;

/** Packs an installer by curtin's own code, from JSON on stdin to JSON on stdout. */
const PACK = `
import json, sys
asked = json.load(sys.stdin)
from curtin import pack, version
paths = {"curtin_exe": None, "lib": asked["lib"], "helpers": asked["helpers"]}
installer = pack.pack_install(configs=asked["configs"], args=asked["args"], paths=paths, install_deps=False)
json.dump({"version": version.version_string(), "installer": installer}, sys.stdout)
`;

/** Characters of an installer as JSON; curtin's has 320,000. */
const LARGEST = 16 << 20;

/**
 * The sum of what decides an installation by this curtin: its sources and helpers, or the .deb files, each by its own sum.
 * @throws Fault CURTIN_MISSING
 */
export async function curtinDigest(
  files: CurtinFiles,
  signal: AbortSignal,
): Promise<{ sha256: string; files: { name: string; sha256: string }[] }> {
  if ('folder' in files)
    return { sha256: await curtinSum(await findCurtin(files, '', signal), signal), files: [] };
  const hash = createHash('sha256');
  for (const { sha256 } of files.debs) hash.update(sha256);
  return { sha256: hash.digest('hex'), files: files.debs.map(({ name, sha256 }) => ({ name, sha256 })) };
}

/** The SHA-256 over a curtin's sources and helpers, with their names; what Python compiles is not counted. */
export async function curtinSum({ python, helpers }: Curtin, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of [join(python, 'curtin'), helpers]) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'));
    for (const file of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
      signal.throwIfAborted();
      hash
        .update(`${file.slice(folder.length)}\0`)
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/**
 * A curtin to run: .deb files are unpacked below `work`.
 * @throws Fault CURTIN_MISSING with the commands that get one
 */
export async function findCurtin(files: CurtinFiles, work: string, signal: AbortSignal): Promise<Curtin> {
  let folder: string;
  if ('debs' in files) {
    folder = join(work, 'curtin');
    await rm(folder, { recursive: true, force: true });
    await makeFolders(folder);
    const options = { signal, nothrow: true, reason: 'unpack curtin' };
    for (const { path } of files.debs) {
      const { exitCode, stderr } = await $(options)`dpkg-deb --extract ${path} ${folder}`;
      if (exitCode !== 0)
        throw new Fault('CURTIN_MISSING', `${path} is not a package that dpkg-deb can read`, {
          detail: stderr.trim(),
          hint: GET_ONE,
        });
    }
  } else folder = files.folder;
  for (const [python, helpers] of FORMS) {
    const found = { python: join(folder, python), helpers: join(folder, helpers) };
    const parts = [join(found.python, 'curtin', 'pack.py'), join(found.helpers, 'shell-archive')];
    if (!(await Promise.all(parts.map(readable))).every(Boolean)) continue;
    await expectBuiltin(found);
    return found;
  }
  const named = 'debs' in files ? files.debs.map(({ path }) => path).join(' ') : folder;
  throw new Fault(
    'CURTIN_MISSING',
    `There is no curtin in ${named}: neither curtin/pack.py with helpers/, nor both packages of Ubuntu`,
    { hint: GET_ONE },
  );
}

/** Hooks of images call it; 18.2 is the first that has it (17.1 to 24.0.0 were asked, all of which can pack). @throws Fault CURTIN_MISSING */
async function expectBuiltin({ python }: Curtin): Promise<void> {
  const path = join(python, 'curtin', 'commands', 'curthooks.py');
  const source = await readFile(path, 'utf8').catch(() => null);
  if (source === null || source.includes('def builtin_curthooks(')) return;
  throw new Fault('CURTIN_MISSING', `The curtin in ${python} is too old: it has no builtin_curthooks`, {
    hint: `The hooks of images call it; curtin has it from 18.2 on. ${GET_ONE}`,
  });
}

const readable = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * The installer as MAAS gives it to the machine: curtin's own `pack_install`. Packages that curtin misses are not installed (`install_deps`): the
 * ephemeral has them.
 * @param source the artifact's URL
 * @throws Fault CURTIN_MISSING when that curtin cannot be run here
 */
export async function packInstaller(
  { python, helpers }: Curtin,
  { configs, source, signal }: { configs: readonly string[]; source: string; signal: AbortSignal },
): Promise<{ version: string; installer: Buffer }> {
  const input = JSON.stringify({ configs, args: [source], lib: join(python, 'curtin'), helpers });
  const result = await $({
    input,
    signal,
    nothrow: true,
    keep: LARGEST,
    timeoutMs: 120_000,
    // Nothing is written into a checkout.
    env: { PYTHONPATH: python, PYTHONDONTWRITEBYTECODE: '1' },
    reason: "run curtin's own pack_install",
  })`python3 -c ${PACK}`;
  try {
    if (result.exitCode !== 0) throw new Error(result.stderr);
    const { version, installer } = JSON.parse(result.stdout) as { version: string; installer: string };
    return { version, installer: Buffer.from(installer) };
  } catch (cause) {
    const lines = result.stderr.trim().split('\n').slice(-6).join('\n');
    throw new Fault('CURTIN_MISSING', `curtin in ${python} cannot pack an installer on this host`, {
      detail: lines,
      hint: 'It needs Python 3 with yaml and packaging: sudo apt-get install python3-yaml python3-packaging',
      cause,
    });
  }
}
