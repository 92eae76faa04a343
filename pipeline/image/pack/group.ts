import { type Compressor, LEVELS, type Level } from './compressor.ts';
import { digestOf } from './digest.ts';
import { compressMembers, compressPieces } from './member.ts';
import { MemberCache } from './member-cache.ts';

export interface GroupOptions {
  compressor: Compressor;
  level: Level;
  /** Whether the blocks become pieces of one member. */
  single: boolean;
  cache: MemberCache | undefined;
  signal: AbortSignal;
}

/** A block that was compressed now, or earlier. */
export type Compressed = {
  tarBytes: number;
  sha256: string;
} & (
  | { bytes: Buffer }
  /** `key`: for the cache; the file may be moved there. */
  | { path: string; key: string | undefined }
);

/** Compresses some blocks of a tar, those together that are not in the cache: a start of the tool costs more than a small block. */
export async function compressGroup(
  blocks: readonly Buffer[],
  slot: string,
  { compressor, level, single, cache, signal }: GroupOptions,
): Promise<Compressed[]> {
  const power = LEVELS[compressor.tool][level];
  const by = `${compressor.tool} ${compressor.version} ${power} ${single ? 'piece' : 'member'}`;
  const found = await Promise.all(
    blocks.map(async (block) => {
      const sha256 = await digestOf(block);
      const key = cache && MemberCache.keyOf(by, sha256);
      const bytes = key === undefined ? undefined : await cache?.find(key);
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
