import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { lockWorkspace } from '../../../pipeline/workspace/lock.ts';

let workspace: string;
let events: Event[];
/** Every lock that was asked for, in order. */
const locks: Promise<() => Promise<void>>[] = [];
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'lock-'));
  events = [];
});
afterEach(async () => {
  // A run whose lock disappears ends its process.
  for (const taken of locks.splice(0)) {
    const release = await taken.catch(() => undefined);
    await release?.().catch(() => {});
  }
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(workspace, { recursive: true, force: true });
});

function lock(wait: boolean, signal = AbortSignal.timeout(10_000)): Promise<() => Promise<void>> {
  const emit = (event: Event) => void events.push(event);
  const taken = lockWorkspace(workspace, { doing: 'run a', wait, emit, signal });
  locks.push(taken);
  return taken;
}

describe('the lock of a workspace', () => {
  test('is taken, released, and taken again', async () => {
    for (let times = 0; times < 2; times++) await (await lock(false))();
    expect(events).toEqual([]);
  });

  test('that another run has is refused at once, or waited for with one message', async () => {
    const release = await lock(false);
    await expect(lock(false, AbortSignal.timeout(2000))).rejects.toMatchObject({
      code: 'WORKSPACE_LOCKED',
      message: expect.stringContaining(`is in use by process ${process.pid}`),
    });
    const waiting = lock(true);
    // Two looks at the lock at least.
    await vi.waitFor(() => expect(events).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 700));
    await release();
    await (await waiting)();
    expect(events).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^waiting for process .*\(run a, since/) }),
    ]);
  });

  test('is no longer waited for once the wait was interrupted', async () => {
    const release = await lock(false);
    const interrupted = new AbortController();
    const waiting = lock(true, interrupted.signal);
    interrupted.abort();
    // One that waits all the same is given the lock in the end.
    const late = setTimeout(() => void release(), 3000);
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    clearTimeout(late);
    await release();
  });
});

describe('a workspace', () => {
  /** Its permissions after it was locked, having had these. */
  async function modeAfter(mode: number): Promise<string> {
    chmodSync(workspace, mode);
    await (await lock(false))();
    return (statSync(workspace).mode & 0o7777).toString(8);
  }

  test.each([
    [0o755, '700'],
    [0o710, '700'],
    [0o701, '700'],
    [0o700, '700'],
    [0o1777, '1777'],
  ])('of mode %o is then of mode %s', async (mode, expected) => {
    expect(await modeAfter(mode)).toBe(expected);
  });

  test('that is the home, or holds it or the working directory, stays as it is', async () => {
    vi.stubEnv('HOME', workspace);
    expect(await modeAfter(0o755)).toBe('755');
    vi.stubEnv('HOME', join(workspace, 'home'));
    expect(await modeAfter(0o755)).toBe('755');
    vi.stubEnv('HOME', '/nonexistent');
    vi.spyOn(process, 'cwd').mockReturnValue(join(workspace, 'work'));
    expect(await modeAfter(0o755)).toBe('755');
    vi.spyOn(process, 'cwd').mockReturnValue('/nonexistent');
    expect(await modeAfter(0o755)).toBe('700');
  });

  test('of another user stays as it is', async () => {
    const uid = process.getuid!();
    vi.spyOn(process, 'getuid').mockReturnValue(uid + 1);
    expect(await modeAfter(0o755)).toBe('755');
  });

  test('is made for its owner alone', async () => {
    workspace = join(workspace, 'a', 'b');
    await (await lock(false))();
    expect((statSync(workspace).mode & 0o777).toString(8)).toBe('700');
  });
});
