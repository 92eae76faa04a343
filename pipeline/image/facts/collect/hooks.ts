import { genericKernels } from '../../parsers/hook-installs.ts';
import { hookNeeds } from '../../parsers/hook-needs.ts';
import { parseShebang } from '../../parsers/shebang.ts';
import { shown } from '../../tar/names.ts';
import type { Collector, MemberType } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';
import { checkSyntax } from '../syntax.ts';
import type { Tree } from '../tree.ts';

/** The state of /curtin/curtin-hooks, which curtin runs in the ephemeral system in place of all its own steps. */
export interface HookFacts {
  type: MemberType;
  executable: boolean;
  bytes: number;
  interpreter: string | null;
  /** Why the kernel would not run it. */
  shebangProblem: string | null;
  /** Whether the syntax was checked, by what, and what was wrong. */
  syntax: { checkedBy: string; problem: string | null };
  /** The steps of curtin that it takes care of, by the names it calls. */
  does: { builtin: boolean; crashDumps: boolean; initramfs: boolean };
  /** Lines of any script below /curtin that install Ubuntu's generic kernel. */
  genericKernels: { file: string; line: number; text: string }[];
  /** Files below /curtin that the hook starts or reads and that are not there, or that would not start. */
  needs: { file: string; text: string }[];
}

const HOOK = 'curtin/curtin-hooks';
const FINALIZE = 'curtin/finalize';
const MOST = 256 << 10;
const MOST_FILES = 64;

type Hooks = Pick<ImageFacts, 'hook' | 'finalize' | 'customKernel'>;
type Script = { path: string; type: MemberType; mode: number; bytes: number };

/** The scripts that travel in the image for curtin. */
export function hooksCollector(signal?: AbortSignal): Collector<Hooks> {
  const files = new Map<string, Buffer>();
  const scripts = new Map<string, Script>();
  const modes = new Map<string, number>();
  return {
    wants: (path) => (path.startsWith('curtin/') ? MOST : 0),
    content: (path, bytes) => {
      if (files.size < MOST_FILES) files.set(path, bytes);
    },
    member(m) {
      if (m.path.startsWith('curtin/') && modes.size < MOST_FILES) modes.set(m.path, m.mode);
      if (m.path === HOOK || m.path === FINALIZE)
        scripts.set(m.path, { path: m.path, type: m.type, mode: m.mode, bytes: m.size });
    },
    async finish(tree) {
      const custom = files.get('curtin/CUSTOM_KERNEL')?.toString().trim();
      const of = async (path: string) => {
        const script = scripts.get(path);
        return script
          ? { ...(await facts(script, files, signal)), needs: needs(path, files, modes, tree) }
          : null;
      };
      return { hook: await of(HOOK), finalize: await of(FINALIZE), customKernel: custom || null };
    },
  };
}

async function facts(
  { path, type, mode, bytes }: Script,
  files: ReadonlyMap<string, Buffer>,
  signal?: AbortSignal,
): Promise<Omit<HookFacts, 'needs'>> {
  const content = files.get(path) ?? Buffer.alloc(0);
  const script = content.toString();
  const shebang = parseShebang(content);
  const valid = typeof shebang !== 'string';
  return {
    type,
    executable: (mode & 0o111) !== 0,
    bytes,
    interpreter: valid
      ? shebang.interpreter + (shebang.interpreter.endsWith('/env') ? ` ${shebang.program}` : '')
      : null,
    shebangProblem: valid ? null : shebang,
    syntax: valid
      ? await checkSyntax(shebang.program, content, signal)
      : { checkedBy: 'nothing', problem: null },
    does: {
      builtin: /^[^#\n]*\bbuiltin_curthooks\b/m.test(script),
      crashDumps: script.includes('kernel-crash-dumps'),
      initramfs: /update[-_]initramfs|\bdracut\b/.test(script),
    },
    genericKernels: [...files]
      .filter(([path]) => path !== 'curtin/CUSTOM_KERNEL')
      .flatMap(([path, script]) =>
        genericKernels(script.toString()).map(({ line, text }) => ({
          file: `/${shown(path)}`,
          line,
          text: text.slice(0, 200),
        })),
      ),
  };
}

/** Files that a script of curtin's needs and would not find: curtin then fails with the hook. */
function needs(
  script: string,
  files: ReadonlyMap<string, Buffer>,
  modes: ReadonlyMap<string, number>,
  tree: Tree,
): HookFacts['needs'] {
  const names = [...modes.keys()]
    .filter((path) => path !== script)
    .map((path) => path.slice('curtin/'.length));
  const text = files.get(script)?.toString() ?? '';
  return hookNeeds(text, names).flatMap(({ name, line, guarded, read }) => {
    const path = `curtin/${name}`;
    const file = `/${shown(path)}`;
    const said = (text: string) => [{ file, text: `line ${line} of /${script} needs ${file}, ${text}` }];
    if (path === script) return [];
    if (!tree.exists(path)) return guarded ? [] : said('which is not in the image');
    const content = files.get(path);
    if (read || !content?.subarray(0, 2).equals(Buffer.from('#!'))) return [];
    if (((modes.get(path) ?? 0) & 0o111) === 0) return said('which is not executable');
    const shebang = parseShebang(content);
    return typeof shebang === 'string' ? said(`which will not start: ${shebang}`) : [];
  });
}
