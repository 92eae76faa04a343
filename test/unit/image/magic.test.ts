import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { formatOf, KIND_BYTES, signatureOf } from '../../../pipeline/image/tar/magic.ts';
import { fixChecksum } from '../checks/root.ts';

/** A header of a tar from before POSIX: a name, and a sum over all bytes. */
function oldTar(name = 'etc/passwd'): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 'latin1');
  head.write('0000644\0', 100, 'latin1');
  head[511] = 7;
  fixChecksum(head, 0);
  return head;
}

const at = (offset: number, magic: string | Buffer, length = KIND_BYTES) => {
  const head = Buffer.alloc(length);
  head[0] = 1;
  Buffer.from(magic as string, 'latin1').copy(head, offset);
  return head;
};

describe('the kind of a file by its beginning', () => {
  it.each<[string, Buffer, string | undefined]>([
    ['gzip', gzipSync('x'), 'gzip'],
    ['gzip of two bytes, which text begins with as well', Buffer.from([0x1f, 0x8b]), 'gzip'],
    ['bzip2', Buffer.from('BZh9plain text'), 'bzip2'],
    ['a text that begins like bzip2', Buffer.from('BZhello'), 'plain text'],
    ['bytes that begin like bzip2', Buffer.from('BZhe\x01\x02 padding'), 'bzip2'],
    ['lzma', Buffer.from('5d00008000ffffffffffffffff', 'hex'), 'lzma'],
    ['a script', Buffer.from('#!/bin/sh\n'), 'plain text'],
    ['a program', at(0, '\x7fELF'), 'a program'],
    ['nothing', Buffer.alloc(0), 'empty'],
    ['a page', Buffer.from('\ufeff\n <html>'), 'a web page or XML'],
    ['JSON', Buffer.from(' {"a": 1}'), 'JSON'],
    ['a list in JSON', Buffer.from('[1]'), 'JSON'],
    ['a text', Buffer.from('a = 1\n'), 'plain text'],
    ['bytes', Buffer.from('a\x01\x02\x03 more'), undefined],
    ['the last letter of a text cut in its middle', Buffer.from('grüß dich ü').subarray(0, -1), 'plain text'],
    ['tar', at(257, 'ustar'), 'tar'],
    ['ISO before the table of its partitions', at(32_769, 'CD001'), 'an ISO 9660 medium'],
    ['an MBR', at(510, Buffer.from('55aa', 'hex')), 'a disk with an MBR'],
    [
      'ext4 on a disk with a boot sector',
      Buffer.concat([at(510, Buffer.from('55aa', 'hex'), 1080), Buffer.from('53ef', 'hex')]),
      'ext2, ext3 or ext4',
    ],
    ['Btrfs', at(65_600, '_BHRfS_M'), 'Btrfs'],
    ['an old tar', oldTar(), 'tar'],
    ['an old tar with a member behind it', Buffer.concat([oldTar(), Buffer.alloc(512, 1)]), 'tar'],
    ['an old tar that is cut', oldTar().subarray(0, 511), undefined],
    ['a header of another sum', Buffer.from(oldTar().fill(8, 511)), undefined],
    [
      'a header whose last byte before the sum is another',
      Buffer.from(oldTar().fill(8, 147, 148)),
      undefined,
    ],
    [
      'a header whose first byte behind the sum is another',
      Buffer.from(oldTar().fill(8, 156, 157)),
      undefined,
    ],
    ['a header without a sum', Buffer.from(oldTar().fill(0, 148, 156)), undefined],
    ['a header without a name', Buffer.from(oldTar('')), undefined],
  ])('%s', (_what, head, name) => {
    expect(signatureOf(head)?.name).toBe(name);
  });

  it.each<[string, Buffer, string, string]>([
    ['gzip', gzipSync('x'), 'gzip', 'gzip'],
    ['xz', Buffer.from('fd377a585a00', 'hex'), 'xz', 'xz'],
    ['bzip2', Buffer.from('BZh9x'), 'bzip2', 'bzip2'],
    ['tar', at(257, 'ustar'), 'none', 'tar'],
    ['an old tar', oldTar(), 'none', 'tar'],
    ['nothing', Buffer.alloc(0), 'none', 'tar'],
    ['unknown bytes', Buffer.from('\x01\x02\x03\x04\x05'), 'none', 'tar'],
    ['zstd', Buffer.from('28b52ffd', 'hex'), 'unknown', 'zstd'],
    ['a page', Buffer.from('<html>'), 'unknown', 'a web page or XML'],
  ])('%s as a compression', (_what, head, format, name) => {
    expect(formatOf(head)).toEqual({ format, name });
  });
});
