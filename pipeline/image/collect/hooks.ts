import { genericKernels } from '../../parsers/hook-installs.ts';
import { parseShebang } from '../../parsers/shebang.ts';
import type { Collector, MemberType } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';
import { shown } from '../names.ts';
import { checkSyntax } from '../syntax.ts';

/** What is known of /curtin/curtin-hooks, which curtin runs in the ephemeral system in place of all its own steps. */
export interface HookFacts {
  type: MemberType;
  executable: boolean;
  bytes: number;
  interpreter: string | null;
  /** Why the kernel would not run it. */
  shebangProblem: string | null;
  /** Whether the syntax was checked, by what, and what was wrong. */
  syntax: { checkedBy: string; problem: string | null };
  /** Which of curtin's steps it takes care of, by the names it calls. */
  does: { builtin: boolean; crashDumps: boolean; initramfs: boolean };
  /** Lines of any script below /curtin that install Ubuntu's generic kernel. */
  genericKernels: { file: string; line: number; text: string }[];
}

const HOOK = 'curtin/curtin-hooks';
const FINALIZE = 'curtin/finalize';
const MOST = 256 << 10;

type Hooks = Pick<ImageFacts, 'hook' | 'finalize' | 'customKernel'>;
type Script = { path: string; type: MemberType; mode: number; bytes: number };

/** The scripts that travel in the image for curtin. */
export function hooksCollector(signal?: AbortSignal): Collector<Hooks> {
  const files = new Map<string, Buffer>();
  const scripts = new Map<string, Script>();
  return {
    wants: (path) => (path.startsWith('curtin/') && files.size < 64 ? MOST : 0),
    content: (path, bytes) => {
      files.set(path, bytes);
    },
    member(m) {
      if (m.path === HOOK || m.path === FINALIZE)
        scripts.set(m.path, { path: m.path, type: m.type, mode: m.mode, bytes: m.size });
    },
    async finish() {
      const custom = files.get('curtin/CUSTOM_KERNEL')?.toString().trim();
      const of = (path: string) => {
        const script = scripts.get(path);
        return script ? facts(script, files, signal) : null;
      };
      return { hook: await of(HOOK), finalize: await of(FINALIZE), customKernel: custom || null };
    },
  };
}

async function facts(
  { path, type, mode, bytes }: Script,
  files: ReadonlyMap<string, Buffer>,
  signal?: AbortSignal,
): Promise<HookFacts> {
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
      builtin: script.includes('builtin_curthooks'),
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
