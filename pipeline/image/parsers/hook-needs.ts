/** A file below /curtin that a hook speaks of. */
export interface HookNeed {
  /** Its name below /curtin. */
  name: string;
  /** The line, from 1. */
  line: number;
  /** The hook asks first whether it is there. */
  guarded: boolean;
  /** It is read by another program and need not be executable. */
  read: boolean;
}

const LONGEST_LINE = 2000;
const MOST = 50;
/** The prefixes of `/curtin/NAME` with which it is the folder in the root: nothing, or a variable with the target's mount point. */
const TARGET = /^(?:\$\{?\w{1,40}\}?)?$/;
const ASKS = /(?:^|[\s[])-[defrsx]\s|isfile|exists|os\.access/;
/** Programs that read their argument. */
const READERS =
  /(?:^|[\s"'`([;&|])(?:\.|source|sh|bash|dash|python3?|perl|cat|cp|mv|rm|tar|sed|grep|chmod|install|open)["'`(]?[\s,"'(]/;

/**
 * Files below /curtin that a hook starts or reads, by their paths (`/curtin/NAME`, `$TARGET/curtin/NAME`, a path from the hook's own
 * folder) and, for the names given, by the bare name in quotes as packer-maas' hooks have it. Comments are passed over.
 * @param known names that are in the image
 */
export function hookNeeds(script: string, known: readonly string[]): HookNeed[] {
  const needs = new Map<string, HookNeed>();
  const checked = new Set<string>();
  withoutDocstrings(script)
    .split('\n')
    .forEach((raw, i) => {
      const text = raw.slice(0, LONGEST_LINE);
      if (/^\s*#/.test(text)) return;
      const quoted = known.filter((name) => text.includes(`'${name}'`) || text.includes(`"${name}"`));
      for (const name of [...paths(text), ...quoted]) {
        if (ASKS.test(text)) checked.add(name);
        else if (needs.size < MOST && !needs.has(name))
          needs.set(name, {
            name,
            line: i + 1,
            guarded: false,
            read: READERS.test(text.slice(0, text.indexOf(name))),
          });
      }
    });
  return [...needs.values()].map((need) => ({ ...need, guarded: checked.has(need.name) }));
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,100}/;

function paths(text: string): string[] {
  const found: string[] = [];
  for (const folder of ['/curtin/', '/']) {
    for (let at = text.indexOf(folder); at !== -1; at = text.indexOf(folder, at + 1)) {
      const name = NAME.exec(text.slice(at + folder.length, at + folder.length + 110))?.[0];
      if (!name || text[at + folder.length + name.length] === '/') continue;
      const before = text.slice(Math.max(0, at - 80), at);
      const fromHook = /(?:dirname[^/]{0,30}(?:\$0|__file__|argv|BASH_SOURCE)[^/]{0,20}|\$\{0%)$/.test(
        before,
      );
      const prefix = before.slice(Math.max(...[...' \t"\'=([,;'].map((c) => before.lastIndexOf(c))) + 1);
      if (folder === '/' ? fromHook : TARGET.test(prefix)) found.push(name);
    }
  }
  return found;
}

/** A script with what stands in Python's triple quotes at the beginning of a line taken out; line breaks are kept, for the line numbers. */
function withoutDocstrings(script: string): string {
  let quote = '';
  return script
    .split('\n')
    .map((line) => {
      if (quote !== '') {
        const end = line.indexOf(quote);
        if (end === -1) return '';
        quote = '';
        return line.slice(end + 3);
      }
      const opened = line.trimStart().slice(0, 3);
      if (opened !== '"""' && opened !== "'''") return line;
      const start = line.indexOf(opened);
      const end = line.indexOf(opened, start + 3);
      if (end !== -1) return line.slice(end + 3);
      quote = opened;
      return '';
    })
    .join('\n');
}
