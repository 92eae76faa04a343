import { randomBytes } from 'node:crypto';
import { Builder } from './builders.ts';

// A builder as a process of its own, to be killed: WORKSPACE STORE.
const [workspace, store] = process.argv.slice(2) as [string, string];
const builder = new Builder(workspace, store);
builder.trees.build = Object.fromEntries(
  [0, 1, 2, 3, 4, 5].map((name) => [`part-${name}`, { bytes: randomBytes(4 << 20) }]),
);
process.stdout.write('begun\n');
await builder.run();
process.stdout.write(`ran ${builder.ran.join(' ')}\n`);
