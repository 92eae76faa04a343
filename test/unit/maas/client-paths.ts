import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';

/** A request that the source makes: `POST machines/{}/` with op `deploy`; `{}` stands for a value. */
export interface ClientRequest {
  method: string;
  path: string;
  op: string | undefined;
  /** FILE:LINE */
  where: string;
}

const ROOT = join(import.meta.dirname, '../../..');
const METHODS: Record<string, string> = {
  get: 'GET',
  post: 'POST',
  call: 'POST',
  update: 'PUT',
  put: 'PUT',
  delete: 'DELETE',
};
/** Of these MAAS itself gives the path, or it is not of API 2.0 (the streamed upload of 3.8). */
const GIVEN_BY_MAAS = new Set(['maas/images/chunk-put.ts:put', 'maas/images/streaming.ts:raw']);
const MOST_STEPS = 12;

// biome-ignore lint/suspicious/noExplicitAny: nodes of the syntax tree
type Node = any;
interface Source {
  name: string;
  text: string;
  tree: Node;
}
/** A node with what encloses it, the nearest last. */
interface Place {
  source: Source;
  node: Node;
  above: Node[];
}

/**
 * Every request that the sources make through MaasClient, by reading them.
 * @param files read in place of pipeline/, by name
 * @throws for a path of which it cannot be seen what it is
 */
export function clientRequests(files: Record<string, string> = pipelineFiles()): ClientRequest[] {
  const sources = Object.entries(files).map(([name, text]) => ({
    name,
    text,
    tree: parseAst(text, { lang: 'ts' }) as Node,
  }));
  const places = sources.flatMap((source) => [...walk(source, source.tree, [])]);
  const ops = places.flatMap(({ node }) =>
    node.type === 'Property' && nameOf(node.key) === 'op' && node.value.type === 'Literal'
      ? [String(node.value.value)]
      : [],
  );
  return places.flatMap((place) => requestsAt(place, places, ops));
}

function pipelineFiles(): Record<string, string> {
  const names = globSync('**/*.ts', { cwd: join(ROOT, 'pipeline') }).filter(
    (name) => !name.startsWith('sandbox/'),
  );
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(ROOT, 'pipeline', name), 'utf8')]));
}

function* walk(source: Source, node: Node, above: Node[]): Generator<Place> {
  yield { source, node, above };
  for (const child of Object.values(node).flat())
    if (child && typeof (child as Node).type === 'string') yield* walk(source, child, [...above, node]);
}

const nameOf = (node: Node): string => node?.name ?? (typeof node?.value === 'string' ? node.value : '');

function requestsAt(place: Place, places: Place[], ops: string[]): ClientRequest[] {
  const { node, source } = place;
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return [];
  const method = METHODS[nameOf(node.callee.property)];
  const receiver = node.callee.object;
  const isClient =
    /client$/i.test(nameOf(receiver) || nameOf(receiver.property)) ||
    (receiver.type === 'ThisExpression' && source.name === 'maas/api/client.ts');
  if (!method || !isClient || node.arguments.length === 0) return [];
  const where = `${source.name}:${source.text.slice(0, node.start).split('\n').length}`;
  if (GIVEN_BY_MAAS.has(`${source.name}:${nameOf(node.callee.property)}`)) return [];
  return resolve({ ...place, node: node.arguments[0] }, places, where, 0).flatMap((text) => {
    const [path = '', query = ''] = text.split('?');
    const op = new URLSearchParams(query).get('op') ?? undefined;
    return (op === '{}' ? ops : [op]).map((one) => ({ method, path, op: one, where }));
  });
}

/** The texts that an expression can be, with {} for values. */
function resolve(place: Place, places: Place[], where: string, steps: number): string[] {
  const { node, source, above } = place;
  const fail = (): never => {
    throw new Error(
      `${where}: it cannot be seen which path this is: ${source.text.slice(node.start, node.end)}`,
    );
  };
  if (steps > MOST_STEPS) return fail();
  const at = (other: Node, from: Place = place) =>
    resolve({ ...from, node: other }, places, where, steps + 1);
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : fail();
    case 'TSAsExpression':
    case 'TSNonNullExpression':
      return at(node.expression);
    case 'ConditionalExpression':
      return [...at(node.consequent), ...at(node.alternate)];
    case 'TemplateLiteral':
      return node.quasis.reduce(
        (texts: string[], quasi: Node, index: number) => {
          const between = index === 0 ? [''] : spanOf(node.expressions[index - 1]);
          return texts.flatMap((text) => between.map((middle: string) => text + middle + quasi.value.cooked));
        },
        [''],
      );
    case 'Identifier': {
      const found = declarationOf(node.name, above);
      if (found?.init) return at(found.init);
      return found?.parameterOf ? argumentsOf(found) : fail();
    }
    case 'MemberExpression': {
      const all = propertiesOf(nameOf(node.property));
      return all.length > 0 ? all.flatMap((one) => at(one.value)) : fail();
    }
    case 'CallExpression': {
      const all = propertiesOf(nameOf(node.callee.property));
      return all.length > 0 ? all.flatMap((one) => at(one.value.body)) : fail();
    }
    default:
      return fail();
  }

  /** A value of a path; another piece of it is looked up, and a whole query left out. */
  function spanOf(span: Node): string[] {
    if (span.type !== 'Identifier') return ['{}'];
    if (span.name === 'query') return [''];
    const init = declarationOf(span.name, above)?.init;
    return init?.type === 'TemplateLiteral' || init?.type === 'Literal' ? at(init) : ['{}'];
  }
  function propertiesOf(name: string): Node[] {
    return places
      .filter((one) => one.source === source && one.node.type === 'Property' && nameOf(one.node.key) === name)
      .map((one) => one.node)
      .filter(({ value }) => ['Literal', 'TemplateLiteral', 'ArrowFunctionExpression'].includes(value.type));
  }
  function argumentsOf({ parameterOf, index = 0, exported }: Declaration): string[] {
    const calls = places.filter(
      (one) =>
        one.node.type === 'CallExpression' &&
        nameOf(one.node.callee) === parameterOf &&
        (exported || one.source === source),
    );
    const given = calls.flatMap((one) =>
      one.node.arguments[index] ? [{ one, node: one.node.arguments[index] }] : [],
    );
    return given.length > 0 ? given.flatMap(({ one, node: argument }) => at(argument, one)) : fail();
  }
}

interface Declaration {
  init?: Node;
  /** The function that it is a parameter of. */
  parameterOf?: string;
  index?: number;
  /** Other files may call that function. */
  exported?: boolean;
}

/** The declaration of a name: the nearest variable or parameter around it. */
function declarationOf(name: string, above: Node[]): Declaration | undefined {
  for (const [depth, scope] of [...above.entries()].reverse()) {
    if (Array.isArray(scope.params)) {
      const index = scope.params.findIndex((one: Node) => nameOf(one) === name);
      const owner = scope.id ?? above[depth - 1]?.id;
      const exported = above[depth - 1]?.type === 'ExportNamedDeclaration';
      if (index >= 0) return { parameterOf: nameOf(owner), index, exported };
    }
    const body = Array.isArray(scope.body) ? scope.body : [];
    for (const statement of body) {
      const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
      if (declared?.type !== 'VariableDeclaration') continue;
      const found = declared.declarations.find((one: Node) => nameOf(one.id) === name);
      if (found) return { init: found.init };
    }
  }
  return undefined;
}
