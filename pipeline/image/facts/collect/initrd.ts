import { significantLines } from '../../parsers/lines.ts';
import { shown } from '../../tar/names.ts';
import type { Collector, MemberType } from '../collector.ts';
import { checkSyntax } from '../syntax.ts';
import type { Tree } from '../tree.ts';

/** A hook by which mkinitramfs of initramfs-tools puts into an initrd what finds a root on RAID, LVM or bcache. */
export interface InitrdHook {
  file: string;
  /** Those of PROGRAMS that it copies. */
  copies: string[];
  /** `left-out`: mkinitramfs goes on without it, and says nothing; `fails`: mkinitramfs ends with it; `unread`: nobody knows. */
  state: 'runs' | 'left-out' | 'fails' | 'unread';
  /** The reason, as the rest of a sentence on the file. */
  why: string;
}

export interface InitrdFacts {
  hooks: InitrdHook[];
  /** Those of PROGRAMS that are in the image. */
  programs: string[];
}

/** Programs that hooks copy, each with the name of its package's own hook. */
const PROGRAMS: Readonly<Record<string, { hook: string; folders: readonly string[] }>> = {
  mdadm: { hook: 'mdadm', folders: ['sbin', 'usr/sbin'] },
  lvm: { hook: 'lvm2', folders: ['sbin', 'usr/sbin'] },
  'bcache-register': { hook: 'bcache', folders: ['lib/udev', 'usr/lib/udev'] },
};
const NAMES = Object.keys(PROGRAMS);
const STOCK = new Set(Object.values(PROGRAMS).map(({ hook }) => `usr/share/initramfs-tools/hooks/${hook}`));

const HOOK = /^(?:usr\/share|etc)\/initramfs-tools\/hooks\/([^/]+)$/;
/** The names of `set_initlist` (hook-functions); its glob leaves out those with a dot in front. */
const TAKEN = /^(?!\.)[A-Za-z0-9._-]+$/;
const COPIES = /\b(?:copy_exec|copy_file|cp|install|for)\b/;
const LARGEST = 64 << 10;
const MOST = 200;
const MOST_KEPT = 64;

interface Script {
  type: MemberType;
  text?: Buffer;
  copies: string[];
}

/**
 * Hooks of both folders are run, those of /etc beside those of the same name in /usr/share (tried with mkinitramfs 0.142 of Debian 12): whichever
 * copies a program, it is in the initrd.
 */
export function initrdCollector(signal?: AbortSignal): Collector<{ initrd: InitrdFacts }> {
  const scripts = new Map<string, Script>();
  let kept = 0;
  return {
    optional: true,
    wants: (path) => (HOOK.test(path) ? LARGEST : 0),
    member({ path, type, link }) {
      if (!HOOK.test(path) || (scripts.size >= MOST && !STOCK.has(path))) return;
      // A hard link is the script that it leads to; one of another folder is not read.
      const linked = type === 'hard-link' && link !== null ? scripts.get(link) : undefined;
      scripts.set(path, linked ?? { type: type === 'hard-link' ? 'file' : type, copies: [] });
    },
    content(path, bytes) {
      const script = scripts.get(path);
      if (!script || kept >= MOST_KEPT) return;
      script.copies = copiedBy(bytes.toString('latin1'));
      // Others are only known to be there: their syntax is not asked for.
      script.text = script.copies.length > 0 ? bytes : Buffer.alloc(0);
      if (script.copies.length > 0) kept += 1;
    },
    async finish(tree) {
      const hooks: InitrdHook[] = [];
      for (const path of new Set([...STOCK, ...scripts.keys()])) {
        const hook = await judged(path, scripts, tree, signal);
        if (hook && (STOCK.has(path) || hook.copies.length > 0 || hook.state === 'unread')) hooks.push(hook);
      }
      const programs = NAMES.filter((name) =>
        PROGRAMS[name]!.folders.some((folder) => tree.exists(`${folder}/${name}`)),
      );
      return { initrd: { hooks, programs } };
    },
  };
}

function copiedBy(script: string): string[] {
  const lines = significantLines(script, { continued: true }).filter(({ text }) => COPIES.test(text));
  return NAMES.filter((name) => {
    const named = new RegExp(`(?:^|[\\s/"'(])${name}(?=$|[\\s"');])`);
    return lines.some(({ text }) => named.test(text));
  });
}

/** The way of mkinitramfs with a hook: `set_initlist`, then `call_scripts`; null when nothing is there. */
async function judged(
  path: string,
  scripts: ReadonlyMap<string, Script>,
  tree: Tree,
  signal?: AbortSignal,
): Promise<InitrdHook | null> {
  const real = tree.resolve(path);
  if (real === null && !tree.has(path)) return null;
  const script = real === null ? undefined : scripts.get(real);
  const is = (state: InitrdHook['state'], why = ''): InitrdHook => ({
    ...{ file: `/${shown(path)}`, copies: script?.copies ?? [] },
    ...{ state, why },
  });
  if (real === null) return is('left-out', 'is a link to nothing');
  if (tree.isDirectory(path)) return is('left-out', 'is a directory');
  if (!TAKEN.test(path.slice(path.lastIndexOf('/') + 1)))
    return is('left-out', 'has a name that mkinitramfs leaves out');
  if (!tree.executable(path)) return is('left-out', 'is not executable');
  if (script && script.type !== 'file') return is('left-out', 'is not a plain file');
  if (!script?.text)
    return is('unread', real === path ? 'was not read' : `leads to /${shown(real)}, which was not read`);
  if (script.copies.length === 0) return is('runs');
  // By sh, whatever its first line says: `sh -n` is what mkinitramfs tries it with.
  const { checkedBy, problem } = await checkSyntax('sh', script.text, signal);
  if (problem !== null) return is('left-out', `has a syntax error (${checkedBy}: ${problem})`);
  const interpreter = /^#![ \t]*([^ \t\n]+)/.exec(script.text.toString('latin1', 0, 257))?.[1];
  // mkinitramfs is a script for /bin/sh itself.
  if (interpreter === undefined || interpreter === '/bin/sh') return is('runs');
  return tree.executable(interpreter.replace(/^\//, ''))
    ? is('runs')
    : is('fails', `has the interpreter ${shown(interpreter)}, which is not in the image`);
}
