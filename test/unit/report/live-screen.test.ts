import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { digestOf } from '../../../pipeline/image/read/digest.ts';
import { liveReport } from '../../../pipeline/maas/rehearse/live.ts';
import { Progress } from '../../../pipeline/maas/rehearse/phases.ts';
import type { Sign } from '../../../pipeline/maas/rehearse/types.ts';
import { type Renderer, terminalRenderer } from '../../../pipeline/report/text/renderer.ts';
import { Screen } from './screen.ts';

const FRAME_MS = 130;
let renderer: Renderer;

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => {
  renderer.close();
  vi.useRealTimers();
});

function open(columns: number, { rows = 24, color = false, verbose = false } = {}): Screen {
  const screen = new Screen(columns, rows);
  renderer = terminalRenderer(screen.stream, paint(color), { verbose });
  return screen;
}

/** The screen after the next frame. */
function drawn(screen: Screen): Promise<string[]> {
  vi.advanceTimersByTime(FRAME_MS);
  return screen.rows();
}

const activity = (id: string, label: string): Event => ({ type: 'activity', id, label });
const notice = (message: string): Event => ({ type: 'notice', level: 'info', message });
const withoutTimes = (rows: string[]) =>
  rows.map((row) => row.replace(/ \d+\.\d s$/, '').replace(/^ {2}\S /, '> '));

it('a line that has ended is gone, and those of the others stay', async () => {
  const screen = open(80);
  renderer.show(activity('ephemeral', 'ephemeral: Setting up gdisk'));
  renderer.show({
    type: 'progress',
    id: 'digest',
    label: 'sha256 of demo',
    done: 6,
    total: 10,
    unit: 'bytes',
  });
  renderer.show(activity('rehearse', 'power-on: the machine starts'));
  expect(withoutTimes(await drawn(screen))).toEqual([
    '> ephemeral: Setting up gdisk',
    '> sha256 of demo: 6 B of 10 B (60 %)',
    '> power-on: the machine starts',
  ]);
  renderer.show({ type: 'activity-end', id: 'digest' });
  renderer.show({ type: 'activity-end', id: 'ephemeral' });
  expect(withoutTimes(await drawn(screen))).toEqual(['> power-on: the machine starts']);
  renderer.show({ type: 'activity-end', id: 'rehearse' });
  expect(await drawn(screen)).toEqual([]);
});

