import { expect, test } from 'vitest';
import { findFile, joinExtents, parseReport } from '../../../pipeline/install/iso/listing.ts';
import fc from '../../property.ts';

test('a file above 4 GiB: several lines, one whole size, extents that follow each other', () => {
  const report = `Report layout: xt , Startlba ,   Blocks , Filesize , ISO image path
File data lba:  0 ,       33 ,        1 ,        2 , '/a'"'"'b, x'
File data lba:  0 ,       34 ,  2097151 , 4718591999 , '/live/filesystem.squashfs'
File data lba:  1 ,  2097185 ,   206849 , 4718591999 , '/live/filesystem.squashfs'
`;
  const [first, big] = parseReport(report);
  expect(first).toEqual({ path: "a'b, x", bytes: 2, extents: [{ offset: 33 * 2048, bytes: 2 }] });
  expect(big?.extents).toHaveLength(2);
  expect(joinExtents(big!.extents)).toEqual([{ offset: 34 * 2048, bytes: 4718591999 }]);
});

test('extents cover the file exactly, whatever its size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1 << 30 }),
      fc.integer({ min: 1, max: 400_000 }),
      (bytes, first) => {
        const blocks = Math.ceil(bytes / 2048);
        const lines =
          blocks > first
            ? [
                `0 , 40 , ${first} , ${bytes} , '/f'`,
                `1 , ${40 + first} , ${blocks - first} , ${bytes} , '/f'`,
              ]
            : [`0 , 40 , ${blocks} , ${bytes} , '/f'`];
        const [file] = parseReport(lines.map((line) => `File data lba:  ${line}`).join('\n'));
        expect(joinExtents(file!.extents)).toEqual([{ offset: 40 * 2048, bytes }]);
      },
    ),
  );
});

test('the spelling of an ISO without Rock Ridge is found, the exact one preferred', () => {
  const file = (path: string) => ({ path, bytes: 0, extents: [] });
  const plain = [file('LIVE/FILESYSTEM.SQUASHFS;1'), file('VMLINUZ.;1')];
  expect(findFile(plain, '/live/filesystem.squashfs')?.path).toBe('LIVE/FILESYSTEM.SQUASHFS;1');
  expect(findFile(plain, 'vmlinuz')?.path).toBe('VMLINUZ.;1');
  expect(findFile(plain, 'initrd')).toBeUndefined();
  expect(findFile([file('VMLINUZ'), file('vmlinuz')], 'vmlinuz')?.path).toBe('vmlinuz');
});
