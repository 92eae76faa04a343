import type { Body } from './body.ts';
import type { User } from './keys.ts';
import { nothing, Refused, type Reply, refuse, text } from './reply.ts';
import type { World } from './world.ts';

export const API = '/MAAS/api/2.0/';

/** One request as a handler sees it: complete, authenticated, its path taken apart. */
export interface Call {
  world: World;
  method: string;
  url: URL;
  headers: Record<string, string | undefined>;
  /** The values of the {placeholders} in the route's path. */
  at: Record<string, string>;
  user: User;
  body: Body;
  /** Grows by one with each request that arrives; tells whether something happened in the meantime. */
  arrival: number;
}

export interface Operation {
  /** What fault rules and counts call it. */
  kind: string;
  /** Only for administrators. */
  admin?: boolean;
  run(call: Call): Promise<Reply> | Reply;
}

/** One URL of the API: further endpoints are further tables of these. */
export interface Route {
  /** MAAS' name of the handler, as `describe/` shows it. */
  handler: string;
  /** Below /MAAS/api/2.0/ unless it starts with a slash; {name} stands for one segment. */
  path: string;
  /** Answers without a key. */
  anonymous?: boolean;
  /** Other than OAuth, such as MAAS 3.8's v3 API; undefined leaves it to OAuth. */
  authenticate?: (world: World, headers: Call['headers']) => User | undefined;
  /** By method ("GET"), or by method and op ("POST import"). */
  operations: Record<string, Operation>;
}

export interface Match {
  route: Route;
  at: Record<string, string>;
}

/** The route of a path, or undefined: MAAS never redirects to the one with a slash. */
export function findRoute(routes: Route[], path: string): Match | undefined {
  for (const route of routes) {
    const full = route.path.startsWith('/') ? route.path : API + route.path;
    const names = [...full.matchAll(/\{(\w+)\}/g)].map((found) => found[1] as string);
    const pattern = full.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '([^/]+)');
    const found = new RegExp(`^${pattern}$`).exec(path);
    if (found)
      return {
        route,
        at: Object.fromEntries(names.map((name, index) => [name, found[index + 1] as string])),
      };
  }
  return undefined;
}

/** The operation a method and an op name, or undefined. */
export function operationOf(route: Route, method: string, op: string | null): Operation | undefined {
  return route.operations[op ? `${method} ${op}` : method];
}

export const unknownEndpoint = (path: string) => text(404, `Unknown API endpoint: ${path}.`);

/** Runs what method and op name, with Piston's answers for what is not there. */
export async function dispatch(route: Route, call: Call): Promise<Reply> {
  const methods = [...new Set(Object.keys(route.operations).map((name) => name.split(' ')[0] as string))];
  if (!methods.includes(call.method)) return nothing(405, { allow: methods.join(', ') });
  const inForm = call.method === 'POST' ? await call.body.op() : null;
  const op = call.url.searchParams.get('op') ?? inForm;
  const operation = operationOf(route, call.method, op);
  if (!operation) return refuse(400, `Unrecognised signature: method=${call.method} op=${op ?? 'None'}`);
  if (operation.admin && !call.user.admin)
    throw new Refused(text(403, 'This method is reserved for admin users.'));
  return operation.run(call);
}
