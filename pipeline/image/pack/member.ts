import { constants, type FileHandle, open, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { type Compressor, zlibMember, zlibPiece } from './compressor.ts';
import type { Starters } from './starters.ts';

/**
 * Compresses blocks to a gzip member each, whose header holds neither name nor time.
 * @param slot beginning of the paths of the tool's input; libdeflate-gzip maps whole files and takes no pipe, but several files
 * @param starters of the folder of the slot; undefined: by zlib
 * @returns the paths of the members
 * @throws Fault PACK_FAILED, DISK_FULL
 */
export async function compressMembers(
  { tool }: Compressor,
  level: number,
  blocks: readonly Buffer[],
  slot: string,
  starters: Starters | undefined,
): Promise<string[]> {
  const slots = blocks.map((block, i) => ({ path: `${slot}-${i}`, block }));
  const members = slots.map(({ path }) => `${path}.gz`);
  if (starters)
    await starters.share(slots, async (part, starter) => {
      await forEach(part, ({ path, block }) => overwrite(path, block));
      const { exitCode, said } = await starter.run(part.map(({ path }) => basename(path)));
      if (exitCode !== 0) throw toolFault(tool, exitCode, said);
    });
  else await forEach(blocks, async (block, i) => writeFile(members[i]!, await zlibMember(block, level)));
  await forEach(blocks, (block, i) => assertMember(members[i]!, block.length));
  return members;
}

/** Compresses blocks to pieces of one member. @returns the paths of the pieces */
export async function compressPieces(
  level: number,
  blocks: readonly Buffer[],
  slot: string,
): Promise<string[]> {
  const pieces = blocks.map((_, i) => `${slot}-${i}.deflate`);
  await forEach(blocks, async (block, i) => writeFile(pieces[i]!, await zlibPiece(block, level)));
  return pieces;
}

/** One after the other: other groups of blocks are at work meanwhile. */
async function forEach<T>(
  items: readonly T[],
  act: (item: T, index: number) => Promise<void>,
): Promise<void> {
  for (const [index, item] of items.entries()) await act(item, index);
}

/** Writes over what the slot held before: its pages in memory are used again instead of being freed and found anew. */
async function overwrite(path: string, block: Buffer): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT);
  try {
    await writeAll(file, block, 0);
    await file.truncate(block.length);
  } finally {
    await file.close();
  }
}

/** A write may stop short (a signal, a disk nearly full); this one does not. */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

function toolFault(tool: string, exitCode: number, said: string): Fault {
  if (/No space left/i.test(said)) return fromSystemError({ code: 'ENOSPC' }, 'compressing the image');
  return new Fault('PACK_FAILED', `${tool} ended with exit code ${exitCode}`, {
    detail: said.trim().slice(-2000),
  });
}

/** A gzip member ends with the length of what it holds (RFC 1952, ISIZE): a tool cut short is found at once. */
async function assertMember(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4));
    if (size < 18 || bytesRead !== 4 || buffer.readUInt32LE(0) !== bytes)
      throw new Fault(
        'PACK_FAILED',
        `The compressor wrote ${size} bytes that are not a gzip member of ${bytes}`,
      );
  } finally {
    await file.close();
  }
}
