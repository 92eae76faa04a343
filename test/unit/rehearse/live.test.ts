import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { shellArgv } from '../../../pipeline/host/ssh/shell.ts';
import { liveReport } from '../../../pipeline/maas/rehearse/live.ts';
import { Progress } from '../../../pipeline/maas/rehearse/phases.ts';
import { usualSeconds } from '../../../pipeline/maas/rehearse/usual.ts';
import { terminalRenderer } from '../../../pipeline/report/text/renderer.ts';
import { rehearsal } from '../page/folder.ts';

it('a phase that ends has its time and the usual one; the live line the phase, the time and curtin’s own words', () => {
  let now = 0;
  const events: Event[] = [];
  const usual = new Map([['power-on', 40] as const, ['ephemeral', 90] as const]);
  const progress = new Progress(() => now, liveReport({ usual, emit: (one) => events.push(one) }));
  const line = (label: string) => ({ type: 'activity', id: 'rehearse', label });
  progress.begin();
  now = 50;
  progress.see({ type: 'asked', what: 'preseed' });
  expect(events).toEqual([
    line('power-on (usually 40 s): the machine starts'),
    { type: 'activity-end', id: 'rehearse' },
    { type: 'notice', level: 'info', message: 'power-on: 50 s (usually 40 s)' },
    line('ephemeral (usually 1 min 30 s)'),
  ]);
});

it('shows what is under way, not what has ended: the innermost of curtin’s events, each line once', () => {
  const events: Event[] = [];
  const progress = new Progress(() => 0, liveReport({ usual: new Map(), emit: (one) => events.push(one) }));
  const stage = 'cmd-install/stage-curthooks';
  const post = (kind: 'start' | 'finish', name: string, description: string) =>
    progress.see({
      type: 'status',
      event: {
        kind,
        name,
        description,
        origin: 'curtin',
        result: kind === 'finish' ? 'SUCCESS' : null,
        files: [],
      },
    });
  post('start', stage, 'configuring installed system');
  post('start', `${stage}/builtin/cmd-curthooks`, 'curtin command curthooks');
  post('start', `${stage}/builtin/cmd-curthooks/grub`, 'installing grub');
  post('finish', `${stage}/builtin/cmd-curthooks/grub`, 'installing grub');
  // One whose parent has ended was lost.
  post('start', `${stage}/builtin/cmd-curthooks/cdrom`, 'copying metadata');
  post('finish', `${stage}/builtin/cmd-curthooks`, 'curtin command curthooks');
  post('finish', stage, 'configuring installed system');
  expect(events.flatMap((event) => (event.type === 'activity' ? [event.label] : []))).toEqual([
    'curthooks',
    'curthooks: configuring installed system',
    'curthooks: curtin command curthooks',
    'curthooks: installing grub',
    'curthooks: curtin command curthooks',
    'curthooks: copying metadata',
    'curthooks: configuring installed system',
    'curthooks',
  ]);
});

it('keeps as many events under way as a guest cannot make memory of, and forgets those of an earlier boot', () => {
  const progress = new Progress(() => 0);
  for (let at = 0; at < 1000; at++)
    progress.see({
      type: 'status',
      event: { kind: 'start', name: `n${at}`, description: `d${at}`, origin: 'x', result: null, files: [] },
    });
  expect(progress.activity).toBe('d49');
  progress.enter('boot');
  expect(progress.activity).toBe('');
});

it('the usual time is the median of those that ended well on this host in the same way, else a measured one', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'usual-'));
  onTestFinished(() => rmSync(cache, { recursive: true, force: true }));
  const measured = await usualSeconds(cache, 'tcg');
  expect(measured.get('curthooks')).toBeGreaterThan(100);
  const put = (name: string, seconds: number, more: object) => {
    mkdirSync(join(cache, 'rehearsals', name), { recursive: true });
    const record = {
      ...rehearsal(),
      ok: true,
      failure: null,
      phases: [{ phase: 'extract', seconds }],
      ...more,
    };
    writeFileSync(join(cache, 'rehearsals', name, 'rehearsal.json'), JSON.stringify(record));
  };
  put('a', 10, {});
  put('b', 30, {});
  put('c', 20, {});
  put('failed', 1000, { ok: false });
  put('kvm', 1, { accelerator: 'kvm' });
  put('damaged', 1, { phases: 'none' });
  const usual = await usualSeconds(cache, 'tcg');
  expect(usual.get('extract')).toBe(20);
  expect(usual.get('curthooks')).toBe(measured.get('curthooks'));
  expect((await usualSeconds(cache, 'kvm')).get('extract')).toBe(1);
});

it('nothing is written to a terminal that a session has; lasting lines come after it', () => {
  let written = '';
  const stream = { write: (text: string) => (written += text), columns: 80, rows: 24 };
  const renderer = terminalRenderer(stream as never, paint(false, 80), { verbose: false });
  const notice = (message: string): Event => ({ type: 'notice', level: 'info', message });
  renderer.show({ type: 'activity', id: 'a', label: 'live' });
  renderer.show(notice('before'));
  renderer.show({ type: 'terminal', taken: true });
  written = '';
  renderer.show(notice('meanwhile'));
  renderer.show({ type: 'activity', id: 'a', label: 'live' });
  expect(written).toBe('');
  renderer.show({ type: 'terminal', taken: false });
  expect(written).toContain('meanwhile');
  renderer.close();
});

it('a session uses the key of the rehearsal, and nothing of the user’s own', () => {
  const argv = shellArgv({ host: '127.0.0.1', port: 2222, user: 'ubuntu', keyFile: '/k' });
  expect(argv.slice(0, 7)).toEqual(['ssh', '-F', 'none', '-i', '/k', '-p', '2222']);
  expect(argv).toContain('IdentityAgent=none');
  expect(argv.at(-1)).toBe('ubuntu@127.0.0.1');
});
