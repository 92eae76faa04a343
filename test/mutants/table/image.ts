import { type Mutant, mutantsOf } from '../mutant.ts';

const ARCHIVE = ['test/unit/image/archive.test.ts'];

/** Reading an archive as tar extracts it. */
export const IMAGE: readonly Mutant[] = [
  ...mutantsOf('pipeline/image/tar/member.ts', ARCHIVE, {
    'folder-with-a-body': ["typeflag === '5' ? 0 : stored", 'stored'],
    'damaged-map': ["holes === 'damaged' || (holes", '(holes'],
    'holes-of-a-directory': ["holes === 'damaged' || (holes !== null && slash)", "holes === 'damaged'"],
    'body-of-a-device': ["if (stored > 0 && type !== 'file' &&", 'if (false &&'],
  }),
  ...mutantsOf('pipeline/image/tar/extended.ts', ARCHIVE, {
    'global-sparse': ['|GNU\\.sparse\\.|', '|'],
    'global-path': ['^(?:path|', '^(?:'],
    'global-linkpath': ['|linkpath|', '|'],
    'global-size': ['|size|', '|'],
    'global-dumpdir': ['|GNU\\.dumpdir$', ''],
    'global-attributes': ['|SCHILY\\.)', ')'],
  }),
  ...mutantsOf('pipeline/image/pack/member-cache.ts', ['test/unit/pack/member-cache.test.ts'], {
    'size-of-a-member': ['if (size !== known.bytes)', 'if (false)'],
    'sum-of-a-member': [
      'if ((await this.#options.digests.crc(bytes, seed(known.key))) !== known.sum)',
      'if (false)',
    ],
    'member-of-another-key': ['(key: string) => crc32(key)', '(_key: string) => 0'],
    'member-too-large': ['if (known.bytes > mostOf(tarBytes))', 'if (false)'],
    'space-for-the-rest': ['(await free) >= atMost + bytes', '(await free) >= bytes'],
    'space-asked-again': [' || this.#space.needed - needed > ASK_BYTES', ''],
    'member-kept-once': [' || this.#begun.has(key)', ''],
  }),
  ...mutantsOf('pipeline/image/pack/room.ts', ['test/unit/pack/digest.test.ts'], {
    'room-that-is-full': ['if (bytes > this.#memory.length - this.#used)', 'if (false)'],
  }),
  ...mutantsOf('pipeline/image/pack/digest.ts', ['test/unit/pack/digest.test.ts'], {
    'digest-after-the-end': ['if (this.#failure) return', 'if (false) return'],
    'digest-that-is-waited-for': [
      'for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);',
      '',
    ],
  }),
  ...mutantsOf('pipeline/image/diff/by-members.ts', ['test/unit/image/by-members.test.ts'], {
    'digest-of-an-artifact': ['if (sums[i] !== described.sha256)', 'if (false)'],
  }),
  ...mutantsOf('pipeline/image/diff/member-pairs.ts', ['test/unit/image/by-members.test.ts'], {
    'bytes-of-members': ['equal &&= left.equals(', 'equal &&= Boolean('],
    'digest-of-a-file-that-grew': ['hash.update(filled(', 'void (filled('],
    'digest-of-all-bytes': ['hash.update(left);', 'if (equal) hash.update(left);'],
  }),
  ...mutantsOf('pipeline/image/diff/part.ts', ['test/unit/image/by-members.test.ts'], {
    'members-before-of-a-file': ['found.push(i - 1);', ';'],
    'members-behind-of-a-file': ['found.push(i);', ';'],
    'digest-of-a-member': [" && createHash('sha256').update(tar).digest('hex') === sha256", ''],
  }),
  ...mutantsOf('pipeline/image/read/gzip/inflate.ts', ['test/unit/image/gzip/ranges.test.ts'], {
    'bytes-behind-the-last-member': ['!zerosFrom(job.range, consumed) || ', ''],
    'member-behind-zeros': [' || (await this.#second())', ''],
  }),
  ...mutantsOf('pipeline/image/read/gzip/ranges.ts', ['test/unit/image/gzip/ranges.test.ts'], {
    'range-too-long-to-hold': ['if (range.bytes > most) {', 'if (false) {'],
  }),
];
