import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { DigestThread } from '../../../pipeline/image/pack/digest.ts';
import { Room } from '../../../pipeline/image/pack/room.ts';

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('digests are those of the blocks, in whichever memory, asked for at once', async () => {
  const digests = new DigestThread();
  const shared = Buffer.from(new SharedArrayBuffer(9000));
  randomBytes(9000).copy(shared);
  const blocks = [shared.subarray(0, 1), shared.subarray(1, 8000), randomBytes(500), Buffer.alloc(0), shared];
  expect(await Promise.all(blocks.map((block) => digests.of(block)))).toEqual(blocks.map(sha));
  await digests.close();
});

test('sums go on from others, and the digest of all parts is that of their bytes in order', async () => {
  const digests = new DigestThread();
  const bytes = randomBytes(5000);
  const parts = [bytes.subarray(0, 10), bytes.subarray(10, 10), bytes.subarray(10)];
  const first = digests.crc(parts[0]!, 7);
  const added = parts.map((part) => digests.add(part));
  const second = digests.crc(parts[2]!, await first);
  const whole = digests.of(bytes);
  expect([await first, await second]).toEqual([crc32(parts[0]!, 7), crc32(bytes, 7)]);
  expect(await whole).toBe(sha(bytes));
  await Promise.all(added);
  expect(await digests.digest()).toBe(sha(bytes));
  await digests.close();
});

test('a digest that is waited for fails when the thread is ended, and so does every later one', async () => {
  const digests = new DigestThread();
  const waiting = expect(digests.of(Buffer.from(new SharedArrayBuffer(64 << 20)))).rejects.toThrow(
    'has ended',
  );
  await digests.close();
  await waiting;
  await expect(digests.of(Buffer.alloc(1))).rejects.toThrow('has ended');
});

test('parts of a room do not overlap, and one that does not fit has memory of its own', () => {
  const room = new Room(10);
  const parts = [room.take(4), room.take(7), room.take(6), room.take(1)];
  for (const [i, part] of parts.entries()) part.fill(i);
  expect(parts.map((part) => part.toString('hex'))).toEqual([
    '00000000',
    '01'.repeat(7),
    '02'.repeat(6),
    '03',
  ]);
  expect(parts.map((part) => part.buffer === parts[0]!.buffer)).toEqual([true, false, true, false]);
  room.clear();
  expect(room.take(10).subarray(0, 5).toString('hex')).toBe('0000000002');
});
