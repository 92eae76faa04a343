/** Why an expression has no value here: it is more than what is read, or it needs what only Ansible knows. */
export class Unresolved extends Error {
  readonly expression: string;
  constructor(expression: string, why: string) {
    super(why);
    this.expression = expression;
  }
}

/** The value of a variable; undefined when there is none of this name. */
export type Lookup = (name: string) => string | undefined;

const TEXT = `'([^']*)'|"([^"]*)"`;
const CHOICE =
  /^(?<yes>.+?)\s+if\s+(?<name>[\w.]+)\s+is\s+version\(\s*['"](?<than>[\d.]+)['"]\s*,\s*['"](?<how>[<>=!]+|[a-z]{2})['"]\s*\)\s+else\s+(?<no>.+)$/;
const DEFAULT = /^([\w.]+)\s*\|\s*(?:default|d)\(\s*(?:'([^']*)'|"([^"]*)")\s*(?:,\s*(?:true|True)\s*)?\)$/;

/**
 * A text with its `{{ expressions }}` filled in: variables, text in quotes, `| default('…')`, and the choice by
 * version that DeepOps' own files use. Everything else of Jinja is Ansible's business.
 * @throws Unresolved
 */
export function fill(text: string, lookup: Lookup): string {
  if (/\{%/.test(text)) throw new Unresolved(text, 'Jinja statements ({% … %}) are not supported');
  return text
    .replace(/\{#.*?#\}/gs, '')
    .replace(/\{\{(.*?)\}\}/gs, (_, inner: string) => evaluate(inner.trim(), lookup));
}

function evaluate(expression: string, lookup: Lookup): string {
  const literal = new RegExp(`^(?:${TEXT})$`).exec(expression);
  if (literal) return literal[1] ?? literal[2] ?? '';
  if (/^[A-Za-z_][\w.]*$/.test(expression)) return known(expression, lookup);
  const fallback = DEFAULT.exec(expression);
  if (fallback) return lookup(fallback[1]!) ?? fallback[2] ?? fallback[3] ?? '';
  const choice = CHOICE.exec(expression)?.groups;
  if (choice) {
    const order = compareVersions(known(choice.name!, lookup), choice.than!);
    const test = TESTS[choice.how!];
    if (test) return evaluate(test(order) ? choice.yes! : choice.no!, lookup);
  }
  throw new Unresolved(expression, `{{ ${expression} }} uses more of Jinja than is supported`);
}

function known(name: string, lookup: Lookup): string {
  const value = lookup(name);
  if (value === undefined) throw new Unresolved(name, `${name} is not in this file`);
  return value;
}

const TESTS: Record<string, (order: number) => boolean> = {
  '>=': (order) => order >= 0,
  ge: (order) => order >= 0,
  '>': (order) => order > 0,
  gt: (order) => order > 0,
  '<=': (order) => order <= 0,
  le: (order) => order <= 0,
  '<': (order) => order < 0,
  lt: (order) => order < 0,
  '==': (order) => order === 0,
  eq: (order) => order === 0,
  '!=': (order) => order !== 0,
  ne: (order) => order !== 0,
};

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
