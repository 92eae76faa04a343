import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  visit,
  type YAMLMap,
} from 'yaml';
import { Fault, type Where } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { Aliases } from './aliases.ts';
import { excerpt, holdsSecret } from './excerpt.ts';
import { findPair, isMerge, mergeSources } from './merge.ts';
import { parseYaml } from './parse.ts';
import { type LocatedProblem, type Path, type Problem, toFault } from './problem.ts';

/** consumer_key:token_key:token_secret */
const MAAS_KEY = /[A-Za-z0-9]{18}:[A-Za-z0-9]{18}:[A-Za-z0-9]{32}/g;

/** After so many errors of the library the later ones follow from the first. */
const MOST_ERRORS = 50;

/** A YAML file read into plain data, that knows where each value stands. */
export class Source {
  /** The data; members without a value (`vm:` and nothing more) are left out. */
  readonly data: unknown;
  /** Keys that are there twice, with the key at the top level that they stand below, and the place of the later one. */
  readonly duplicates: { key: string; top: string; where: Where }[] = [];
  readonly #file: string;
  readonly #lines: string[];
  readonly #document: Document.Parsed;
  readonly #aliases: Aliases;
  readonly #counter: LineCounter;

  /**
   * @param file the file's name as it is shown
   * @param options `named`: the section whose keys are names of things, where one without a value is there all the same;
   * `duplicates: 'last'`: of a key that is there twice the last counts, as for Ansible, and `duplicates` names it
   * @throws Fault CONFIG_SYNTAX, at the place where the text stops being YAML
   */
  constructor(file: string, text: string, options: { named?: string; duplicates?: 'last' } = {}) {
    // Known before anything can be said about the file, so that no message repeats a key.
    for (const [key] of text.matchAll(MAAS_KEY)) registerSecret(key);
    this.#file = file;
    this.#lines = text.split(/\r\n|\n|\r/);
    this.#counter = new LineCounter();
    const document = parseYaml(text, {
      lineCounter: this.#counter,
      prettyErrors: false,
      merge: true,
      stringKeys: true,
      // The library compares every key with all before it; below each is looked up once.
      uniqueKeys: false,
      logLevel: 'error',
    });
    if (document === null) throw new Fault('CONFIG_SYNTAX', `${file} nests too deeply: more than 64 levels`);
    this.#document = document;
    const errors = document.errors.slice(0, MOST_ERRORS);
    // The library's reading of such a text may nest a level deeper with each line.
    if (errors.length > 0)
      throw toFault(
        'CONFIG_SYNTAX',
        errors.map((error) => this.#atOffset(error.pos[0], inOwnWords(error))),
      );
    this.#aliases = new Aliases(document);
    const problems: LocatedProblem[] = [];
    visit(this.#document, {
      Alias: (_, alias, parents) => {
        const anchored = this.#aliases.resolved(alias);
        if (!anchored)
          problems.push(
            this.#atOffset(start(alias) ?? 0, `There is no anchor &${alias.source} before this alias`),
          );
        else if (parents.some((parent) => parent === anchored))
          problems.push(
            this.#atOffset(
              start(alias) ?? 0,
              `The alias *${alias.source} is inside the value that it refers to`,
            ),
          );
      },
      Map: (_, map, parents) => {
        if (options.duplicates !== 'last') {
          problems.push(
            ...repeated(map).map((key) => this.#atOffset(start(key) ?? 0, 'This key occurs twice')),
          );
          return;
        }
        const seen = new Set<string>();
        for (const { key } of map.items) {
          const name = isScalar(key) ? String(key.value) : '';
          if (seen.has(name) && name !== '<<') {
            const top = parents.find(isPair)?.key;
            this.duplicates.push({
              key: name,
              top: isScalar(top) ? String(top.value) : name,
              where: this.#at(start(key) ?? 0),
            });
          }
          seen.add(name);
        }
      },
      Pair: (_, pair) => {
        if (isMerge(pair) && mergeSources(pair, this.#aliases).some((source) => !isMap(source)))
          problems.push(
            this.#atOffset(start(pair.value) ?? 0, 'A merge (<<) needs a mapping or an alias of one'),
          );
      },
    });
    if (problems.length) throw toFault('CONFIG_SYNTAX', problems);
    try {
      this.data = withoutNull(withEmpty(this.#document.toJS(), options.named));
    } catch (error) {
      // Aliases of aliases that would fill the memory; the library does not say where.
      throw toFault('CONFIG_SYNTAX', [this.#atOffset(0, (error as Error).message)]);
    }
  }

  /** The problem with its place and the offending line. */
  place(problem: Problem): LocatedProblem {
    const where = this.where(problem.path, problem.at);
    const { path: _path, at: _at, ...rest } = problem;
    return { ...rest, where, excerpt: excerpt(this.#lines, where, holdsSecret(problem.path)) };
  }

  /** The position of a value or its key; of the nearest enclosing thing when it is not in the file. */
  where(path: Path, at: 'key' | 'value' = 'value'): Where {
    const { offset, node } = this.#walk(path);
    return this.#at(at === 'value' ? (start(node) ?? offset) : offset);
  }

  /** A number, truth value or text as it is written, such as `007`; undefined for anything else. */
  written(path: Path): string | undefined {
    const { node } = this.#walk(path);
    const value = this.#aliases.resolved(node);
    return isScalar(value) ? value.source : undefined;
  }

  /** The node at a path, and where its key stands; without a node when the path leads to nothing. */
  #walk(path: Path): { offset: number; node?: unknown } {
    let node: unknown = this.#document.contents;
    let offset = start(node) ?? 0;
    for (const step of path) {
      node = this.#aliases.resolved(node);
      const pair = isMap(node) ? findPair(node.items, String(step), this.#aliases) : undefined;
      const item = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined;
      if (!pair && item === undefined) return { offset };
      offset = start(pair ? pair.key : item) ?? offset;
      node = pair ? pair.value : item;
    }
    return { offset, node };
  }

  #atOffset(offset: number, message: string): LocatedProblem {
    const where = this.#at(offset);
    return { message, where, excerpt: excerpt(this.#lines, where, false) };
  }

  #at(offset: number): Where {
    const { line, col } = this.#counter.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function start(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}

/** The data with `{}` for each thing of a section that has a name and nothing more. */
function withEmpty(data: unknown, section: string | undefined): unknown {
  const things = section === undefined ? undefined : (data as Record<string, unknown> | null)?.[section];
  if (section === undefined || typeof things !== 'object' || things === null || Array.isArray(things))
    return data;
  const filled = Object.entries(things).map(([name, thing]) => [name, thing ?? {}]);
  return { ...(data as object), [section]: Object.fromEntries(filled) };
}

function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNull(member)]),
  );
}

/** The keys of a map that stand there again. */
function repeated(map: YAMLMap): unknown[] {
  const seen = new Set<unknown>();
  return map.items.flatMap(({ key }) => {
    const value = isScalar(key) ? key.value : key;
    const again = seen.has(value);
    seen.add(value);
    return again ? [key] : [];
  });
}

/** The library's message, put for a person who wrote a configuration, not for one who wrote a parser. */
function inOwnWords(error: { code: string; message: string }): string {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'This line is indented with a tab; YAML accepts only spaces';
    case 'MULTIPLE_DOCS':
      return 'The file has a second document after `---`; only one is allowed';
    case 'MISSING_CHAR':
      return `Not closed: ${error.message.replace(/^Missing closing /, 'missing ')}`;
    default:
      return `Invalid YAML: ${error.message}`;
  }
}
