import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/events/event.ts';
import { lockWorkspace } from '../../../pipeline/run/lock.ts';

const LOCK = join(import.meta.dirname, '../../../pipeline/run/lock.ts');
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
});
