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
  const live = liveReport({ usual, seconds: () => now, emit: (one) => events.push(one) });
  const progress = new Progress(() => now, live.ended);
  const follow = live.follow(progress);
  now = 50;
  follow(() => progress.see({ type: 'asked', what: 'preseed' }));
  expect(events).toEqual([
    { type: 'notice', level: 'info', message: 'power-on: 50 s (usually 40 s)' },
    {
      ...{ type: 'activity', id: 'rehearse' },
      label: 'ephemeral, 50 s (usually 1 min 30 s): the machine starts',
    },
  ]);
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
