import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// As JavaScript: what reads TypeScript frees large buffers itself.
const MEMORY = stripTypeScriptTypes(
  readFileSync(join(import.meta.dirname, '../../../pipeline/host/process/memory.ts'), 'utf8'),
);

/** Page faults of a process that takes and frees twenty buffers of 512 KiB, fifty times. */
function faults(call: 'keepFreedMemory();' | ''): number {
  const program = `
    ${MEMORY}
    ${call}
    const before = process.resourceUsage().minorPageFault;
    for (let i = 0; i < 50; i++) {
      const buffers = Array.from({ length: 20 }, () => Buffer.allocUnsafeSlow(512 << 10).fill(1));
      for (const { buffer } of buffers) buffer.transfer(0);
    }
    console.log(process.resourceUsage().minorPageFault - before);`;
  const argv = ['--input-type=module', '-e', program];
  return Number(execFileSync(process.execPath, argv, { encoding: 'utf8' }));
}

test('buffers that are freed are used again, so that the system does not map new pages for each', () => {
  expect(faults('')).toBeGreaterThan(10 * faults('keepFreedMemory();'));
});
