import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { reasonOf } from '../../../pipeline/core/faults/system-causes.ts';
import { authorities } from '../../../pipeline/host/http/authority.ts';
import { readWaivers } from '../../../pipeline/image/checks/waivers.ts';
import { MachinesFile } from '../../../pipeline/maas/machines/machines-file.ts';
import { readSecret } from '../../../pipeline/maas/machines/secret-source.ts';

const dir = mkdtempSync(join(tmpdir(), 'unreadable-'));
afterAll(() => rmSync(dir, { recursive: true }));

const NONE = join(dir, 'none.yaml');
const READERS: [name: string, read: (path: string) => Promise<unknown>][] = [
  ['machines', (path) => MachinesFile.read(path, dir)],
  ['waivers', (path) => readWaivers(path)],
  ['a power password', (path) => readSecret({ file: path }, {}, 'The power password')],
  ['a CA', (path) => authorities(path, {})],
];

test.each(READERS)('a missing file of %s is named, with the reason in words', async (_, read) => {
  const error = (await read(NONE).catch((thrown) => thrown)) as Error;
  expect(error.message).toContain(NONE);
  expect(error.message).toMatch(/: there is no such file or folder$/);
});

test.each(READERS)('a folder in place of a file of %s is named, too', async (_, read) => {
  const error = (await read(dir).catch((thrown) => thrown)) as Error;
  expect(error.message).toContain(dir);
  expect(error.message).not.toMatch(/E[A-Z]{4,}/);
});

test('an error that the system did not raise keeps its message', () => {
  expect(reasonOf(new Error('not UTF-8'))).toBe('not UTF-8');
  expect(reasonOf(Object.assign(new Error('x'), { code: 'constructor' }))).toBe('x');
});
