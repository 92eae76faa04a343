import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { packRoot } from '../../../pipeline/image/pack/root.ts';

test('a root that was deleted after the build is a fault, and nothing else is thrown', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'missing-root-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const out = join(dir, 'image.tar.gz');
  const root = { kind: 'tar' as const, path: join(dir, 'root.tar'), bytes: 1 };
  const { signal } = new AbortController();
  await expect(packRoot(root, out, { level: 'fast', emit() {}, signal })).rejects.toMatchObject({
    code: 'PATH_UNUSABLE',
    message: expect.stringContaining(root.path),
  });
  expect(existsSync(`${out}.partial`)).toBe(false);
});
