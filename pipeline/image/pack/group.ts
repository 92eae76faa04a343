import { type Compressor, LEVELS, type Level } from './compressor.ts';
import type { DigestThread } from './digest.ts';
import { compressMembers, compressPieces } from './member.ts';
import { MemberCache } from './member-cache.ts';
import type { Room } from './room.ts';
import type { Starters } from './starters.ts';

export interface GroupOptions {
  compressor: Compressor;
  /** Undefined: it is zlib. */
  starters: Starters | undefined;
  level: Level;
  /** Whether the blocks become pieces of one member. */
  single: boolean;
  digests: DigestThread;
  cache: MemberCache | undefined;
}

/** Files and memory of one group at a time. */
export interface Slot {
  /** Beginning of the paths of what its blocks are compressed to. */
  path: string;
  /** For blocks that are in the cache; they stay there until it is cleared. */
  room: Room;
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
 */
export async function compressGroup(
  blocks: readonly Buffer[],
  { path, room }: Slot,
  { compressor, starters, level, single, digests, cache }: GroupOptions,
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
      ? await compressPieces(power, missing, path)
      : await compressMembers(compressor, power, missing, path, starters);
  const made = paths.values();
  return found.map(({ block, sha256, key, bytes }) => {
    const inside = { tarBytes: block.length, sha256 };
    return bytes ? { ...inside, bytes } : { ...inside, path: made.next().value!, key };
  });
}
