import zlib from 'node:zlib';
import { ModinfoReader, type ModuleInfo } from '../../parsers/modinfo.ts';
import { shown } from '../../tar/names.ts';
import type { Collector, Member } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

const MODULE = /^(?:usr\/)?lib\/modules\/([^/]+)\/(.*\/)?([^/]+)\.ko(?:\.(xz|zst|gz))?$/;
/** The end of a signed module (the kernel's scripts/sign-file). */
const MARKER = Buffer.from('~Module signature appended~\n');
const MOST = 500;
/** Those whose version or place is compared with others; they are read however many other modules there are. */
const COMPARED = /^(?:nvidia|nvidia-fs|mlx5_core)$/;
const MOST_COMPARED = 200;
/** A compressed module waits in memory for its turn: nvidia.ko has 64 MB, and a third of it compressed. */
const LARGEST_COMPRESSED = 32 << 20;
/** No module unpacks to more; nvidia.ko with its symbols has 170 MB. */
const MOST_UNPACKED = 512 << 20;

/** A module of NVIDIA's or of another vendor, with what it says of itself. */
export interface AddedModule extends ModuleInfo {
  module: string;
  /** The kernel in whose folder it is; `kernel` of ModuleInfo is the one that it was built for. */
  folder: string;
  path: string;
  /** Why it says nothing here; null: it was read. */
  unread: string | null;
}

type Modules = Pick<ImageFacts, 'modules'>;

/**
 * The signed kernel modules among those that no kernel package brings (DKMS, other vendors), and the driver and kernel for which those of NVIDIA
 * were built. Of a signature only its presence is known: whose it is and whether a machine trusts that key is not in the image. Modules compressed
 * by xz are not looked into, and by zstd only where Node can (22.15 and newer).
 */
export function modulesCollector(): Collector<Modules> {
  const found: ImageFacts['modules'] = { signed: 0, unsigned: [], unread: [], added: [] };
  const modinfo = new ModinfoReader();
  let counted = 0;
  let compared = 0;
  return {
    stream(member) {
      const [, kernel, folder = '', name, compression] = MODULE.exec(member.path) ?? [];
      if (!kernel || !name || (folder.startsWith('kernel/') && !name.startsWith('nvidia'))) return null;
      const special = COMPARED.test(name) && compared < MOST_COMPARED;
      const rest = counted < MOST;
      if (!special && !rest) return null;
      // Now: the headers of several members come before the first of their contents.
      if (special) compared += 1;
      counted += 1;
      const module = { module: shown(name), kernel: shown(kernel) };
      return read(member, compression, modinfo, ({ tail, info, unread }) => {
        if (!rest) {
          // Counted no more; what it says of itself is compared all the same.
        } else if (unread !== null) found.unread.push(module);
        else if (tail?.equals(MARKER)) found.signed += 1;
        else found.unsigned.push(module);
        const { version = null, kernel: of = null } = info ?? {};
        if (special || (of !== null && of !== kernel && compared++ < MOST_COMPARED))
          found.added.push({
            ...{ module: module.module, folder: module.kernel, path: `/${shown(member.path)}`, unread },
            ...{ version: version && shown(version), kernel: of && shown(of) },
          });
      });
    },
    finish: () => ({ modules: found }),
  };
}

interface Read {
  /** The last bytes of what a member holds when unpacked. */
  tail?: Buffer;
  info: ModuleInfo | null;
  /** Why nothing can be said of it. */
  unread: string | null;
}

/** Reads a module as it comes and says what it is at its end; null: it is not read, which is said at once. */
function read(
  member: Member,
  compression: string | undefined,
  modinfo: ModinfoReader,
  say: (read: Read) => void,
) {
  const unread =
    compression === 'xz'
      ? 'it is compressed by xz'
      : compression === 'zst' && !zlib.createZstdDecompress
        ? 'it is compressed by zstd, which this version of Node cannot unpack'
        : member.sparse
          ? 'it is stored with holes'
          : compression && member.size > LARGEST_COMPRESSED
            ? `it has ${member.size} bytes compressed`
            : null;
  if (unread !== null) {
    say({ info: null, unread });
    return null;
  }
  let tail = Buffer.alloc(0);
  let bytes = 0;
  const keep = (chunk: Buffer) => {
    bytes += chunk.length;
    tail = Buffer.concat([tail, chunk.subarray(-MARKER.length)]).subarray(-MARKER.length);
    modinfo.write(chunk);
  };
  const said = (): Read => ({ tail, info: modinfo.end(), unread: null });
  if (compression === undefined) return { write: keep, end: async () => say(said()) };
  const unpacked = compression === 'gz' ? zlib.createGunzip() : zlib.createZstdDecompress();
  const ended = new Promise<boolean>((resolve) => {
    unpacked.on('end', () => resolve(true)).on('error', () => resolve(false));
  });
  unpacked.on('data', (chunk: Buffer) => {
    keep(chunk);
    if (bytes > MOST_UNPACKED) unpacked.destroy(new Error('too large'));
  });
  return {
    // A copy: the chunk is used again before this one is unpacked.
    write: (chunk: Buffer) => void (unpacked.destroyed || unpacked.write(Buffer.from(chunk))),
    async end() {
      if (!unpacked.destroyed) unpacked.end();
      const whole = await ended;
      const all = said();
      say(
        whole
          ? all
          : { info: null, unread: bytes > MOST_UNPACKED ? 'it unpacks to too much' : 'it is damaged' },
      );
    },
  };
}
