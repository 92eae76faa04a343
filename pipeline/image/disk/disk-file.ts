import { realpath } from 'node:fs/promises';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { NotRegular, openRegular } from '../../host/files/regular.ts';
import { KIND_BYTES, type Signature, signatureOf } from '../tar/magic.ts';

/** A fixed VHD is a raw disk with this in its last sector. */
const VHD: Signature = { name: 'a VHD disk of fixed size', family: 'disk-file', qemu: 'vpc' };

/**
 * The file of a disk, links followed, and its format.
 * @throws Fault DISK_UNREADABLE that names what it is, and what can be done, when it is neither raw nor qcow2
 */
export async function openDisk(path: string): Promise<{ path: string; format: 'raw' | 'qcow2' }> {
  try {
    const real = await realpath(path);
    await using file = await openRegular(real);
    const info = await file.stat();
    const head = await file.read(Buffer.alloc(KIND_BYTES), 0, KIND_BYTES, 0);
    const tail = await file.read(Buffer.alloc(512), 0, 512, Math.max(0, info.size - 512));
    const fixed = tail.buffer.toString('latin1', 0, 8) === 'conectix';
    const found = fixed ? VHD : signatureOf(head.buffer.subarray(0, head.bytesRead));
    if (found?.qemu === 'qcow2') return { path: real, format: 'qcow2' };
    // Its content, with or without partitions, is examined later.
    if (found === null || found.family === 'table' || found.family === 'part')
      return { path: real, format: 'raw' };
    throw new Fault(
      'DISK_UNREADABLE',
      `${path} is ${found.family === 'tar' ? 'a tar' : found.name}, not a raw or qcow2 disk`,
      {
        hint: remedy(found),
      },
    );
  } catch (error) {
    if (error instanceof NotRegular) throw new Fault('DISK_UNREADABLE', `${path} is not a regular file`);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Fault('DISK_UNREADABLE', `There is no file ${path}`, { cause: error });
    throw error instanceof Fault ? error : fromSystemError(error, `reading ${path}`);
  }
}

const UNPACK: Readonly<Record<string, string>> = {
  gzip: 'gzip -dc',
  xz: 'xz -dc',
  bzip2: 'bzip2 -dc',
  zstd: 'zstd -dc',
  lz4: 'lz4 -dc',
};

function remedy({ name, family, qemu }: Signature): string {
  if (qemu) return `Convert it first: qemu-img convert -f ${qemu} -O qcow2 IN OUT.qcow2`;
  if (family === 'compressed')
    return `Unpack it first: ${UNPACK[name] ?? 'its tool'} FILE > DISK.raw. A tar of a root is packed already: check it with \`validate\`, and send it with \`upload\`.`;
  if (family === 'tar')
    return 'A tar of a root is packed already: check it with `validate`, and send it with `upload`.';
  if (family === 'medium')
    return 'An ISO installs a system and does not contain one: set it as `iso:` of an image, and build that image.';
  return 'Use the disk of a machine that was installed and shut down.';
}
