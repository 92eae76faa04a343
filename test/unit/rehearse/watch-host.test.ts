import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import type { Phase } from '../../../pipeline/maas/rehearse/types.ts';
import { type Watched, watchHost } from '../../../pipeline/maas/rehearse/watch-host.ts';

/** Bytes that are free on the disk of the rehearsal. */
const disk = vi.hoisted(() => ({ free: 2 ** 40 }));
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof fs>()),
  statfs: async () => ({ bavail: disk.free, bsize: 1 }),
}));

const HOUR = 3600;
let folder: string;
let watching: { close(): void } | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-'));
  disk.free = 2 ** 40;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  watching?.close();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** The fault that ends a rehearsal in this phase within so many seconds; undefined: none does. */
async function endedBy(
  phase: Phase,
  seconds: number,
  more: Partial<Watched> = {},
): Promise<Fault | undefined> {
  let found: Fault | undefined;
  const watched = {
    ...{ folder, console: join(folder, 'console.raw'), accelerator: 'tcg', ephemeral: null },
    ...{ progress: { phase }, tail: ['the last line'] },
    ...more,
  } as unknown as Watched;
  watching = watchHost(watched, (fault) => {
    found ??= fault;
  });
  for (let passed = 0; passed < seconds && !found; passed += 600) {
    vi.advanceTimersByTime(Math.min(600, seconds - passed) * 1000 - 1);
    vi.advanceTimersByTime(1);
    // The disk is really asked.
    await new Promise((done) => setImmediate(done));
    await new Promise((done) => setTimeout(done, 20));
  }
  return found;
}

test.each<[string, Phase, number, Partial<Watched>, string | undefined, RegExp]>([
  [
    'an ephemeral that does not boot',
    'power-on',
    2 * HOUR,
    {},
    'EPHEMERAL_UNUSABLE',
    /has not asked for its preseed/,
  ],
  ['the same with KVM', 'power-on', HOUR / 2, { accelerator: 'kvm' }, 'EPHEMERAL_UNUSABLE', /in 5 min/],
  ['a guest that hangs', 'curthooks', 4 * HOUR, {}, 'REHEARSAL_TIMEOUT', /in phase curthooks/],
  ['a guest that needs two hours without KVM', 'curthooks', 2 * HOUR, {}, undefined, /^$/],
])('%s', async (_, phase, seconds, more, code, said) => {
  const fault = await endedBy(phase, seconds, more);
  expect(fault?.code).toBe(code);
  expect(fault?.message ?? '').toMatch(said);
  if (fault) expect(fault.detail).toBe('the last line');
});

test('a full disk, which is the host’s', async () => {
  disk.free = 2 ** 20;
  expect(await endedBy('extract', 600)).toMatchObject({ code: 'REHEARSAL_STOPPED', exitCode: 75 });
});

test('a console that does not stop printing', async () => {
  const console = join(folder, 'console.raw');
  writeFileSync(console, '');
  truncateSync(console, (256 << 20) - 1);
  expect(await endedBy('extract', 600)).toBeUndefined();
  watching?.close();
  truncateSync(console, (256 << 20) + 1);
  const fault = await endedBy('extract', 600);
  expect(fault).toMatchObject({ code: 'REHEARSAL_STOPPED', exitCode: 75 });
  expect(fault?.message).toMatch(/does not stop printing/);
});