it('a digest leaves no line, whether it succeeds or not', async () => {
  vi.useRealTimers();
  const folder = mkdtempSync(join(tmpdir(), 'live-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file');
  writeFileSync(file, Buffer.alloc(65 << 20));
  const screen = open(80);
  const seen: string[] = [];
  const show = (event: Event) => {
    seen.push(event.type);
    renderer.show(event);
  };
  await digestOf(file, show, new AbortController().signal);
  await expect(digestOf(folder, show, new AbortController().signal)).rejects.toThrow();
  expect(seen).toEqual(['progress', 'activity-end', 'activity-end']);
  renderer.show(notice('after'));
  expect(await screen.rows()).toEqual(['note: after']);
});

describe('a rehearsal of two layouts', () => {
  const status = (kind: 'start' | 'finish', name: string, description: string): Sign => ({
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
  const stage = (name: string) => `cmd-install/stage-${name}`;

  it.each([40, 80, 200])(
    'in %i columns has its phases as lasting lines and one line below them',
    async (columns) => {
      const screen = open(columns, { rows: 40 });
      for (const layout of ['flat', 'raid1']) {
        renderer.show(notice(`layout ${layout}`));
        const live = liveReport({ usual: new Map([['curthooks', 200]]), emit: renderer.show });
        const progress = new Progress(() => 0, live);
        progress.begin();
        progress.see({ type: 'asked', what: 'preseed' });
        progress.see(status('start', stage('extract'), 'writing install sources to disk'));
        progress.see(status('finish', stage('extract'), 'writing install sources to disk'));
        progress.see(status('start', stage('curthooks'), 'configuring installed system'));
        progress.see(status('start', `${stage('curthooks')}/grub`, '設定を書く '.repeat(60)));
        vi.advanceTimersByTime(9000);
        const rows = await screen.rows();
        const last = rows.at(-1) as string;
        expect(last).toMatch(/^ {2}\S curthooks \(usually 3 min/);
        expect(last).toMatch(/… 9\.0 s$/);
        expect(rows.filter((row) => /^ {2}\S /.test(row))).toEqual([last]);
        progress.close();
      }
      expect(await drawn(screen)).toEqual(
        ['flat', 'raid1']
          .flatMap((layout) => [
            `note: layout ${layout}`,
            ...['power-on', 'ephemeral', 'extract'].map((phase) => `note: ${phase}: 0.0 s`),
            'note: curthooks: 0.0 s (usually 3 min 20 s)',
          ])
          .flatMap((row) =>
            columns > 43 || row.length <= columns ? [row] : [row.replace(/ s\)$/, ''), '      s)'],
          ),
      );
    },
  );
});

describe('a terminal that is resized', () => {
  it.each([
    [120, 40],
    [120, 30],
    [40, 160],
    [200, 20],
  ])('from %i to %i columns keeps each lasting line and no rest of a live one', async (before, after) => {
    const screen = open(before);
    renderer.show(notice('kept'));
    renderer.show(activity('one', 'one '.repeat(60)));
    renderer.show(activity('two', 'two '.repeat(60)));
    renderer.show(activity('three', 'short'));
    await drawn(screen);
    await screen.resize(after);
    const rows = await drawn(screen);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toBe('note: kept');
    expect(rows.slice(1).every((row) => row.length <= after)).toBe(true);
    renderer.show(notice('more'));
    renderer.close();
    expect(await screen.rows()).toEqual(['note: kept', 'note: more']);
  });

  it('at its bottom, to fewer rows and back, keeps them too', async () => {
    const screen = open(80, { rows: 10 });
    for (let at = 0; at < 20; at++) renderer.show(notice(`line ${at}`));
    for (const id of ['a', 'b', 'c']) renderer.show(activity(id, id.repeat(70)));
    await drawn(screen);
    await screen.resize(30, 6);
    await drawn(screen);
    await screen.resize(80, 12);
    await drawn(screen);
    renderer.close();
    expect(await screen.rows()).toEqual(Array.from({ length: 20 }, (_, at) => `note: line ${at}`));
  });
});

it.each([
  ['characters of two columns', '漢字かな交じり文'.repeat(40)],
  ['emoji of several characters', '👩‍👩‍👧‍👦🏳️‍🌈❤️'.repeat(40)],
  ['control sequences', `\u001b[2J\u001b[10A\u001b]0;title\u0007\rback\b\b${'x'.repeat(300)}`],
  ['line ends and tabs', 'a\nb\r\nc\t\t\td'.repeat(40)],
  ['right to left', '\u202eabc'.repeat(60)],
  ['combining marks', `e${'\u0301'.repeat(50)}`.repeat(100)],
  ['a million characters', 'y'.repeat(1e6)],
  ['half a character', '\ud83d'.repeat(300)],
])('foreign text takes one row: %s', async (_name, text) => {
  for (const columns of [40, 80]) {
    const screen = open(columns, { color: true, verbose: true });
    renderer.show(notice('before'));
    renderer.show(activity('foreign', text));
    renderer.show(activity('last', 'the last line'));
    await drawn(screen);
    vi.advanceTimersByTime(10 * FRAME_MS);
    const rows = await screen.rows();
    expect(rows).toHaveLength(3);
    expect(rows[0]).toBe('note: before');
    expect(rows[2]).toMatch(/ the last line 1\.\d s$/);
    renderer.close();
    expect(await screen.rows()).toEqual(['note: before']);
  }
});

it('more lines than the terminal has rows are left out, and nothing stays of the others', async () => {
  const screen = open(80, { rows: 8 });
  renderer.show(notice('kept'));
  for (let at = 0; at < 50; at++) renderer.show(activity(`id${at}`, `line ${at}`));
  expect(await drawn(screen)).toHaveLength(7);
  renderer.close();
  expect(await screen.rows()).toEqual(['note: kept']);
});

it('text that others write while they have the terminal is kept', async () => {
  const screen = open(80);
  renderer.show(activity('read', 'reading'));
  await drawn(screen);
  renderer.show({ type: 'terminal', taken: true });
  screen.stream.write('a report\nof two lines\n');
  vi.advanceTimersByTime(10 * FRAME_MS);
  renderer.show(notice('meanwhile'));
  renderer.show({ type: 'terminal', taken: false });
  expect(withoutTimes(await drawn(screen))).toEqual([
    'a report',
    'of two lines',
    'note: meanwhile',
    '> reading',
  ]);
  renderer.close();
  expect(await screen.rows()).toEqual(['a report', 'of two lines', 'note: meanwhile']);
});

it('the next thing of the same name has a time and a speed of its own', async () => {
  const screen = open(80);
  const read = (done: number): Event => ({
    ...{ type: 'progress', id: 'digest', label: 'sha256', unit: 'bytes', total: 10e6 },
    done,
  });
  renderer.show(read(1e6));
  vi.advanceTimersByTime(60_000);
  renderer.show({ type: 'activity-end', id: 'digest' });
  renderer.show(read(2e6));
  vi.advanceTimersByTime(1000);
  renderer.show(read(4e6));
  expect(withoutTimes(await drawn(screen))).toEqual([
    '> sha256: 4.0 MB of 10 MB (40 %), 2.0 MB/s, 3.0 s left',
  ]);
});
