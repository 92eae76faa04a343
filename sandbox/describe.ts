import { createHash } from 'node:crypto';
import { WHAT_THIS_IS } from './account.ts';
import type { Reply } from './reply.ts';
import { API, type Route, type VersionedRoute } from './route.ts';

const RESTFUL: Record<string, string> = { GET: 'read', POST: 'create', PUT: 'update', DELETE: 'delete' };

/** From 3.7 on the maas command takes NAME=VALUE only where an action's text says that it has parameters. */
const ACTION = `${WHAT_THIS_IS}\n\n:param NAME: Optional. As MAAS' own documentation has them.\n:type NAME: String`;

/** The description that `maas login` loads: every handler with its actions, as the routes have them. */
export class Description {
  readonly #resources: ReturnType<typeof resource>[];
  /** Goes with every answer, so that a client sees when what it has loaded is out of date. */
  readonly hash: string;

  constructor(offers: readonly VersionedRoute[]) {
    // A handler that stands at several paths is described once; the maas command makes one word of it.
    const first = new Map(offers.map((offer) => [offer.endpoint?.handler, offer] as const).reverse());
    this.#resources = offers
      .filter((offer) => offer.endpoint && first.get(offer.endpoint.handler) === offer)
      .map(resource);
    this.hash = createHash('sha1').update(JSON.stringify(this.#resources)).digest('hex');
  }

  /** The maas command compares the content type with `application/json`, letter for letter. */
  reply(origin: string): Reply {
    const located = (handler: Handler | null) => handler && { ...handler, uri: origin + handler.path };
    const resources = this.#resources.map(({ name, anon, auth }) => ({
      name,
      anon: located(anon),
      auth: located(auth),
    }));
    const doc = { doc: WHAT_THIS_IS, hash: this.hash, resources };
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(doc) };
  }
}

type Handler = ReturnType<typeof handler>;

/** Of a path for everybody MAAS has only the anonymous handler. */
function resource(offer: VersionedRoute) {
  const all = Object.keys(offer.operations);
  const own = all.filter((name) => offer.endpoint?.operations.has(name));
  const forAll = own.every((name) => offer.open.has(name));
  const open = all.filter((name) => offer.open.has(name));
  const anon = open.length > 0 ? handler(offer, open, forAll ? '' : 'Anon') : null;
  return {
    name: offer.endpoint?.handler ?? '',
    anon,
    auth: forAll ? null : handler(offer, own, ''),
  };
}

function handler({ endpoint, path }: VersionedRoute, operations: string[], prefix: string) {
  const template = endpoint?.path ?? path;
  return {
    name: `${prefix}${endpoint?.handler}`,
    doc: WHAT_THIS_IS,
    path: API + template,
    params: [...template.matchAll(/\{(\w+)\}/g)].map((found) => found[1] as string),
    actions: operations.map((key) => {
      const [method = '', op] = key.split(' ');
      return {
        name: op ?? RESTFUL[method],
        doc: ACTION,
        method,
        op: op ?? null,
        restful: op === undefined,
      };
    }),
  };
}

/** describe/, which is not among what it describes. */
export const describeRoute = (description: () => Description): Route => ({
  path: 'describe/',
  operations: {
    GET: { kind: 'describe', run: ({ world }) => description().reply(new URL(world.url).origin) },
  },
});
