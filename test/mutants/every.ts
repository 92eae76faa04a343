import { parseAst } from 'vitest/node';

/** The fault for each operator: the limit moved by one, the answer turned round, the other half asked for. */
const OPERATORS: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '&&': '||',
  '||': '&&',
};

/** One comparison or guard of a file, and the fault that is made of it. */
export interface Place {
  /** The file below pipeline/, line, column and what is changed. */
  id: string;
  file: string;
  /** The expression as it stands there. */
  text: string;
  /** The replacement. */
  fault: string;
  from: number;
  to: number;
  /** The operator and its position; undefined for an `if` that is disabled. */
  operator: { text: string; at: number } | undefined;
}

/** As much of a node of the syntax tree as is asked here. */
interface Node {
  type: string;
  start: number;
  end: number;
  operator?: string;
  left?: Node;
  test?: Node;
}

/**
 * Every comparison and every `&&` and `||` of a file, and every `if` that holds neither: such a guard is put out of force.
 * @param source TypeScript
 */
export function placesOf(file: string, source: string): Place[] {
  const prefix = file.replace(/^pipeline\//, '').replace(/\.ts$/, '');
  const places: Place[] = [];
  const add = (node: Node, at: number, what: string, fault: string, operator?: string) => {
    const before = source.slice(0, at).split('\n');
    places.push({
      id: `${prefix}:${before.length}:${before.at(-1)!.length + 1}:${what}`,
      file,
      text: source.slice(node.start, node.end),
      fault,
      from: node.start,
      to: node.end,
      operator: operator === undefined ? undefined : { text: operator, at },
    });
  };
  const visit = (node: Node) => {
    if (isSides(node)) {
      const other = OPERATORS[node.operator]!;
      // A comment may stand between the sides, but no operator in it: the formatter breaks lines after one.
      const at = source.indexOf(node.operator, node.left.end);
      add(
        node,
        at,
        `${node.operator}:${other}`,
        `${source.slice(node.start, at)}${other}${source.slice(at + node.operator.length, node.end)}`,
        node.operator,
      );
    } else if (node.type === 'IfStatement' && !isSides(node.test!)) {
      add(node.test!, node.test!.start, 'if:false', 'false');
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(parseAst(source, { lang: 'ts' }, file) as Node);
  return places.sort((a, b) => a.from - b.from || b.to - a.to);
}

/** A comparison, `&&` or `||`: it has two sides and an operator between them. */
function isSides(node: Node): node is Node & { operator: string; left: Node } {
  return /^(?:Binary|Logical)Expression$/.test(node.type) && Object.hasOwn(OPERATORS, node.operator!);
}

function childrenOf(node: Node): Node[] {
  return Object.values(node as unknown as Record<string, Node | Node[] | null>)
    .flat()
    .filter((value) => typeof value?.type === 'string' && typeof value.start === 'number')
    .map((value) => value as Node);
}

/**
 * The source with every fault in it at once, each out of force until its number is the active one.
 * @param places those of the file, as `placesOf` orders them
 * @param first the number of the first of them
 * @param state the folder of `active`, the number or `-`, and of `seen`, where places that are come past are written: the
 *   number, and the answers that were given there
 */
export function armed(source: string, places: readonly Place[], first: number, state: string): string {
  const write = (from: number, to: number, inside: readonly { place: Place; number: number }[]): string => {
    let text = '';
    let at = from;
    for (let i = 0; i < inside.length; ) {
      const { place, number } = inside[i]!;
      let next = i + 1;
      while (next < inside.length && inside[next]!.place.from < place.to) next++;
      const own = inside.slice(i + 1, next);
      const part = (from: number, to: number) =>
        write(
          from,
          to,
          own.filter(({ place }) => place.from >= from && place.to <= to),
        );
      text += source.slice(at, place.from) + switched(place, number, part);
      at = place.to;
      i = next;
    }
    return text + source.slice(at, to);
  };
  const body = write(
    0,
    source.length,
    places.map((place, i) => ({ place, number: first + i })),
  );
  return `${body}\n${RUNTIME.replaceAll('STATE', JSON.stringify(state))}`;
}

/** @param part writes a part of the source with the places in it */
function switched(
  { from, to, fault, operator }: Place,
  number: number,
  part: (from: number, to: number) => string,
): string {
  if (!operator)
    return `(mutantActive_(${number}) ? (${fault}) : mutantSaw_(${number}, (${part(from, to)})))`;
  const { text, at } = operator;
  if (/[<>]/.test(text))
    return `mutantLimit_(${number}, '${text}', (${part(from, at)}), (${part(at + text.length, to)}))`;
  return `(mutantActive_(${number}) ? (${fault}) : mutantSaw_(${number}, (${part(from, to)})))`;
}

/** The answers that a place has given, added up. */
export const ANSWER = { yes: 1, no: 2, limit: 4 };

/** Whether a fault can change anything: a limit is met exactly, an `if` holds; an equality always. */
export function mayDiffer({ operator }: Place, answers: number): boolean {
  if (!operator) return (answers & ANSWER.yes) !== 0;
  return !/[<>]/.test(operator.text) || (answers & ANSWER.limit) !== 0;
}

/** The switch of a process: the runner of the tests makes its own, a program that a test starts reads the file. */
export interface Switch {
  /** The number of the place whose fault is in force; NaN for none. */
  active: number;
  /** Takes the number of a place that is reached, and its answers. */
  see(number: number, answers: number): void;
  /** Places come past, and the most of them before a loop counts as endless. */
  calls: number;
  most: number;
}

/** Asked from files rather than the environment: tests start the program with an environment of their own. */
const RUNTIME = `
function mutants_() {
  const all = (globalThis.mutantSwitch_ ??= (() => {
    const fs = process.getBuiltinModule('node:fs');
    let active = '-';
    try { active = fs.readFileSync(STATE + '/active', 'utf8'); } catch {}
    const seen = new Map();
    const see = (n, answers) => {
      const before = seen.get(n) ?? 0;
      if ((before | answers) === before) return;
      seen.set(n, before | answers);
      try { fs.appendFileSync(STATE + '/seen', n + ' ' + answers + '\\n'); } catch {}
    };
    return { active: Number(active), see: active === '-' ? see : () => {}, calls: 0, most: Infinity };
  })());
  if (++all.calls > all.most) throw new Error('a loop without end');
  return all;
}
function mutantActive_(number) {
  return mutants_().active === number;
}
function mutantSaw_(number, value) {
  mutants_().see(number, value ? 1 : 2);
  return value;
}
function mutantLimit_(number, operator, a, b) {
  const all = mutants_();
  const without = operator[0] === '<' ? a < b : a > b;
  const withLimit = operator[0] === '<' ? a <= b : a >= b;
  const answer = (operator.length === 2) !== (all.active === number) ? withLimit : without;
  all.see(number, (answer ? 1 : 2) | (without === withLimit ? 0 : 4));
  return answer;
}
`;

/** Some of many, the same ones for the same seed. */
export function sample<T>(all: readonly T[], count: number, seed: number): T[] {
  let state = seed >>> 0;
  const next = () => {
    // Numerical Recipes' generator: enough to choose.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return all
    .map((item, index) => ({ item, index, key: next() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ item }) => item);
}
