#!/usr/bin/env node
// Plain JavaScript for any Node: finds a runtime that is new enough, then hands over to the CLI.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  let runtime;
  try {
    runtime = createRequire(import.meta.url).resolve('node/bin/node');
  } catch {
    process.stderr.write(
      `error: dgxos-maas needs Node.js 22.18 or newer, this is ${process.versions.node} [NODE_TOO_OLD]\n` +
        '  hint: npm install node@lts-latest brings a newer one into the project, or see https://nodejs.org\n',
    );
    process.exit(4);
  }
  const child = spawnSync(runtime, process.argv.slice(1), { stdio: 'inherit' });
  process.exit(child.status ?? 1);
}

module.enableCompileCache?.();
const source = new URL('../pipeline/cli/main.ts', import.meta.url);
const built = new URL('../dist/cli/main.js', import.meta.url);
const { main } = await import((existsSync(fileURLToPath(source)) ? source : built).href);
await main(process.argv);
