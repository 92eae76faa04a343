import { Writable } from 'node:stream';
import type { ImageFacts } from '../facts/facts.ts';
import { createInspector, type Inspector } from '../facts/inspector.ts';
import { type Decompressor, decompressor } from '../tar/decompress.ts';
import { type Format, formatOf, MAGIC_BYTES } from '../tar/magic.ts';
import { Feed } from './feed.ts';

/** The state of the compressed stream that the tar came in. */
export interface StreamFacts {
  format: Format;
  /** Whether the decompressor came to the end of the stream without complaint. */
  whole: boolean;
  /** Compressed bytes. */
  bytes: number;
  /** The problem, in words; null: none. */
  problem: string | null;
}

/** The result of reading an image. */
export interface ImageContent {
  facts: ImageFacts;
  stream: StreamFacts;
}

/** Beyond these a stream is a bomb: no root file system packs so well. Below the first nothing is said: zeros pack well. */
const BOMB_BYTES = 4 * 2 ** 30;
const BOMB_RATIO = 400;

export interface ReaderOptions {
  /** Ends the programs that facts need. */
  signal: AbortSignal;
  /** The bytes are a tar that the packer compresses meanwhile: nothing is unpacked, whatever it begins with. */
  plainTar?: boolean;
}

/**
 * The one reader of an image: bytes go in as they are, facts on the tar and on its stream come out. It finds the format,
 * unpacks, stops at a bomb, and takes the same memory for any size. Whatever is wrong with the image is in the facts, never
 * an error of the stream. A chunk may be used again once the write
 * after it has called back; of a plain tar, once its own has.
 */
export class ImageReader extends Writable {
  readonly #inspector: Inspector;
  readonly #tar: Feed;
  readonly #plain: boolean;
  #head: Buffer[] = [];
  #headBytes = 0;
  #taken = 0;
  #found: ReturnType<typeof formatOf> | undefined;
  #decompressor: Decompressor | undefined;
  #bomb: string | null = null;
  #content: ImageContent | undefined;

  constructor({ signal, plainTar = false }: ReaderOptions) {
    super({ highWaterMark: 1 << 20 });
    this.#plain = plainTar;
    this.#inspector = createInspector({ signal });
    this.#tar = new Feed(this.#inspector);
  }

  /** The result; available once the stream has finished. */
  get content(): ImageContent {
    if (!this.#content) throw new Error('The image was not read to its end');
    return this.#content;
  }

  /** Members of the archive so far. */
  get members(): number {
    return this.#inspector.members;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#take(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#finish().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#content === undefined) this.#decompressor?.destroy();
    this.#inspector.destroy();
    done(error);
  }

  async #take(chunk: Buffer): Promise<void> {
    this.#taken += chunk.length;
    if (this.#bomb !== null || this.#found?.format === 'unknown') return;
    if (this.#plain && !this.#decompressor) await this.#start();
    if (this.#decompressor) return this.#decompressor.write(chunk);
    // A copy: the source may use the chunk again.
    this.#head.push(Buffer.from(chunk));
    this.#headBytes += chunk.length;
    if (this.#headBytes >= MAGIC_BYTES) await this.#start();
  }

  async #start(): Promise<void> {
    const head = Buffer.concat(this.#head);
    this.#head = [];
    this.#found = this.#plain ? { format: 'none', name: 'tar' } : formatOf(head);
    if (this.#found.format === 'unknown') return;
    this.#decompressor = await decompressor(this.#found.format, (chunk) => this.#inspect(chunk));
    await this.#decompressor.write(head);
  }

  async #inspect(chunk: Buffer): Promise<void> {
    const { tarBytes } = this.#inspector;
    if (tarBytes > BOMB_BYTES && tarBytes > this.#taken * BOMB_RATIO && this.#bomb === null) {
      this.#bomb = `a decompression bomb: ${this.#taken} bytes unpack to more than ${tarBytes} bytes; unpacking was stopped`;
      this.#decompressor?.destroy();
    }
    if (this.#bomb === null) await this.#tar.write(chunk);
  }

  async #finish(): Promise<void> {
    if (!this.#found) await this.#start();
    let problem = this.#bomb;
    if (problem === null && this.#decompressor) problem = await this.#decompressor.end();
    const { format, name } = this.#found!;
    if (format === 'unknown') problem = `the file is ${name}`;
    this.#inspector.end();
    const facts = await this.#inspector.facts();
    this.#content = { facts, stream: { format, whole: problem === null, bytes: this.#taken, problem } };
  }
}
