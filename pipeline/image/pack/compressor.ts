import { promisify } from 'node:util';
import { constants, deflateRaw, gzip } from 'node:zlib';
import { Fault } from '../../core/faults/fault.ts';
import { versionOutput } from '../../host/process/version-output.ts';
import { SIZES } from './cut.ts';

/** Place on the curve of time and size. */
export type Level = 'fast' | 'normal' | 'small';

/** The number of members of the gzip: many, or one for readers that stop after the first. */
export type Members = 'many' | 'single';

/** The program that compresses one member. */
export interface Compressor {
  tool: 'libdeflate-gzip' | 'zlib';
  version: string;
}

/**
 * Levels of each compressor. Measured on a root tar, against gzip -6: libdeflate 1, 6, 9 take 0.19, 0.3, 0.8 of its time
 * for 1.08, 0.99, 0.98 of its size; its levels above 9 take ten times as long for half a percent.
 */
export const LEVELS: Record<Compressor['tool'], Record<Level, number>> = {
  'libdeflate-gzip': { fast: 1, normal: 6, small: 9 },
  zlib: { fast: 1, normal: 6, small: 9 },
};

/** Node's own; the only one that makes pieces of one member. */
export const ZLIB: Compressor = { tool: 'zlib', version: process.versions.zlib ?? 'unknown' };

/** The best compressor of this host: libdeflate's tool (Debian's libdeflate-tools) where installed, else Node's zlib. */
export async function gzipTools(): Promise<Compressor> {
  try {
    const { exitCode, stdout } = await versionOutput(['libdeflate-gzip', '-V']);
    const version = /v?(\d+\.\d+[\w.]*)/.exec(stdout)?.[1];
    if (exitCode === 0 && version) return { tool: 'libdeflate-gzip', version };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'TOOL_MISSING') throw error;
  }
  return ZLIB;
}

/** Everything that decides which bytes a tar is compressed to, for the fingerprint. */
export async function compressorId(level: Level, members: Members = 'many'): Promise<string> {
  const { tool, version } = members === 'single' ? ZLIB : await gzipTools();
  const pieces = members === 'single' ? 'one member of pieces' : 'members';
  const { least, mean, most } = SIZES;
  return `${tool} ${version}, level ${LEVELS[tool][level]}, ${pieces} of ${least} to ${most} bytes, ${mean} on average, cut at files`;
}

const gzipAsync = promisify(gzip);
const deflateAsync = promisify(deflateRaw);

const OPTIONS = { memLevel: 9, strategy: constants.Z_DEFAULT_STRATEGY, chunkSize: 4 << 20 };

/** One gzip member by Node's zlib, on a thread of libuv's pool; its header holds neither name nor time. */
export async function zlibMember(block: Buffer, level: number): Promise<Buffer> {
  return await gzipAsync(block, {
    level,
    ...OPTIONS,
  });
}

/**
 * A piece of one gzip member: deflate blocks that end on a byte without being the last, so that pieces made in parallel can
 * stand one after the other between `MEMBER_HEAD` and `memberTail`.
 */
export async function zlibPiece(block: Buffer, level: number): Promise<Buffer> {
  return await deflateAsync(block, { level, ...OPTIONS, finishFlush: constants.Z_SYNC_FLUSH });
}

/** RFC 1952: deflate, neither name nor time, made on Unix. */
export const MEMBER_HEAD = Buffer.from('1f8b0800000000000003', 'hex');

/** The empty last block of deflate, the sum of all that is inside (CRC-32), and its length. */
export function memberTail(crc: number, bytes: number): Buffer {
  const tail = Buffer.from('03000000000000000000', 'hex');
  tail.writeUInt32LE(crc >>> 0, 2);
  tail.writeUInt32LE(bytes % 2 ** 32, 6);
  return tail;
}
