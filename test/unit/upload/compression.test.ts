import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { typeProblem } from '../../../pipeline/upload/compression.ts';

const dir = mkdtempSync(join(tmpdir(), 'compression-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const XZ = Buffer.from('fd377a585a00', 'hex');
const written = (content: Buffer) => {
  const file = join(dir, 'image');
  writeFileSync(file, content);
  return file;
};

test.each([
  ['tgz', gzipSync('x')],
  ['ddtgz', gzipSync('x')],
  ['ddgz', gzipSync('x')],
  ['txz', XZ],
  ['ddxz', XZ],
  ['tbz', Buffer.from('BZh9')],
  ['ddbz2', Buffer.from('BZh9')],
  ['ddtar', Buffer.alloc(512)],
  ['ddraw', Buffer.alloc(10)],
])('%s fits its bytes', async (filetype, content) => {
  expect(await typeProblem(written(content), filetype)).toBeNull();
});

test.each([
  ['tgz', XZ, 'is xz, and the file type tgz means gzip'],
  ['tgz', Buffer.alloc(512), 'is not compressed, and the file type tgz means gzip'],
  ['tgz', Buffer.from('28b52ffd', 'hex'), 'is zstd, and the file type tgz means gzip'],
  ['ddraw', gzipSync('x'), 'is gzip, and the file type ddraw means no compression'],
  ['ddtbz', XZ, 'is xz, and the file type ddtbz means bzip2'],
])('%s that does not fit is told', async (filetype, content, said) => {
  expect(await typeProblem(written(content), filetype)).toContain(said);
});
