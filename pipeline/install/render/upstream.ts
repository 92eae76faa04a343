import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, type Node, parseDocument } from 'yaml';
import type { LiveCurtin } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { checkoutProblem } from './checkout.ts';
import { diskSize, goDuration } from './settings.ts';

/** The values that a release takes from the packer-maas checkout: read there, never assumed. */
export interface Upstream {
  /** Packer's keystrokes, user variables expanded except `platform`, which stays as PLATFORM. */
  bootCommand: string[];
  bootWaitS: number | undefined;
  diskBytes: number | undefined;
  memoryMiB: number | undefined;
  cpus: number | undefined;
  installTimeoutS: number | undefined;
  /** QEMU arguments of upstream's that we do not set ourselves. */
  qemuArgs: [string, string][];
  curtin: Record<string, unknown>;
  /** Every file read, relative to the checkout. */
  files: { path: string; sha256: string }[];
}

/** Stands in a boot command for the platform of the image. */
export const PLATFORM = '\u0000platform\u0000';

/** Flags that our own template sets: upstream's value for them is either superseded or read into a setting. */
const OURS = new Set([
  '-serial',
  '-smp',
  '-m',
  '-netdev',
  '-vnc',
  '-machine',
  '-cpu',
  '-kernel',
  '-initrd',
  '-append',
  '-display',
]);

/** Files of the checkout that every packing by packer-maas' own scripts runs. */
export const PACK_SCRIPTS = ['scripts/setup-nbd', 'scripts/tar-root'];

/**
 * Reads a release's settings from the packer-maas checkout.
 * @throws Fault SUBMODULE_MISSING when it is not checked out, SUBMODULE_UNREADABLE when a file is not of the shape known
 */
export async function readUpstream(dir: string, upstream: LiveCurtin['upstream']): Promise<Upstream> {
  if (upstream.from !== 'packer-maas')
    throw new Fault('INTERNAL', 'This release takes nothing from packer-maas');
  const files: Upstream['files'] = [];
  const template = await readTree(dir, upstream.template, files);
  const curtin = await readTree(dir, upstream.curtin, files);
  for (const section of ['sources', 'late_commands']) curtin.object(section);
  return { ...vmOf(template), curtin: curtin.root, files };
}

