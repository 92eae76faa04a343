import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CLI as PROGRAM } from '../../cli.ts';
import { hostile } from './hostile-images.ts';

it.each(['long names', 'names of their own in every folder', 'PAX headers of 900 KB'])(
  'SIGTERM ends the reading of %s',
  async (kind) => {
    const child = spawn(process.execPath, [PROGRAM, 'validate', '-', '--profile', 'any-ubuntu'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = once(child, 'exit');
    child.stdin.on('error', () => {});
    let given = 0;
    for (const chunk of hostile(kind)) {
      given += chunk.length;
      // A copy: the chunks are one buffer.
      if (!child.stdin.write(Buffer.from(chunk))) await Promise.race([once(child.stdin, 'drain'), ended]);
      // Enough for the program to be in the middle of it.
      if (given > 4 << 20) break;
    }
    const started = performance.now();
    child.kill('SIGTERM');
    const [code] = await Promise.race([ended, wait(8000, ['still running'])]);
    child.kill('SIGKILL');
    expect(code).toBe(143);
    // A second of the program's; the rest is for a machine with other things to do.
    expect(performance.now() - started).toBeLessThan(5000);
  },
  60_000,
);
