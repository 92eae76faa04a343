import { constants, type FileHandle, open, writeFile } from 'node:fs/promises';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { $ } from '../../host/process/tool.ts';
import { type Compressor, zlibMember, zlibPiece } from './compressor.ts';

/**
 * Compresses one block to a gzip member whose header holds neither name nor time.
 * @param slot a path for the tool's input; libdeflate-gzip maps whole files and takes no pipe
 * @returns the path of the member
 * @throws Fault PACK_FAILED, DISK_FULL
 */
export async function compressMember(
  { tool }: Compressor,
  level: number,
  block: Buffer,
  slot: string,
  signal: AbortSignal,
): Promise<string> {
  const member = `${slot}.gz`;
  if (tool === 'zlib') await writeFile(member, await zlibMember(block, level));
  else {
    await overwrite(slot, block);
    const { exitCode, stderr } = await $({ signal, nothrow: true })`${tool} -${level} -kf ${slot}`;
    if (exitCode !== 0) throw toolFault(tool, exitCode, stderr);
  }
  await assertMember(member, block.length);
  return member;
}

/** Compresses one block to a piece of a member. @returns the path of the piece */
export async function compressPiece(level: number, block: Buffer, slot: string): Promise<string> {
  const piece = `${slot}.deflate`;
  await writeFile(piece, await zlibPiece(block, level));
  return piece;
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

function toolFault(tool: string, exitCode: number, stderr: string): Fault {
  if (/No space left/i.test(stderr)) return fromSystemError({ code: 'ENOSPC' }, 'compressing the image');
  return new Fault('PACK_FAILED', `${tool} ended with exit code ${exitCode}`, {
    detail: stderr.trim().slice(-2000),
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
