import { readRange } from '../../host/http/range.ts';
import { STORE_BLOBS, STORE_LEDGER, STORE_PARTIAL, STORE_RECORDS } from '../../workspace/layout.ts';
import type { Content, Listed, Reading, Store } from '../store.ts';
import type { Dialect } from './dialect.ts';
import { ANSWER_MS, Server, type ServerOptions, STORED_MS } from './server.ts';

/** The folders of a store, which alone are listed on a server. */
const FOLDERS = [STORE_RECORDS, STORE_BLOBS, STORE_LEDGER, STORE_PARTIAL];

/**
 * A store of files under URLs, by GET with ranges, HEAD, PUT and DELETE. A PUT has `If-None-Match: *`, so that a server that knows it
 * (RFC 9110, 13.1.2) keeps the file that is there; nginx replaces it, by an equal one.
 */
export class HttpStore implements Store {
  readonly #dialect: Dialect;
  readonly #server: Server;
  /** The server has refused a condition as one that it does not implement. */
  #unconditional = false;

  constructor(dialect: Dialect, options: ServerOptions) {
    this.#dialect = dialect;
    this.#server = new Server(dialect, options);
  }

  get place(): string {
    return this.#dialect.place;
  }

  async size(key: string): Promise<number | undefined> {
    const answer = await this.#server.ask(this.#dialect.url(key), { method: 'HEAD', answerMs: ANSWER_MS });
    if (await this.#server.isMissing(`looking for ${key}`, answer)) return undefined;
    if (answer.status !== 200) throw await this.#server.refusal(`looking for ${key}`, answer);
    await this.#server.finish(answer);
    const length = answer.headers.get('content-length');
    // Unknown: as if it were of another size.
    return length !== null && /^\d+$/.test(length) ? Number(length) : -1;
  }

  async read(key: string, from: number): Promise<Reading | undefined> {
    const headers: Record<string, string> = from > 0 ? { Range: `bytes=${from}-` } : {};
    const url = this.#dialect.url(key);
    const answer = await this.#server.ask(url, { headers });
    const reading = (start: number, total: number | undefined): Reading => ({
      ...{ from: start, total, bytes: this.#server.bytes(answer, url) },
      discard: async () => answer.discard(),
    });
    const found = readRange(answer, from, undefined);
    if (found?.part === 'whole') return reading(0, found.total);
    if (found?.part === 'rest') return reading(from, found.total);
    // Another file than the one that is known so far: from its beginning it can be judged.
    if (found && from > 0) {
      answer.discard();
      return this.read(key, 0);
    }
    if (await this.#server.isMissing(`reading ${key}`, answer)) return undefined;
    throw await this.#server.refusal(`reading ${key}`, answer);
  }

  async put(key: string, content: Content, replace: boolean): Promise<'put' | 'there'> {
    return this.#put(key, content, replace);
  }

  async #put(key: string, content: Content, replace: boolean, again = false): Promise<'put' | 'there'> {
    const { large } = this.#dialect;
    if (large && content.size > large.above) return large.put(this.#server, key, content, replace);
    const conditional = !replace && !this.#unconditional;
    const answer = await this.#server.ask(this.#dialect.url(key), {
      method: 'PUT',
      headers: conditional ? { 'If-None-Match': '*' } : {},
      content,
      answerMs: STORED_MS,
    });
    const { status } = answer;
    if (status >= 200 && status < 300) {
      await this.#server.finish(answer);
      return 'put';
    }
    if (status === 412) {
      await this.#server.finish(answer);
      return 'there';
    }
    if (status === 501 && conditional) {
      answer.discard();
      this.#unconditional = true;
      return this.#put(key, content, replace);
    }
    // Somebody else puts it at this moment (S3), or a folder is missing (WebDAV).
    if (status === 409) {
      if ((await this.size(key)) === content.size) {
        await this.#server.finish(answer);
        return 'there';
      }
      if (!again && (await this.#dialect.makeFolders?.(this.#server, key))) {
        await this.#server.finish(answer);
        return this.#put(key, content, replace, true);
      }
    }
    throw await this.#server.refusal(`putting ${key}`, answer);
  }

  async *list(below?: string): AsyncGenerator<Listed> {
    for (const folder of below === undefined ? FOLDERS : [below])
      yield* this.#dialect.list(this.#server, folder);
  }

  async remove(key: string): Promise<void> {
    const url = this.#dialect.url(key);
    const answer = await this.#server.ask(url, { method: 'DELETE', answerMs: ANSWER_MS });
    if (answer.status < 300) return this.#server.finish(answer);
    if (!(await this.#server.isMissing(`deleting ${key}`, answer)))
      throw await this.#server.refusal(`deleting ${key}`, answer);
  }

  close(): void {
    this.#server.close();
  }
}
