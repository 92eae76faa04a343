import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from './reply.ts';

/** Up to here a body is kept in memory, above on disk: memory stays constant whatever is sent. */
const IN_MEMORY = 16 * 2 ** 20;
/** Forms are small; MAAS itself would take an inline image of any size into memory. */
const LONGEST_FORM = 64 * 2 ** 20;

export type Field = string | Buffer;

export interface ReceiveOptions {
  spool: string;
  /** Bytes each second. */
  rate?: number;
  /** Ends a wait for `rate`. */
  signal: AbortSignal;
  /** Called with the number of bytes of each part as it arrives. */
  onBytes: (count: number) => void;
}

/** A request's body, received to the end: MAAS runs no handler before that. */
export class Body {
  readonly length: number;
  readonly type: string;
  readonly #parts: Buffer[];
  #file: string | undefined;

  constructor(type: string, length: number, parts: Buffer[], file?: string) {
    this.type = type;
    this.length = length;
    this.#parts = parts;
    this.#file = file;
  }

  async *parts(): AsyncGenerator<Buffer> {
    if (this.#file)
      for await (const part of createReadStream(this.#file, { highWaterMark: 2 ** 20 })) yield part;
    else yield* this.#parts;
  }

  /**
   * The body as a file in `spool`, which stays this body's until somebody renames it.
   * @param onPart is given every byte once more.
   */
  async intoFile(spool: string, onPart?: (part: Buffer) => void): Promise<string> {
    if (this.#file) {
      if (onPart) for await (const part of this.parts()) onPart(part);
      return this.#file;
    }
    for (const part of this.#parts) onPart?.(part);
    this.#file = join(spool, randomUUID());
    await writeFile(this.#file, this.#parts, { mode: 0o600 });
    return this.#file;
  }

  /** The fields of an urlencoded, multipart or JSON form, or null when it is none of these. */
  async form(): Promise<Record<string, Field> | null> {
    const type = this.type.split(';')[0]?.trim().toLowerCase() ?? '';
    if (this.length > LONGEST_FORM) refuse(413, `The sandbox takes forms of up to ${LONGEST_FORM} bytes.`);
    if (type === 'application/json') return this.#json();
    if (type !== 'application/x-www-form-urlencoded' && type !== 'multipart/form-data')
      return this.length === 0 ? Object.create(null) : null;
    const data = await new Response(await this.#whole(), { headers: { 'content-type': this.type } })
      .formData()
      .catch(() => refuse(400, 'Bad Request'));
    const fields: Record<string, Field> = Object.create(null);
    for (const [name, value] of data)
      fields[name] = typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer());
    return fields;
  }

  /** Every value of every text field; Django reads a field that is there several times as a list. */
  async values(): Promise<Map<string, string[]>> {
    const type = this.type.split(';')[0]?.trim().toLowerCase() ?? '';
    const all = new Map<string, string[]>();
    const add = (name: string, value: unknown) => {
      const list = all.get(name);
      if (list) list.push(String(value));
      else all.set(name, [String(value)]);
    };
    if (type === 'application/x-www-form-urlencoded')
      for (const [name, value] of new URLSearchParams((await this.#whole()).toString())) add(name, value);
    else if (type === 'application/json') {
      const parsed = await this.#parsed();
      for (const [name, value] of Object.entries(parsed))
        for (const item of Array.isArray(value) ? value : [value]) if (item !== null) add(name, item);
    } else for (const [name, value] of Object.entries((await this.form()) ?? {})) add(name, value);
    return all;
  }

  /** The op that a form carries in place of the URL. */
  async op(): Promise<string | null> {
    if (!this.type.includes('form')) return null;
    const op = (await this.form())?.op;
    return typeof op === 'string' && op !== '' ? op : null;
  }

  async discard(): Promise<void> {
    if (this.#file) await rm(this.#file, { force: true });
    this.#file = undefined;
  }

  async #whole(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.parts()) parts.push(part);
    return Buffer.concat(parts);
  }

  async #json(): Promise<Record<string, Field>> {
    const fields: Record<string, Field> = Object.create(null);
    for (const [name, value] of Object.entries(await this.#parsed()))
      if (value !== null) fields[name] = String(value);
    return fields;
  }

  async #parsed(): Promise<Record<string, unknown>> {
    try {
      return JSON.parse((await this.#whole()).toString()) as Record<string, unknown>;
    } catch {
      return refuse(400, 'Bad Request');
    }
  }
}

/**
 * Takes in a whole body.
 * @throws when the connection ends before the body does; nothing of it is kept.
 */
export async function receive(request: IncomingMessage, options: ReceiveOptions): Promise<Body> {
  const parts: Buffer[] = [];
  let length = 0;
  let path: string | undefined;
  let file: FileHandle | undefined;
  const started = Date.now();
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      length += part.length;
      options.onBytes(part.length);
      const ahead = options.rate ? (length / options.rate) * 1000 - (Date.now() - started) : 0;
      if (ahead > 0) await sleep(ahead, undefined, { signal: options.signal });
      if (!file && length <= IN_MEMORY) {
        parts.push(part);
        continue;
      }
      if (!file) {
        path = join(options.spool, randomUUID());
        file = await open(path, 'w', 0o600);
        for (const earlier of parts.splice(0)) await file.appendFile(earlier);
      }
      await file.appendFile(part);
    }
    if (!request.complete) throw new Error('connection cut');
  } catch (error) {
    await file?.close();
    if (path) await rm(path, { force: true });
    throw error;
  }
  await file?.close();
  return new Body(request.headers['content-type'] ?? '', length, parts, path);
}
