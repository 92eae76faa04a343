import type { HttpAnswer } from '../../host/http/client.ts';
import type { Content, Listed } from '../store.ts';
import type { Server } from './server.ts';

/** A request of a store before it is signed. */
export interface Unsigned {
  method: string;
  url: URL;
  headers: Record<string, string>;
  /** Of the body; undefined without one. */
  sha256: string | undefined;
}

/** The reason that a server gives for an answer that is not the one asked for. */
export interface Explained {
  /** A name of the error beside the status, such as SlowDown. */
  name?: string | undefined;
  /** Whether the same request may succeed later; by default the status decides. */
  temporary?: boolean;
  /** More is missing than the file. */
  everything?: boolean;
  /** The disk of the server, or the share of this user, is full. */
  full?: boolean;
  hint?: string | undefined;
}

/** Everything in which servers that keep files under URLs differ. */
export interface Dialect {
  /** For messages: without credentials. */
  readonly place: string;
  /** Redirects that are followed; 0 where a redirect is an error of the configuration. */
  readonly redirects: number;
  /** The URL of a key. */
  url(key: string): URL;
  /** The headers by which the server knows this builder; the signature where it is one of the request. */
  credentials(request: Unsigned): Record<string, string>;
  /** @param written the text of the answer, as far as it came; empty where it is a long one */
  explain(answer: Pick<HttpAnswer, 'status' | 'headers'>, written: string): Explained;
  /** Every file below a folder. @throws Fault STORE_REFUSED where the server cannot list it */
  list(server: Server, folder: string): AsyncIterable<Listed>;
  /** Makes the folders of a key, where a server asks for that; false where it has made none. */
  makeFolders?(server: Server, key: string): Promise<boolean>;
  /** Files of more bytes than `above` are put in another way. */
  readonly large?: {
    above: number;
    put(server: Server, key: string, content: Content, replace: boolean): Promise<'put' | 'there'>;
  };
}
