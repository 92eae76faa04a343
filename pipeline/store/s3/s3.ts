import { Fault } from '../../core/faults/fault.ts';
import type { HttpAnswer } from '../../host/http/client.ts';
import { decoded } from '../../host/http/url.ts';
import { isName } from '../server/autoindex.ts';
import type { Dialect, Explained, Unsigned } from '../server/dialect.ts';
import { HttpStore } from '../server/http-store.ts';
import type { Server, ServerOptions } from '../server/server.ts';
import { WrongXml, xmlElements } from '../server/xml.ts';
import { type Content, type Listed, limited } from '../store.ts';
import { type S3Settings, s3Address } from './address.ts';
import { explainS3 } from './explain.ts';
import { PART, putInParts } from './parts.ts';
import { type S3Keys, signatureOf } from './sign.ts';

/** Bytes of a page of a listing: 1000 keys of 1024 bytes, each of them escaped. */
const LARGEST_PAGE = 16 << 20;
/** Bytes of one PUT: S3 takes 5 GiB, and one that breaks off begins anew. */
const LARGEST_PUT = 256 << 20;

export interface S3Options extends ServerOptions, S3Settings {
  keys: S3Keys;
  /** Bytes; of a test. */
  largestPut?: number;
}

/** A store in a bucket of S3, or of a server that answers alike. @param place `s3://bucket/prefix` */
export function s3Store(place: string, options: S3Options): HttpStore {
  return new HttpStore(new S3(place, options), options);
}

class S3 implements Dialect {
  readonly place: string;
  /** One to another region, whose signature would be another. */
  readonly redirects = 0;
  readonly large: NonNullable<Dialect['large']>;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #region: string;
  readonly #keys: S3Keys;

  constructor(place: string, { keys, largestPut = LARGEST_PUT, ...settings }: S3Options) {
    const { bucket, prefix, region } = s3Address(place, settings);
    this.place = place;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#region = region;
    this.#keys = keys;
    this.large = {
      above: largestPut,
      put: (server: Server, key: string, content: Content, replace: boolean) =>
        putInParts(server, { url: this.url(key), key, content, replace, part: Math.min(PART, largestPut) }),
    };
  }

  url(key: string): URL {
    return new URL(`${this.#bucket}/${this.#prefix}${key}`);
  }

  credentials(request: Unsigned): Record<string, string> {
    return signatureOf(request, this.#keys, this.#region);
  }

  explain(answer: Pick<HttpAnswer, 'status' | 'headers'>, written: string): Explained {
    return explainS3(answer, written);
  }

  async *list(server: Server, folder: string): AsyncGenerator<Listed> {
    for (let token: string | undefined; ; ) {
      const page = await this.#page(server, folder, token);
      yield* page.files;
      if (page.next === undefined) return;
      if (page.next === token || page.next === '')
        throw new Fault('STORE_REFUSED', `${this.place}: the server's listing of ${folder} does not end`, {
          hint: 'Correct `store.s3.endpoint`, or report it to the maker of the server.',
        });
      token = page.next;
    }
  }

  async #page(server: Server, folder: string, token: string | undefined) {
    const url = new URL(`${this.#bucket}/`);
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix: `${this.#prefix}${folder}/` };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (token !== undefined) url.searchParams.set('continuation-token', token);
    const answer = await server.ask(url, {});
    if (answer.status !== 200) throw await server.refusal(`listing ${folder}`, answer);
    const files: Listed[] = [];
    let [more, next]: [boolean, string | undefined] = [false, undefined];
    let isListing = false;
    try {
      const page = limited(folder, server.bytes(answer, url), LARGEST_PAGE);
      for await (const { name, text, fields } of xmlElements(page, ELEMENTS)) {
        if (name === 'IsTruncated') [isListing, more] = [true, text.trim() === 'true'];
        else if (name === 'NextContinuationToken') next = text;
        else files.push(...this.#listed(fields));
      }
    } catch (error) {
      if (!(error instanceof WrongXml)) throw error;
    }
    if (!isListing)
      throw new Fault('STORE_REFUSED', `${this.place}: the server does not list its files as S3 does`, {
        hint: 'Correct `store.s3.endpoint`: it is not that of an S3 server.',
      });
    return { files, next: more ? (next ?? '') : undefined };
  }

  /** A file of ours, by its key below the prefix. */
  #listed(fields: ReadonlyMap<string, string>): Listed[] {
    const key = decoded((fields.get('Key') ?? '').replaceAll('+', ' '));
    const size = fields.get('Size') ?? '';
    const changedMs = Date.parse(fields.get('LastModified') ?? '');
    const ours = key.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : '';
    if (!ours.split('/').every(isName) || !/^\d{1,15}$/.test(size) || Number.isNaN(changedMs)) return [];
    return [{ key: ours, size: Number(size), changedMs }];
  }
}

const ELEMENTS = new Set(['Contents', 'IsTruncated', 'NextContinuationToken']);
