import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { versionOutput } from '../../../pipeline/host/process/version-output.ts';

let dir: string;
const before = process.env.PATH;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'version-'));
  process.env.PATH = `${join(dir, 'none')}:${dir}:${before}`;
});
afterEach(() => {
  process.env.PATH = before;
  rmSync(dir, { recursive: true });
});

function install(version: string): void {
  writeFileSync(join(dir, 'some-tool'), `#!/bin/sh\necho asked >> ${dir}/log\necho ${version} "$@"\n`);
  chmodSync(join(dir, 'some-tool'), 0o755);
}

const asked = () => readFileSync(join(dir, 'log'), 'utf8').split('\n').length - 1;
const stdout = async (...args: string[]) => (await versionOutput(['some-tool', ...args])).stdout.trim();

test('a tool is asked once, also by several at once, and again for something else or when its file is another', async () => {
  install('v1');
  expect(await Promise.all([stdout('-V'), stdout('-V')])).toEqual(['v1 -V', 'v1 -V']);
  expect([await stdout('-V'), asked()]).toEqual(['v1 -V', 1]);
  expect([await stdout('--version'), asked()]).toEqual(['v1 --version', 2]);
  install('v2.0');
  expect([await stdout('-V'), asked()]).toEqual(['v2.0 -V', 3]);
});

test('an interruption is not kept', async () => {
  install('v1');
  const signal = AbortSignal.abort();
  await expect(versionOutput(['some-tool'], { signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(await stdout()).toBe('v1');
});

test('a tool that is not there is missed by name, each time', async () => {
  const ask = () => versionOutput(['no-such-tool', '-V'], { reason: 'build the image' });
  await expect(ask()).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  await expect(ask()).rejects.toMatchObject({ code: 'TOOL_MISSING' });
});
