import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installCommand } from '../../../pipeline/queue/engine.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'installed-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The package in a node_modules. */
function installed(): string {
  const root = join(dir, 'node_modules/dgxos-maas');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"peerDependencies":{"bullmq":"^6.7.0","ioredis":"^6.0.0"}}');
  return root;
}

test('the engine is installed where this package is: in a clone, a project, or for all', () => {
  expect(installCommand(dir)).toBe('./scripts/setup --modules');
  const root = installed();
  expect(installCommand(root)).toBe("npm install -g 'bullmq@^6.7.0' 'ioredis@^6.0.0'");
  writeFileSync(join(dir, 'package.json'), '{}');
  expect(installCommand(root)).toBe(`npm install --prefix '${dir}' 'bullmq@^6.7.0' 'ioredis@^6.0.0'`);
});
