import { Fault } from '../../core/faults/fault.ts';
import { bareUrl, registerQuery } from '../../host/http/url.ts';
import { allBytes, BadEntry, contentOf, type Listed, limited } from '../store.ts';
import { type ListedEntry, parseListing } from './autoindex.ts';
import type { Dialect } from './dialect.ts';
import { HttpStore } from './http-store.ts';
import { PROPFIND, propfindEntries } from './propfind.ts';
import { ANSWER_MS, type Server, type ServerOptions } from './server.ts';
import { WrongXml } from './xml.ts';

const REDIRECTS = 5;
/** Folders that lie one in the other below those of a store. */
const DEEPEST = 2;
/** Bytes of a folder's listing; a file has some 150 in JSON, and 600 in XML. */
const LARGEST_LISTING = 64 << 20;

export interface WebOptions extends ServerOptions {
  /** The value of the header Authorization, or null. */
  authorization: string | null;
}

/** A store below a URL to which files can be PUT: nginx and Apache with DAV, and others that answer alike. */
export function webStore(url: string, { authorization, ...options }: WebOptions): HttpStore {
  return new HttpStore(new Web(url, authorization), options);
}

class Web implements Dialect {
  readonly place: string;
  readonly redirects = REDIRECTS;
  readonly #base: URL;
  readonly #headers: Record<string, string>;
  /** The way to list that has succeeded once. */
  #listing: 'autoindex' | 'propfind' | undefined;

  constructor(url: string, authorization: string | null) {
    const { url: bare, shown, authorization: ofUrl } = bareUrl(new URL(url));
    registerQuery(bare);
    this.place = shown;
    this.#base = bare;
    const header = authorization ?? ofUrl;
    this.#headers = header ? { Authorization: header } : {};
  }

  url(key: string): URL {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${key}`;
    return url;
  }

  credentials(): Record<string, string> {
    return this.#headers;
  }

  explain() {
    return {};
  }

  async makeFolders(server: Server, key: string): Promise<boolean> {
    let made = false;
    const names = key.split('/').slice(0, -1);
    for (let count = 1; count <= names.length; count += 1) {
      const url = this.url(`${names.slice(0, count).join('/')}/`);
      const answer = await server.ask(url, { method: 'MKCOL', answerMs: ANSWER_MS });
      // Another builder may have made it at this moment: then the PUT succeeds, too.
      made ||= answer.status === 201 || answer.status === 405;
      await server.finish(answer);
    }
    return made;
  }

  async *list(server: Server, folder: string, deeper = DEEPEST): AsyncGenerator<Listed> {
    for await (const { name, folder: isFolder, size, changedMs } of this.#entries(server, folder)) {
      const key = `${folder}/${name}`;
      if (!isFolder) yield { key, size, changedMs };
      else if (deeper > 1) yield* this.list(server, key, deeper - 1);
    }
  }

  /** A folder that is not there has none. @throws Fault STORE_REFUSED where the server lists its folders in neither form */
  async *#entries(server: Server, folder: string): AsyncGenerator<ListedEntry> {
    const indexed = this.#listing === 'propfind' ? 'unknown' : await this.#indexed(server, folder);
    if (Array.isArray(indexed)) {
      this.#listing = 'autoindex';
      yield* indexed;
      return;
    }
    if (this.#listing === 'autoindex' && indexed === 'missing') return;
    const url = this.url(`${folder}/`);
    const answer = await server.ask(url, {
      method: 'PROPFIND',
      headers: { Depth: '1' },
      content: { ...contentOf(PROPFIND), type: 'application/xml' },
    });
    if (answer.status === 207) {
      this.#listing = 'propfind';
      try {
        yield* propfindEntries(limited(folder, server.bytes(answer, url), LARGEST_LISTING), folder);
        return;
      } catch (error) {
        if (!(error instanceof WrongXml)) throw error;
        throw new BadEntry(folder, `its listing is not XML as of WebDAV: ${error.message}`);
      }
    }
    if (isPassing(answer.status)) throw await server.refusal(`listing ${folder}`, answer);
    if (await server.isMissing(`listing ${folder}`, answer)) return;
    await server.finish(answer);
    if (indexed === 'missing') return;
    throw new Fault(
      'STORE_REFUSED',
      `${this.place}: the server lists its folders neither as JSON nor by PROPFIND`,
      {
        hint: 'Let it list them (nginx: autoindex on; autoindex_format json; or dav_ext_methods PROPFIND), or run this on the server: DGXOS_MAAS_STORE=/srv/store',
      },
    );
  }

  async #indexed(server: Server, folder: string): Promise<ListedEntry[] | 'missing' | 'unknown'> {
    const url = this.url(`${folder}/`);
    const answer = await server.ask(url, {});
    if (answer.status === 200 && !/html/i.test(answer.headers.get('content-type') ?? '')) {
      const written = await allBytes(folder, server.bytes(answer, url), LARGEST_LISTING);
      return parseListing(written.toString('utf8')) ?? 'unknown';
    }
    if (isPassing(answer.status)) throw await server.refusal(`listing ${folder}`, answer);
    if (await server.isMissing(`listing ${folder}`, answer)) return 'missing';
    answer.discard();
    return 'unknown';
  }
}

/** A refusal of this builder, or a server in trouble: another way to list would meet the same. */
function isPassing(status: number): boolean {
  return status === 401 || status === 429 || (status >= 500 && status !== 501);
}
