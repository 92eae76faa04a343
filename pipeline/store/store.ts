import { createHash } from 'node:crypto';
import type { StoredFile } from './entry.ts';

/** Bytes of a file and its SHA-256: the name under which the store keeps it. */
export type Blob = Pick<StoredFile, 'sha256' | 'size'>;

/** A file of the store from some byte on. */
export interface Reading {
  /** The first byte that comes: less than what was asked for where a server sends the whole file. */
  from: number;
  /** Bytes of the whole file; undefined where a server does not say it. */
  total: number | undefined;
  /** Once. Leaving the loop ends the transfer. */
  bytes: AsyncIterable<Buffer>;
  /** For who does without the bytes. */
  discard(): Promise<void>;
}

/** A file to put: its bytes, and what they are known to be before they are sent. */
export interface Content extends Blob {
  /** Each iteration begins anew. */
  bytes: Buffer | AsyncIterable<Buffer>;
}

/** A small file to put. */
export function contentOf(bytes: Buffer): Content & { bytes: Buffer } {
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), bytes };
}

/** A file of the store, as a listing has it. */
export interface Listed {
  key: string;
  size: number;
  /** Milliseconds since 1970. */
  changedMs: number;
}

/**
 * Files by key (`blobs/ab/SHA256`), each whole or not there at all. What is in them is judged by whoever reads them.
 * Every method throws a Fault where the store cannot be used: STORE_UNREACHABLE, STORE_REFUSED, DISK_FULL and others of the system;
 * INTERRUPTED when the signal is aborted.
 */
export interface Store {
  /** The folder or the URL, without credentials: for messages. */
  readonly place: string;
  /** Bytes of the file, or undefined where it is not there. @throws BadEntry */
  size(key: string): Promise<number | undefined>;
  /** The file from a byte on, or undefined where it is not there. @throws BadEntry; Broken also while it is read */
  read(key: string, from: number): Promise<Reading | undefined>;
  /**
   * Puts a file: until it is whole nobody sees it.
   * @param replace whether it takes the place of an earlier one, which is kept otherwise
   * @returns `there` where an earlier one was kept
   */
  put(key: string, content: Content, replace: boolean): Promise<'put' | 'there'>;
  /** Every file, or those below a folder, in no order. A Fault STORE_REFUSED is thrown where the store cannot list them. */
  list(below?: string): AsyncIterable<Listed>;
  /** Deletes a file; one that is gone is not an error. */
  remove(key: string): Promise<void>;
  close(): void;
}

/** The same bytes. @throws BadEntry where there are more than `most` */
export async function* limited(
  key: string,
  bytes: AsyncIterable<Buffer>,
  most: number,
): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const part of bytes) {
    size += part.length;
    if (size > most) throw new BadEntry(key, `it has more than ${most} bytes`);
    yield part;
  }
}

/** The bytes of a small file. @throws BadEntry where there are more than `most` */
export async function allBytes(key: string, bytes: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of limited(key, bytes, most)) parts.push(part);
  return Buffer.concat(parts);
}

/** A file of the store that is not what it should be: never a result, and no reason to stop. */
export class BadEntry extends Error {
  readonly key: string;
  constructor(key: string, problem: string) {
    super(problem);
    this.name = 'BadEntry';
    this.key = key;
  }
}
