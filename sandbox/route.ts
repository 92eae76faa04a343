import type { Body } from './body.ts';
import type { SandboxContext } from './context.ts';
import { type Endpoint, findEndpoint, isIn } from './endpoints.ts';
import type { User } from './keys.ts';
import { remember } from './machines/rollback.ts';
import { html, type Reply, ReplyError, refuse, text } from './reply.ts';

export const API = '/MAAS/api/2.0/';

/** One request as a handler sees it: complete, authenticated, its path taken apart. */
export interface Call {
  world: SandboxContext;
  method: string;
  url: URL;
  headers: Record<string, string | undefined>;
  /** The values of the {placeholders} in the route's path. */
  at: Record<string, string>;
  user: User;
  body: Body;
  /** Grows by one with each request that arrives; shows whether something happened in the meantime. */
  arrival: number;
}

/** The users of an operation that the product's own client does not use; an operation without users is removed. */
export const OTHER_CALLERS = {
  'maas command': 'a person who looks at the sandbox, or changes it, with the maas command (docs/sandbox.md)',
  'machine state': 'who brings a machine into a state that the client has to recognise',
  link: 'whoever follows an address in an answer of MAAS: resource_uri, upload_uri',
} as const;

export interface Operation {
  /** The name for fault rules and counts. */
  kind: string;
  /** Callers of the route besides the product's client. */
  for?: keyof typeof OTHER_CALLERS;
  /** Only for administrators. */
  admin?: boolean;
  run(call: Call): Promise<Reply> | Reply;
}

/** One URL of the API: further endpoints are further tables of these. */
export interface Route {
  /** Below /MAAS/api/2.0/ unless it starts with a slash; {name} stands for one segment. */
  path: string;
  /** The pattern of a placeholder, where it is not one segment. */
  matching?: Record<string, string>;
  /** Answers without a key; said only outside API 2.0, of which MAAS' list of endpoints says it. */
  anonymous?: boolean;
  /** Other than OAuth, such as MAAS 3.8's v3 API; undefined leaves it to OAuth. */
  authenticate?: (world: SandboxContext, headers: Call['headers']) => User | undefined;
  /** By method ("GET"), or by method and op ("POST import"). */
  operations: Record<string, Operation>;
}

/** A route as one version of MAAS has it. */
export interface VersionedRoute extends Route {
  /** MAAS' own entry of it; none outside API 2.0. */
  endpoint: Endpoint | undefined;
  /** Operations that need no API key, whether they are among `operations` or not. */
  open: ReadonlySet<string>;
  names: string[];
  pattern: RegExp;
}

export interface Match {
  route: VersionedRoute;
  at: Record<string, string>;
}

/**
 * The routes that a version of MAAS has, by MAAS' own list of endpoints.
 * @throws for a route that no MAAS has
 */
export function routesOfVersion(routes: readonly Route[], version: string): VersionedRoute[] {
  return routes.flatMap((route) => {
    const inApi = !route.path.startsWith('/');
    const endpoint = inApi ? findEndpoint(route.path) : undefined;
    if (inApi && !endpoint) throw new Error(`MAAS has no ${route.path}`);
    const has = (kind: 'operations' | 'anonymous', name: string) => isIn(endpoint?.[kind].get(name), version);
    const operations = Object.entries(route.operations).filter(
      ([name]) => !endpoint || has('operations', name) || has('anonymous', name),
    );
    if (operations.length === 0) return [];
    const open = route.anonymous
      ? operations.map(([name]) => name)
      : [...(endpoint?.anonymous.keys() ?? [])].filter((name) => has('anonymous', name));
    const offered = { ...route, operations: Object.fromEntries(operations) };
    return [{ ...offered, endpoint, open: new Set(open), ...compiled(route) }];
  });
}

function compiled({ path, matching = {} }: Route): Pick<VersionedRoute, 'names' | 'pattern'> {
  const full = path.startsWith('/') ? path : API + path;
  const names = [...full.matchAll(/\{(\w+)\}/g)].map((found) => found[1] as string);
  const pattern = full
    .replaceAll('.', '\\.')
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => `(${matching[name] ?? '[^/]+'})`);
  return { names, pattern: new RegExp(`^${pattern}$`) };
}

/** The route of a path, or undefined: MAAS never redirects to the one with a slash. */
export function findRoute(routes: readonly VersionedRoute[], path: string): Match | undefined {
  for (const route of routes) {
    const found = route.pattern.exec(path);
    if (found)
      return {
        route,
        at: Object.fromEntries(route.names.map((name, index) => [name, decoded(found[index + 1] as string)])),
      };
  }
  return undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The operation a method and an op name, or undefined. */
export function operationOf(route: Route, method: string, op: string | null): Operation | undefined {
  const name = op ? `${method} ${op}` : method;
  return Object.hasOwn(route.operations, name) ? route.operations[name] : undefined;
}

export const unknownEndpoint = (path: string) => text(404, `Unknown API endpoint: ${path}.`);

/** Whether somebody without a key may ask by this method: MAAS then looks only among what is for everybody. */
export const isOpen = (route: VersionedRoute, method: string): boolean =>
  [...route.open].some((name) => name.split(' ')[0] === method);

/**
 * Runs what method and op name, with Piston's answers for what is not there.
 * @param anonymous the caller has no key
 */
export async function dispatch(route: VersionedRoute, call: Call, anonymous: boolean): Promise<Reply> {
  const methods = [...new Set(Object.keys(route.operations).map((name) => name.split(' ')[0] as string))];
  if (!methods.includes(call.method)) return html(405, '', { allow: methods.join(', ') });
  const inForm = call.method === 'POST' ? await call.body.op() : null;
  const op = call.url.searchParams.get('op') ?? inForm;
  const operation = operationOf(route, call.method, op);
  const open = !anonymous || route.open.has(op ? `${call.method} ${op}` : call.method);
  if (!operation || !open)
    return refuse(400, `Unrecognised signature: method=${call.method} op=${op ?? 'None'}`);
  if (operation.admin && !call.user.admin)
    throw new ReplyError(text(403, 'This method is reserved for admin users.'));
  const undo = call.method === 'GET' ? undefined : remember(call.world, call.at.system_id);
  try {
    return await operation.run(call);
  } catch (error) {
    undo?.();
    throw error;
  }
}
