import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { packageRoot } from '../../host/process/package-root.ts';
import { shellWord } from '../../host/process/shell-word.ts';

/** The commit of DeepOps' fork of packer-maas that this project is made for. */
const COMMIT = 'fdc5d72ce12f044de64385cfd3db709a2df7b11f';
const REPOSITORY = 'https://github.com/DeepOps/packer-maas.git';
const SUBMODULE = 'packer/packer-maas';
const EXPECTED = `DeepOps/packer-maas at ${COMMIT.slice(0, 7)}`;

export interface CheckoutProblem {
  /** The problem of the checkout. */
  found: string;
  /** The command that repairs it. */
  fix: string;
}

/** Why `file` is not in the checkout of packer-maas at `dir`: what is there, what is expected, and the way from one to the other. */
export async function checkoutProblem(dir: string, file: string): Promise<CheckoutProblem> {
  const problem = (what: string, fix: string) => ({ found: `${what}; expected is ${EXPECTED}`, fix });
  const at = shellWord(dir);
  const checkOut = `git -C ${at} checkout -f ${COMMIT}`;
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      return problem(`packer-maas is not checked out: there is no ${dir}`, fetchCommand(dir));
    if (code === 'ENOTDIR') {
      const file = await fileInTheWay(dir);
      return problem(`${file} is a file, not a folder`, afterMoving(dir, file));
    }
    return problem(`${dir} cannot be read (${code})`, `sudo chown -R "$USER" ${at}`);
  }
  if (names.length === 0)
    return problem(`packer-maas is not checked out: ${dir} is empty`, fetchCommand(dir));
  const git = await gitState(dir);
  const where = git?.at ? `${dir} (${git.at})` : dir;
  const files = names.filter((name) => name !== '.git');
  if (names.includes('.git')) {
    if (!git) return problem(`${dir} is an unfinished clone`, afterMoving(dir));
    if (git.url && !/packer-maas(?:\.git)?\/?$/i.test(git.url))
      return problem(`${dir} is a clone of ${git.url}`, afterMoving(dir));
    if (files.length === 0) return problem(`${where} is a clone without a checked-out file`, checkOut);
    if (git.url && !/deepops/i.test(git.url))
      return problem(`${where} is a clone of ${git.url}, which has no ${file}`, afterMoving(dir));
  }
  if (names.includes('dgxos5')) {
    const missing = `${where} has dgxos5, but no ${file}`;
    return names.includes('.git') ? problem(missing, checkOut) : problem(missing, afterMoving(dir));
  }
  if (git?.url) return problem(`${where} has no dgxos5`, `git -C ${at} fetch origin && ${checkOut}`);
  const some = files.slice(0, 4).join(', ') + (files.length > 4 ? ', …' : '');
  const packerMaas =
    names.includes('scripts') && names.some((name) => /^(?:centos|rhel|ubuntu|vmware)/.test(name));
  return problem(
    packerMaas
      ? `${where} is a packer-maas without dgxos5 (${some})`
      : `${where} does not contain packer-maas, but ${some}`,
    afterMoving(dir),
  );
}

interface GitState {
  /** `branch main` or the commit. */
  at: string | undefined;
  /** Of the remote that was cloned. */
  url: string | undefined;
}

/** The state of a clone, read without git, which refuses other people's clones; undefined: it is not whole. */
async function gitState(dir: string): Promise<GitState | undefined> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const link = /^gitdir: (.+)/.exec(await read(join(dir, '.git')))?.[1];
  const folder = link ? resolve(dir, link.trim()) : join(dir, '.git');
  const head = (await read(join(folder, 'HEAD'))).trim();
  const branch = /^ref: refs\/heads\/(.+)$/.exec(head)?.[1];
  if (!branch && !/^[0-9a-f]{40,64}$/.test(head)) return undefined;
  const commit = branch
    ? (await read(join(folder, 'refs/heads', branch))) || (await read(join(folder, 'packed-refs')))
    : head;
  // A clone that was cut off has a HEAD that points to nothing.
  if (!commit.trim()) return undefined;
  const url = /^\s*url\s*=\s*(.+?)\s*$/m.exec(await read(join(folder, 'config')))?.[1];
  return {
    at: branch ? `branch ${branch}` : `commit ${head.slice(0, 7)}`,
    url: url?.replace(/\/\/[^/@]*@/, '//'),
  };
}

/** The first part of a path that is not a folder. */
async function fileInTheWay(dir: string): Promise<string> {
  for (let path = '/', parts = resolve(dir).split('/').filter(Boolean); parts.length > 0; ) {
    path = join(path, parts.shift()!);
    if (!(await stat(path).catch(() => undefined))?.isDirectory()) return path;
  }
  return dir;
}

function isOurSubmodule(dir: string): boolean {
  const root = packageRoot();
  return relative(root, dir) === SUBMODULE && existsSync(join(root, '.gitmodules'));
}

/** The command that gets packer-maas: as the submodule of a clone, else as a checkout of its own. */
function fetchCommand(dir: string): string {
  const at = shellWord(dir);
  return isOurSubmodule(dir)
    ? `git -C ${shellWord(packageRoot())} submodule update --init ${SUBMODULE}`
    : `git clone ${REPOSITORY} ${at} && git -C ${at} checkout ${COMMIT}`;
}

/** As `fetchCommand`, with what is there kept under another name. */
function afterMoving(dir: string, inTheWay = dir): string {
  return `mv ${shellWord(inTheWay)} ${shellWord(`${inTheWay}.old`)} && ${fetchCommand(dir)}`;
}
