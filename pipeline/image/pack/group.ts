import { type Compressor, LEVELS, type Level } from './compressor.ts';
import type { BlockDigests } from './digest.ts';
import { compressMembers, compressPieces } from './member.ts';
import { MemberCache } from './member-cache.ts';
import type { Room } from './room.ts';

export interface GroupOptions {
  compressor: Compressor;
  level: Level;
  /** Whether the blocks become pieces of one member. */
  single: boolean;
  digests: BlockDigests;
  cache: MemberCache | undefined;
  signal: AbortSignal;
}

/** A block that was compressed now, or earlier: then its bytes are in the room of its group. */
export type Compressed = {
  tarBytes: number;
  sha256: string;
} /** In the room of its group. */ & (
  | { bytes: Buffer }
  /** `key`: for the cache; the file may be moved there. */
  | { path: string; key: string | undefined }
);

/**
 * Compresses some blocks of a tar, those together that are not in the cache: a start of the tool costs more than a small block.
 * @param room for those that are; they stay there until it is cleared
 */
export async function compressGroup(
  blocks: readonly Buffer[],
  slot: string,
  room: Room,
  { compressor, level, single, digests, cache, signal }: GroupOptions,
): Promise<Compressed[]> {
  const power = LEVELS[compressor.tool][level];
  const by = `${compressor.tool} ${compressor.version} ${power} ${single ? 'piece' : 'member'}`;
  const found = await Promise.all(
    blocks.map(async (block) => {
      const sha256 = await digests.of(block);
      const key = cache && MemberCache.keyOf(by, sha256);
      const bytes = key === undefined ? undefined : await cache?.find(key, block.length, room);
      return { block, sha256, key, bytes };
    }),
  );
  const missing = found.filter(({ bytes }) => bytes === undefined).map(({ block }) => block);
  let paths: string[] = [];
  if (missing.length > 0)
    paths = single
      ? await compressPieces(power, missing, slot)
      : await compressMembers(compressor, power, missing, slot, signal);
  const made = paths.values();
  return found.map(({ block, sha256, key, bytes }) => {
    const inside = { tarBytes: block.length, sha256 };
    return bytes ? { ...inside, bytes } : { ...inside, path: made.next().value!, key };
  });
}
