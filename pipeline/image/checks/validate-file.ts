import { createHash } from 'node:crypto';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { ImageFacts } from '../facts/facts.ts';
import { createInspector, type Inspector } from '../facts/inspector.ts';
import { type Decompressor, decompressor } from '../tar/decompress.ts';
import { formatOf, MAGIC_BYTES } from '../tar/magic.ts';
import { openSource, sourceFault } from '../tar/source.ts';
import { type JudgeOptions, judge, type Verdict } from './judge.ts';
import { profileOf } from './profiles.ts';
import type { StreamFacts } from './types.ts';

export interface ValidateOptions extends Omit<JudgeOptions, 'stream'> {
  signal: AbortSignal;
  emit?: Emit;
  /** Milliseconds that the server of a URL may be silent. */
  stallMs?: number | undefined;
  /** Ask the image's archives whether they are there. */
  probeSources?: boolean;
}

export interface ValidatedFile {
  /** The source, without credentials. */
  name: string;
  facts: ImageFacts;
  verdict: Verdict;
  stream: StreamFacts;
  /** Of the bytes as they are, compressed. */
  sha256: string;
  size: number;
}

/** Beyond these a stream is a bomb: no root file system packs so well. Below the first nothing is said: zeros pack well. */
const BOMB_BYTES = 4 * 2 ** 30;
const BOMB_RATIO = 400;

/**
 * Validates an image from a path, `-` for stdin, or an http(s) URL in one pass, in constant memory. Whatever is wrong with the image is
 * in the verdict.
 * @throws Fault IMAGE_UNREADABLE when the bytes cannot be had; USAGE for an unknown profile; INTERRUPTED
 */
export async function validateFile(source: string, options: ValidateOptions): Promise<ValidatedFile> {
  const { signal, emit } = options;
  // A wrong name should not cost the reading of a whole image.
  if (typeof options.profile === 'string') profileOf(options.profile);
  const { name, chunks, size: total } = await openSource(source, signal, options.stallMs);
  const hash = createHash('sha256');
  const reader = new Reader(signal);
  let size = 0;
  let told = 0;
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) throw stopped(signal);
      hash.update(chunk);
      size += chunk.length;
      await reader.write(chunk);
      if (emit && size - told >= 8 << 20) {
        told = size;
        emit({
          type: 'progress',
          id: 'validate',
          label: `reading ${name}`,
          done: size,
          total,
          unit: 'bytes',
          note: `${reader.members} members`,
        });
      }
    }
  } catch (error) {
    reader.destroy();
    if (signal.aborted) throw stopped(signal);
    throw error instanceof Fault ? error : sourceFault(error, name);
  }
  const { facts, stream: streamFacts } = await reader.end(size);
  if (emit)
    emit({
      type: 'progress',
      id: 'validate',
      label: `reading ${name}`,
      done: size,
      total: total ?? size,
      unit: 'bytes',
    });
  const archives = options.probeSources ? await probed(facts, options) : null;
  const verdict = judge(facts, { ...options, stream: streamFacts, archives });
  for (const note of verdict.notes ?? []) options.emit?.({ type: 'notice', level: 'warning', message: note });
  return {
    name,
    facts,
    verdict,
    stream: streamFacts,
    sha256: hash.digest('hex'),
    size,
  };
}

async function probed(facts: ImageFacts, { signal, emit }: ValidateOptions) {
  const { probeSources } = await import('./probe-sources.ts');
  emit?.({ type: 'activity', id: 'validate', label: 'asking the archives of the image' });
  return probeSources(facts.apt.archives, { signal });
}

/** Compressed bytes in, facts out: finds the format, unpacks, and stops unpacking at a bomb. */
class Reader {
  readonly #inspector: Inspector;
  #head: Buffer[] = [];
  #headBytes = 0;
  #taken = 0;
  #format: ReturnType<typeof formatOf> | undefined;
  #decompressor: Decompressor | undefined;
  #bomb: string | null = null;

  constructor(signal: AbortSignal) {
    this.#inspector = createInspector({ signal });
    this.#inspector.on('error', () => {});
  }

  async write(chunk: Buffer): Promise<void> {
    this.#taken += chunk.length;
    if (this.#bomb !== null || this.#format?.format === 'unknown') return;
    if (this.#decompressor) return this.#decompressor.write(chunk);
    // A copy: the source may use the chunk again.
    this.#head.push(Buffer.from(chunk));
    this.#headBytes += chunk.length;
    if (this.#headBytes >= MAGIC_BYTES) await this.#start();
  }

  async end(bytes: number): Promise<{ facts: ImageFacts; stream: StreamFacts }> {
    if (!this.#format) await this.#start();
    let problem = this.#bomb;
    if (problem === null && this.#decompressor) problem = await this.#decompressor.end();
    const { format, name } = this.#format!;
    if (format === 'unknown') problem = `the file is ${name}`;
    this.#inspector.end();
    const facts = await this.#inspector.facts();
    return { facts, stream: { format, whole: problem === null, bytes, problem } };
  }

  /** Of the archive, so far. */
  get members(): number {
    return this.#inspector.members;
  }

  destroy(): void {
    this.#decompressor?.destroy();
    this.#inspector.destroy();
  }

  async #start(): Promise<void> {
    const head = Buffer.concat(this.#head);
    this.#head = [];
    this.#format = formatOf(head);
    if (this.#format.format === 'unknown') return;
    this.#decompressor = await decompressor(this.#format.format, (chunk) => this.#inspect(chunk));
    if (head.length > 0) await this.#decompressor.write(head);
  }

  async #inspect(chunk: Buffer): Promise<void> {
    const { tarBytes } = this.#inspector;
    if (tarBytes > BOMB_BYTES && tarBytes > this.#taken * BOMB_RATIO && this.#bomb === null) {
      this.#bomb = `a decompression bomb: ${this.#taken} bytes unpack to more than ${tarBytes} bytes; unpacking was stopped`;
      this.#decompressor?.destroy();
    }
    if (this.#bomb !== null) return;
    await new Promise<void>((resolve, reject) =>
      this.#inspector.write(chunk, (error) => (error ? reject(error) : resolve())),
    );
  }
}

function stopped(signal: AbortSignal): Fault {
  return signal.reason instanceof Fault ? signal.reason : new Fault('INTERRUPTED', 'Interrupted');
}
