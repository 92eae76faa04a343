/** An entry of GRUB's menu, or a submenu with its entries. */
export interface GrubEntry {
  title: string;
  id: string | null;
  /** Version after `vmlinuz-` of the first kernel that it loads; null when it starts something else. */
  kernel: string | null;
  /** Null for an entry that starts something. */
  entries: GrubEntry[] | null;
}

/** Deeper menus, and more entries, nobody could use; what is beyond is left out. */
const DEEPEST = 20;
const MOST_ENTRIES = 10_000;
const LONGEST_WORD = 2000;

const OPENING = new Set(['menuentry', 'submenu']);
const LOADING = new Set(['linux', 'linux16', 'linuxefi']);

/** The menu of a grub.cfg as grub-mkconfig makes it, in order. Conditions are taken for true. */
export function parseGrubCfg(text: string): GrubEntry[] {
  const menu: GrubEntry[] = [];
  const open: (GrubEntry | null)[] = [];
  const parents: GrubEntry[] = [];
  let count = 0;
  for (const { words, end } of statements(text)) {
    const [command = ''] = words;
    if (end === '{') {
      const parent = parents.at(-1);
      const place = parent === undefined ? menu : parent.entries;
      const wanted = OPENING.has(command) && place !== null && open.length < DEEPEST && count < MOST_ENTRIES;
      const entry = wanted ? entryOf(command, words) : null;
      if (entry) {
        place!.push(entry);
        parents.push(entry);
        count += 1;
      }
      open.push(entry);
      continue;
    }
    const here = open.at(-1);
    if (here && LOADING.has(command)) here.kernel ??= kernelVersion(words[1] ?? '');
    if (end === '}' && open.pop()) parents.pop();
  }
  return menu;
}

function entryOf(command: string, words: readonly string[]): GrubEntry {
  const at = words.findIndex((word) => word === '--id' || word === '$menuentry_id_option');
  const id =
    words.find((word) => word.startsWith('--id='))?.slice(5) ?? (at === -1 ? undefined : words[at + 1]);
  return { title: words[1] ?? '', id: id ?? null, kernel: null, entries: command === 'submenu' ? [] : null };
}

/** `/boot/vmlinuz-5.4.0-1-generic` -> 5.4.0-1-generic. */
function kernelVersion(path: string): string | null {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.efi\.signed$/, '');
  return /^(?:vmlinu[xz]|kernel)-(.+)$/.exec(name.slice(0, 300))?.[1] ?? null;
}

/** Statements of GRUB's script with what ended them; quotes taken off, comments left out. One pass over the text. */
function* statements(text: string): Generator<{ words: string[]; end: '\n' | '{' | '}' }> {
  let words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const c = text[at]!;
    if (c === ' ' || c === '\t' || c === '\r') {
      at += 1;
    } else if (c === '#') {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    } else if (c === '\n' || c === ';') {
      at += 1;
      if (words.length > 0) yield { words, end: '\n' };
      words = [];
    } else {
      const { word, next, bare } = readWord(text, at);
      at = next;
      if (bare && (word === '{' || word === '}')) {
        yield { words, end: word };
        words = [];
      } else if (words.length < 100) words.push(word);
    }
  }
}

/** One word; `bare` when nothing of it was quoted. */
function readWord(text: string, from: number): { word: string; next: number; bare: boolean } {
  const parts: string[] = [];
  let bare = true;
  let at = from;
  for (let start = at; ; ) {
    const c = text[at];
    if (c === undefined || ' \t\r\n;'.includes(c)) {
      parts.push(text.slice(start, at));
      break;
    }
    if (c !== "'" && c !== '"' && c !== '\\') {
      at += 1;
      continue;
    }
    bare = false;
    parts.push(text.slice(start, at));
    if (c === '\\') {
      parts.push(text[at + 1] ?? '');
      at += 2;
    } else if (c === "'") {
      const end = text.indexOf("'", at + 1);
      parts.push(text.slice(at + 1, end === -1 ? undefined : end));
      at = end === -1 ? text.length : end + 1;
    } else {
      at += 1;
      while (at < text.length && text[at] !== '"') {
        if (text[at] === '\\') at += 1;
        parts.push(text[at] ?? '');
        at += 1;
      }
      at += 1;
    }
    start = at;
  }
  return { word: parts.join('').slice(0, LONGEST_WORD), next: Math.max(at, from + 1), bare };
}

export interface GrubChoice {
  /** Null when the menu is empty. */
  entry: GrubEntry | null;
  /** False when what was asked for is not there, and GRUB takes the first instead. */
  found: boolean;
}

/**
 * The entry that GRUB starts for a value of `default`: a number, a title or an id, and behind each `>` one of the submenu (tried with GRUB 2.06).
 * A text that begins with digits is a number; what is not found is the first; `>` in a title is written `>>`.
 */
export function grubChoice(menu: readonly GrubEntry[], wanted: string): GrubChoice {
  let entries = menu;
  let spec: string | null = wanted.slice(0, LONGEST_WORD);
  let found = true;
  for (let depth = 0; depth <= DEEPEST; depth++) {
    const index: number = spec === null ? 0 : placeOf(entries, spec);
    const there = index !== -1;
    if (!there && spec !== '') found = false;
    const entry: GrubEntry | undefined = entries[there ? index : 0];
    if (!entry) return { entry: null, found: false };
    if (entry.entries === null) return { entry, found };
    entries = entry.entries;
    spec = spec === null ? null : behindStep(spec);
  }
  return { entry: null, found: false };
}

/** Place of what the first step of a value names; -1 when there is none. */
function placeOf(entries: readonly GrubEntry[], spec: string): number {
  const number = /^[ \t]*(0x[0-9a-f]+|[0-9]+)/i.exec(spec.slice(0, 80))?.[1];
  if (number === undefined)
    return entries.findIndex((e) => named(e.title, spec) || (e.id !== null && named(e.id, spec)));
  const octal = /^0[0-7]/.test(number);
  const value = octal ? Number.parseInt(number, 8) : Number(number);
  return value < entries.length ? value : -1;
}

/** Whether a title or id is the first step of a value. */
function named(name: string, spec: string): boolean {
  let at = 0;
  for (const c of name) {
    if (spec[at] === '>' && spec[at + 1] !== '>') return false;
    if (spec[at] === '>') at += 1;
    if (!spec.startsWith(c, at)) return false;
    at += c.length;
  }
  return at >= spec.length || (spec[at] === '>' && spec[at + 1] !== '>');
}

/** The text behind the first `>` that is not doubled; null when there is none. */
function behindStep(spec: string): string | null {
  for (let at = 0; at < spec.length; at++) {
    if (spec[at] !== '>') continue;
    if (spec[at + 1] !== '>') return spec.slice(at + 1);
    at += 1;
  }
  return null;
}

/** A title as a step of GRUB_DEFAULT. */
export function grubStep(title: string): string {
  return title.replaceAll('>', '>>');
}
