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
  const add = (node: Node, at: number, what: string, fault: string) => {
    const before = source.slice(0, at).split('\n');
    places.push({
      id: `${prefix}:${before.length}:${before.at(-1)!.length + 1}:${what}`,
      file,
      text: source.slice(node.start, node.end),
      fault,
      from: node.start,
      to: node.end,
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
 * @param state the folder of `active`, the number or `-`, and of `seen`, where numbers are written that are come past
 */
export function armed(source: string, places: readonly Place[], first: number, state: string): string {
  const write = (from: number, to: number, inside: readonly { place: Place; number: number }[]): string => {
    let text = '';
    let at = from;
    for (let i = 0; i < inside.length; ) {
      const { place, number } = inside[i]!;
      let next = i + 1;
      while (next < inside.length && inside[next]!.place.from < place.to) next++;
      const same = write(place.from, place.to, inside.slice(i + 1, next));
      text += `${source.slice(at, place.from)}(mutant_(${number}) ? (${place.fault}) : (${same}))`;
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

/** Asked from files rather than the environment: tests start the program with an environment of their own. */
const RUNTIME = `
function mutant_(number) {
  const all = (globalThis.mutants_ ??= (() => {
    const fs = process.getBuiltinModule('node:fs');
    let active = '-';
    try { active = fs.readFileSync(STATE + '/active', 'utf8'); } catch {}
    const seen = new Set();
    const see = (n) => {
      if (seen.has(n)) return;
      seen.add(n);
      try { fs.appendFileSync(STATE + '/seen', n + '\\n'); } catch {}
    };
    return { active: Number(active), see: active === '-' ? see : () => {} };
  })());
  all.see(number);
  return all.active === number;
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
