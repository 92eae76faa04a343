import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const STARTS = /(?:from|import\()\s*['"]((?:node:)?child_process|execa|zx(?:\/[a-z]+)?)['"]/g;

test('tools are started in one place: zx for short ones, execa for what takes its time', () => {
  const found = globSync('pipeline/**/*.{ts,js}', { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(STARTS)].map(([, library]) => `${file}: ${library}`),
  );
  expect(found.sort()).toEqual([
    // The type of a process.
    'pipeline/host/process/group.ts: node:child_process',
    'pipeline/host/process/guard.js: node:child_process',
    // A shell that starts short ones for a process with large buffers.
    'pipeline/host/process/starter.ts: node:child_process',
    'pipeline/host/process/supervise.ts: execa',
    'pipeline/host/process/tool.ts: node:child_process',
    'pipeline/host/process/tool.ts: zx/core',
    // A filter in the middle of a stream, which ends with it.
    'pipeline/image/tar/decompress.ts: execa',
  ]);
});