/** The text of one file of the checkout and its digest. */
export async function readUpstreamFile(dir: string, path: string): Promise<{ text: string; sha256: string }> {
  try {
    const bytes = await readFile(join(dir, path));
    return { text: bytes.toString('utf8'), sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      throw new Fault('SUBMODULE_UNREADABLE', `${join(dir, path)} cannot be read: ${reasonOf(error)}`, {
        cause: error,
      });
    const { found, fix } = await checkoutProblem(dir, path);
    throw new Fault('SUBMODULE_MISSING', found, { hint: fix, cause: error });
  }
}

interface Tree {
  root: Record<string, unknown>;
  /** The value at a path of keys, or undefined. */
  at(...path: (string | number)[]): unknown;
  /** The object at a path. */
  object(...path: (string | number)[]): Record<string, unknown>;
  /** The fault for a value that is not what it should be. */
  unreadable(path: (string | number)[], expected: string): Fault;
}

/** JSON is YAML: one parser reads both and knows the line of every value. */
async function readTree(dir: string, path: string, files: Upstream['files']): Promise<Tree> {
  const { text, sha256 } = await readUpstreamFile(dir, path);
  files.push({ path, sha256 });
  const file = join(dir, path);
  const lines = new LineCounter();
  // curtin reads YAML 1.1, where a bare `yes` is a boolean.
  const document = parseDocument(text, { lineCounter: lines, version: '1.1' });
  const whereOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const broken = document.errors[0];
  if (broken)
    throw new Fault(
      'SUBMODULE_UNREADABLE',
      `${path} of packer-maas is broken: ${broken.message.split('\n')[0]}`,
      {
        where: whereOf(broken.pos[0]),
      },
    );
  const root = document.toJS() as Record<string, unknown>;
  const at: Tree['at'] = (...keys) =>
    keys.reduce<unknown>(
      (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
      root,
    );
  const unreadable: Tree['unreadable'] = (keys, expected) => {
    let node: unknown;
    for (let n = keys.length; n >= 0 && !node; n--)
      node = n ? document.getIn(keys.slice(0, n), true) : document.contents;
    return new Fault(
      'SUBMODULE_UNREADABLE',
      `${path} of packer-maas: ${keys.join('.') || 'the file'} must be ${expected}`,
      {
        hint: 'This version of dgxos-maas does not support that form; compare with the commit recorded for packer/packer-maas.',
        where: whereOf((node as Node | undefined)?.range?.[0] ?? 0),
      },
    );
  };
  const object: Tree['object'] = (...keys) => {
    const value = at(...keys);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw unreadable(keys, 'a mapping');
    return value as Record<string, unknown>;
  };
  object();
  return { root, at, object, unreadable };
}

function vmOf(template: Tree): Omit<Upstream, 'curtin' | 'files'> {
  const builders = template.at('builders');
  const index = Array.isArray(builders) ? builders.findIndex((builder) => builder?.type === 'qemu') : -1;
  if (index < 0) throw template.unreadable(['builders'], 'a list with a builder of type qemu');
  const variables = template.at('variables') === undefined ? {} : template.object('variables');
  const key = (name: string) => ['builders', index, name];
  const value = (name: string) => template.at(...key(name));

  const expand = (text: string, path: (string | number)[]): string =>
    text.replace(/\{\{\s*user\s+[`"]([^`"]+)[`"]\s*\}\}/g, (_, name: string) => {
      if (name === 'platform') return PLATFORM;
      const found = variables[name];
      if (found === undefined) throw template.unreadable(path, `free of the unknown variable ${name}`);
      return String(found);
    });
  const read = <T>(
    name: string,
    convert: (raw: string) => T | undefined,
    expected: string,
  ): T | undefined => {
    const raw = value(name);
    if (raw === undefined) return undefined;
    const converted =
      typeof raw === 'string' || typeof raw === 'number'
        ? convert(expand(String(raw), key(name)))
        : undefined;
    if (converted === undefined) throw template.unreadable(key(name), expected);
    return converted;
  };
  const strings = (name: string): string[] => {
    const list = value(name);
    if (!Array.isArray(list) || list.some((item) => typeof item !== 'string'))
      throw template.unreadable(key(name), 'a list of strings');
    return list.map((item: string, i) => expand(item, [...key(name), i]));
  };

  const args = qemuArgs(template, key('qemuargs'), expand);
  return {
    bootCommand: strings('boot_command'),
    bootWaitS: read('boot_wait', goDuration, 'a duration such as 3s'),
    diskBytes: read('disk_size', diskSize, 'a size such as 9G'),
    memoryMiB: read('memory', whole, 'a number of MiB'),
    cpus: read('cpus', whole, 'a number') ?? smp(args),
    installTimeoutS: read('ssh_timeout', goDuration, 'a duration such as 90m'),
    qemuArgs: args.filter(([flag]) => !OURS.has(flag)),
  };
}

function qemuArgs(
  template: Tree,
  path: (string | number)[],
  expand: (text: string, path: (string | number)[]) => string,
): [string, string][] {
  const list = template.at(...path) ?? [];
  if (!Array.isArray(list)) throw template.unreadable(path, 'a list');
  return list.map((item, i) => {
    if (!Array.isArray(item) || item.length === 0 || item.some((word) => typeof word !== 'string'))
      throw template.unreadable([...path, i], 'a flag and its value');
    const [flag, ...values] = item as [string, ...string[]];
    return [flag, expand(values.join(''), [...path, i])];
  });
}

function smp(args: [string, string][]): number | undefined {
  const value = args.find(([flag]) => flag === '-smp')?.[1];
  return value === undefined ? undefined : whole(value.match(/^(?:cpus=)?(\d+)/)?.[1] ?? '');
}

function whole(text: string): number | undefined {
  return /^\d+$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}
