import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { examineCurtin } from '../../../pipeline/doctor/rehearsal.ts';

const CURTIN = join(import.meta.dirname, '../../fixtures/stand-in-curtin');

const folder = (path: string | null) => path && { from: 'folder', path };

const examined = async (top: string | null, image: string | null, rehearse = false) => {
  const config = {
    ...{ rehearsal: { curtin: folder(top) }, images: { dgx1: { rehearsal: { curtin: folder(image) } } } },
    ...{ nightly: { rehearse }, cache: tmpdir() },
  };
  const { signal } = new AbortController();
  const found = await examineCurtin(config as unknown as Parameters<typeof examineCurtin>[0], signal);
  return found.map(({ tool, status, found }) => [tool, status, found]);
};

it.each([
  ['nothing is rehearsed', null, null, false, []],
  ['one for all images', CURTIN, CURTIN, false, [['curtin', 'ok', CURTIN]]],
  [
    'one that is missing',
    null,
    '/nowhere',
    false,
    [['curtin', 'optional', expect.stringContaining('/nowhere')]],
  ],
  [
    'one that nights need',
    null,
    '/nowhere',
    true,
    [['curtin', 'missing', expect.stringContaining('/nowhere')]],
  ],
  ['nights without one', null, null, true, [['curtin', 'missing', null]]],
] as const)('curtin: %s', async (_, top, image, rehearse, rows) => {
  expect(await examined(top, image, rehearse)).toEqual(rows);
});
