import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { startTimeOf, thisProcess } from '../../../pipeline/host/process/alive.ts';
import { LockFolder } from '../../../pipeline/host/process/lock-folder.ts';
import { lockWorkspace } from '../../../pipeline/workspace/lock.ts';

const LOCK = join(import.meta.dirname, '../../../pipeline/workspace/lock.ts');
let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

function options(wait: boolean, events: Event[] = []) {
  return {
    doing: 'run test',
    wait,
    emit: (e: Event) => events.push(e),
    signal: new AbortController().signal,
  };
}

/** Another process that takes the lock and keeps it. */
async function holder() {
  const script = `import(${JSON.stringify(LOCK)}).then(async (m) => {
    await m.lockWorkspace(${JSON.stringify(workspace)}, { doing: 'run other', wait: true, emit() {}, signal: new AbortController().signal });
    console.log('locked'); setInterval(() => {}, 1000); })`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((ready) => child.stdout.once('data', () => ready()));
  return child;
}

describe('the lock of a workspace', () => {
  it('is free again after it was released', async () => {
    for (let i = 0; i < 3; i++) await (await lockWorkspace(workspace, options(false)))();
  });

  it('refuses at once with --no-wait, naming who holds it', async () => {
    const child = await holder();
    await expect(lockWorkspace(workspace, options(false))).rejects.toMatchObject({
      code: 'WORKSPACE_LOCKED',
      exitCode: 75,
      message: expect.stringContaining(`process ${child.pid}`),
    });
    child.kill('SIGKILL');
  });

  it('waits with a single message and goes on once the other was killed', async () => {
    const child = await holder();
    const events: Event[] = [];
    setTimeout(() => child.kill('SIGKILL'), 1000);
    const release = await lockWorkspace(workspace, options(true, events));
    await release();
    expect(events).toEqual([
      expect.objectContaining({ type: 'notice', message: expect.stringContaining('run other') }),
    ]);
  });

  it('is not kept for ever by a run that was killed, even with --no-wait', async () => {
    const child = await holder();
    child.kill('SIGKILL');
    await new Promise((ended) => child.once('exit', ended));
    await (await lockWorkspace(workspace, options(false)))();
  });

  it('stops waiting when interrupted', async () => {
    const child = await holder();
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 300);
    await expect(lockWorkspace(workspace, { ...options(true), signal: abort.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    child.kill('SIGKILL');
  });

  /** A lock as a run would have left it. */
  async function left(holder: object | string | undefined, ageS = 0): Promise<void> {
    await mkdir(join(workspace, 'lock'));
    const time = Date.now() / 1000 - ageS;
    await utimes(join(workspace, 'lock'), time, time);
    if (holder === undefined) return;
    const text = typeof holder === 'string' ? holder : JSON.stringify(holder);
    await writeFile(join(workspace, 'holder.json'), text);
  }
  const since = '2026-01-01T00:00:00.000Z';
  const us = { ...thisProcess(), since, doing: 'run' };
  const DAY = 86_400;

  it.each([
    ['whose process has ended', { pid: 2 ** 22 + 1, host: hostname(), since, doing: 'run' }],
    ['whose number another process has now', { ...us, start: '1' }],
    ['of an earlier boot of this host', { ...us, place: `other ${us.place?.split(' ')[1]}` }],
  ])('is taken at once from a run %s, whatever the time of the lock', async (_what, holder) => {
    for (const ageS of [0, DAY, -DAY]) {
      await left(holder, ageS);
      await (await lockWorkspace(workspace, options(false)))();
    }
  });

  it.each([
    ['that lives', us],
    ['of an older release that lives', { pid: process.pid, host: hostname(), since, doing: 'run' }],
    ['on another host', { ...us, pid: 2 ** 22 + 1, host: 'other' }],
    ['in another container', { ...us, pid: 2 ** 22 + 1, place: `${us.place?.split(' ')[0]} pid:[1]` }],
    ['that has not said who it is', undefined],
    ['whose note is cut', '{"pid": 1'],
    ['whose note is not an object', 'null'],
  ])('is left to a run %s, whatever the time of the lock', async (_what, holder) => {
    for (const ageS of [0, DAY, -DAY]) {
      await rm(join(workspace, 'lock'), { recursive: true, force: true });
      await left(holder, ageS);
      const before = performance.now();
      await expect(lockWorkspace(workspace, options(false))).rejects.toMatchObject({
        code: 'WORKSPACE_LOCKED',
      });
      expect(performance.now() - before).toBeLessThan(5000);
    }
  });

  it('names the process by more than its number', async () => {
    const release = await lockWorkspace(workspace, options(false));
    const note = JSON.parse(await readFile(join(workspace, 'holder.json'), 'utf8'));
    expect(note).toMatchObject({ pid: process.pid, host: hostname(), start: startTimeOf(process.pid) });
    await release();
  });

  it('is taken by one of many that find it abandoned', async () => {
    for (let round = 0; round < 20; round++) {
      await left({ ...us, start: '1' });
      let inside = 0;
      let most = 0;
      await Promise.all(
        Array.from({ length: 8 }, async (_, number) => {
          // They come a little apart, so that some find the lock while others remove it or hold their own.
          await new Promise((resolve) => setTimeout(resolve, (number * round) % 7));
          const release = await waitFor();
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, 2));
          inside--;
          await release();
        }),
      );
      expect(most).toBe(1);
      expect(await readdir(workspace)).toEqual([]);
    }
  });

  /** As `lockWorkspace` with `wait`, but without its pause. */
  async function waitFor(): Promise<() => Promise<void>> {
    const lock = new LockFolder(workspace, join(workspace, 'lock'), join(workspace, 'holder.json'));
    for (;;) {
      const release = await lock.attempt('run test', () => expect.unreachable('the lock was lost'));
      if (release) return release;
    }
  }

  it('is taken although whoever removed an abandoned one was killed on the way', async () => {
    await left({ ...us, start: '1' });
    await writeFile(join(workspace, 'lock.removal'), JSON.stringify({ ...us, start: '1' }));
    const lock = new LockFolder(workspace, join(workspace, 'lock'), join(workspace, 'holder.json'));
    expect(await lock.attempt('run test', () => {})).toBeUndefined();
    const release = await lock.attempt('run test', () => {});
    await release?.();
    expect(release).toBeDefined();
    expect(await readdir(workspace)).toEqual([]);
  });

  it('is not removed while another process removes it', async () => {
    await left({ ...us, start: '1' });
    await writeFile(join(workspace, 'lock.removal'), JSON.stringify(us));
    await expect(lockWorkspace(workspace, options(false))).rejects.toMatchObject({
      code: 'WORKSPACE_LOCKED',
    });
    expect((await readdir(workspace)).sort()).toEqual(['holder.json', 'lock', 'lock.removal']);
  });

  it('ends a run whose lock was taken over, and leaves the lock to the new holder', async () => {
    const child = await holder();
    const ended = new Promise<string>((resolve) =>
      child.once('exit', (_code, signal) => resolve(String(signal))),
    );
    await rm(join(workspace, 'lock'), { recursive: true });
    await left(us);
    expect(await ended).toBe('SIGTERM');
    expect(JSON.parse(await readFile(join(workspace, 'holder.json'), 'utf8'))).toEqual(us);
    expect((await stat(join(workspace, 'lock'))).isDirectory()).toBe(true);
  });

  it('is left to whoever has taken it over, also when the one that lost it releases it', async () => {
    const folder = join(workspace, 'lock');
    const lock = new LockFolder(workspace, folder, join(workspace, 'holder.json'));
    const lost = Promise.withResolvers<void>();
    const release = await lock.attempt('run test', lost.resolve);
    await rm(folder, { recursive: true });
    await left(us);
    await lost.promise;
    await release?.();
    expect(JSON.parse(await readFile(join(workspace, 'holder.json'), 'utf8'))).toEqual(us);
    expect((await stat(folder)).isDirectory()).toBe(true);
  });

  it('closes a workspace to other users, but not a folder of everybody', async () => {
    const made = join(workspace, 'made');
    await (await lockWorkspace(made, options(false)))();
    expect((await stat(made)).mode & 0o7777).toBe(0o700);
    await chmod(made, 0o755);
    await (await lockWorkspace(made, options(false)))();
    expect((await stat(made)).mode & 0o7777).toBe(0o700);
    await chmod(made, 0o1777);
    await (await lockWorkspace(made, options(false)))();
    expect((await stat(made)).mode & 0o7777).toBe(0o1777);
  });
});
