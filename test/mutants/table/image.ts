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
];
