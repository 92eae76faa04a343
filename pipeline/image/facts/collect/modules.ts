import zlib from 'node:zlib';
import { shown } from '../../tar/names.ts';
import type { Collector, Member } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

const MODULE = /^(?:usr\/)?lib\/modules\/([^/]+)\/(.*\/)?([^/]+)\.ko(?:\.(xz|zst|gz))?$/;
/** What a signed module ends with (the kernel's scripts/sign-file). */
const MARKER = Buffer.from('~Module signature appended~\n');
const MOST = 500;

type Modules = Pick<ImageFacts, 'modules'>;

/**
 * Which kernel modules that no kernel package brings (DKMS, other vendors) carry a signature. Only its presence is known: whose it is
 * and whether a machine trusts that key is not in the image. Modules compressed by xz are not looked into, and by zstd only where
 * Node can (22.15 and newer).
 */
export function modulesCollector(): Collector<Modules> {
  const found: ImageFacts['modules'] = { signed: 0, unsigned: [], unread: [] };
  return {
    stream(member) {
      const [, kernel, folder = '', name, compression] = MODULE.exec(member.path) ?? [];
      if (!kernel || !name || (folder.startsWith('kernel/') && !name.startsWith('nvidia'))) return null;
      if (found.signed + found.unsigned.length + found.unread.length >= MOST) return null;
      const module = { module: shown(name), kernel: shown(kernel) };
      const judge = (tail: Buffer | null) => {
        if (tail === null) found.unread.push(module);
        else if (tail.equals(MARKER)) found.signed += 1;
        else found.unsigned.push(module);
      };
      return tailOf(member, compression, judge);
    },
    finish: () => ({ modules: found }),
  };
}

/** The last bytes of what a member holds when unpacked; null: they cannot be had. */
function tailOf(member: Member, compression: string | undefined, judge: (tail: Buffer | null) => void) {
  let tail = Buffer.alloc(0);
  const keep = (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk.subarray(-MARKER.length)]).subarray(-MARKER.length);
  };
  if (member.sparse || compression === 'xz' || (compression === 'zst' && !zlib.createZstdDecompress)) {
    judge(null);
    return null;
  }
  if (compression === undefined) return { write: keep, end: async () => judge(tail) };
  const unpacked = compression === 'gz' ? zlib.createGunzip() : zlib.createZstdDecompress();
  const ended = new Promise<boolean>((resolve) => {
    unpacked.on('end', () => resolve(true)).on('error', () => resolve(false));
  });
  unpacked.on('data', keep);
  return {
    // A copy: the chunk is used again before this one is unpacked.
    write: (chunk: Buffer) => void unpacked.write(Buffer.from(chunk)),
    async end() {
      unpacked.end();
      judge((await ended) ? tail : null);
    },
  };
}
