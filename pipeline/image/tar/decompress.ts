import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Format } from './magic.ts';

/** Bytes that come out at a time: larger is faster, and memory is this times a few. */
const CHUNK = 256 << 10;
/** Chunks that are inflated ahead of their reader. */
const AHEAD = 8;

/** A stream being unpacked: compressed bytes go in, the tar goes to the sink given at the start. */
export interface Decompressor {
  /** Resolves when more may be written; bytes after the end of the stream are only looked at. */
  write(chunk: Buffer): Promise<void>;
  /** After the last byte: what was wrong with the stream, in words, or null. */
  end(): Promise<string | null>;
  /** Stops without a verdict. */
  destroy(): void;
}

/** Opens the decompressor of a format. xz and bzip2 are the programs of that name. */
export async function decompressor(
  format: Format,
  sink: (chunk: Buffer) => Promise<void>,
): Promise<Decompressor> {
  if (format === 'gzip') return gunzip(sink);
  if (format === 'xz') return program('xz', sink);
  if (format === 'bzip2') return program('bzip2', sink);
  return { write: sink, end: async () => null, destroy: () => {} };
}

/** Gives a stream's chunks to the sink one after the other. */
async function drain(source: Readable, sink: (chunk: Buffer) => Promise<void>): Promise<void> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    await sink(chunk);
    giveBack(chunk);
  }
}

/**
 * zlib takes a new buffer when one is full, and the collector lets tens of MB of them pile up: gives the buffer of its last chunk
 * back at once (where Node can: from 22 on).
 * @param ended whether nothing more is written behind the chunk; default: its buffer is full
 */
export function giveBack(
  chunk: Buffer,
  ended = chunk.byteOffset + chunk.length === chunk.buffer.byteLength,
): void {
  const { buffer } = chunk as Buffer & { buffer: { transfer?(size: number): void } };
  if (ended && buffer.byteLength >= CHUNK) buffer.transfer?.(0);
}

function gunzip(sink: (chunk: Buffer) => Promise<void>): Decompressor {
  // By the chunk, so that several wait while one is read: as bytes they would be put together in one more buffer.
  const stream = createGunzip({
    chunkSize: CHUNK,
    readableObjectMode: true,
    readableHighWaterMark: AHEAD,
  } as never);
  const feeder = feed(stream, drain(stream, sink));
  let taken = 0;
  let lastNonZero = 0;
  return {
    async write(chunk) {
      // zlib stops at the last member and does not say where: remember where the last byte that counts is.
      for (let i = chunk.length - 1; i >= 0; i--)
        if (chunk[i] !== 0) {
          lastNonZero = taken + i + 1;
          break;
        }
      taken += chunk.length;
      await feeder.write(chunk);
    },
    async end() {
      const error = (await feeder.end()) as NodeJS.ErrnoException | null;
      if (error) return gzipProblem(error, stream.bytesWritten);
      return lastNonZero > stream.bytesWritten
        ? `${lastNonZero - stream.bytesWritten} bytes of something else follow the gzip stream: gzip ends with an error there`
        : null;
    },
    destroy: () => stream.destroy(),
  };
}

function gzipProblem(error: NodeJS.ErrnoException, at: number): string {
  // The first header was one, so this is what stands behind a member.
  if (error.code === 'Z_DATA_ERROR' && /header check|compression method/.test(error.message))
    return `something that is not gzip follows a gzip stream, near byte ${at}: gzip ends with an error there`;
  if (error.code === 'Z_BUF_ERROR') return `the gzip stream breaks off after ${at} bytes`;
  return `the gzip stream is damaged near byte ${at}: ${error.message}`;
}

async function program(tool: 'xz' | 'bzip2', sink: (chunk: Buffer) => Promise<void>): Promise<Decompressor> {
  // Few images need a program: most are spared the memory of loading this.
  const [{ execa }, { toolMissing }] = await Promise.all([
    import('execa'),
    import('../../host/process/tool-fault.ts'),
  ]);
  const child = execa(tool, ['-dc'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: { stdout: false, stderr: true },
    maxBuffer: 10_000,
    reject: false,
    cleanup: true,
    extendEnv: false,
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' },
  });
  const feeder = feed(child.stdin, drain(child.stdout, sink));
  return {
    write: feeder.write,
    async end() {
      const error = await feeder.end();
      const result = await child;
      if (result.code === 'ENOENT') throw toolMissing(tool, `read a .tar.${tool === 'xz' ? 'xz' : 'bz2'}`);
      if (result.exitCode === 0 && !error) return null;
      const said = String(result.stderr ?? '')
        .trim()
        .split('\n')
        .filter(Boolean);
      return `the ${tool} stream is not complete: ${(said[0] ?? error?.message ?? `exit code ${result.exitCode}`).replace(/^\S+: (\(stdin\): )?/, '').trim()}`;
    },
    destroy: () => child.kill('SIGKILL'),
  };
}

/**
 * Writes into a stream whose other end is being drained. Errors of the stream wait for `end`: a damaged stream is a finding.
 * An error of the sink is thrown at the next write.
 */
function feed(target: Writable, drained: Promise<void>) {
  let problem: Error | null = null;
  let over = false;
  const finished = drained.then(
    () => {
      over = true;
    },
    (error: Error) => {
      over = true;
      problem ??= error;
    },
  );
  target.on('error', (error) => {
    over = true;
    // A stream whose reader is through with it aborts the writes that are left: zeros behind the last member.
    if (error.name !== 'AbortError') problem ??= error;
  });
  return {
    async write(chunk: Buffer): Promise<void> {
      if (over || target.write(chunk)) return;
      const gone = new AbortController();
      // `drain` never comes when the stream has ended or failed meanwhile.
      await Promise.race([once(target, 'drain', { signal: gone.signal }).catch(() => {}), finished]);
      gone.abort();
    },
    async end(): Promise<Error | null> {
      if (!over) target.end();
      await finished;
      return problem;
    },
  };
}
