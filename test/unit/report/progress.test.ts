import { afterEach, expect, it, vi } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { widthOf } from '../../../pipeline/core/text/width.ts';
import { progressText } from '../../../pipeline/report/text/lines.ts';
import { plainRenderer, terminalRenderer } from '../../../pipeline/report/text/renderer.ts';
import { Screen } from './screen.ts';

afterEach(() => vi.useRealTimers());

const MB = 1_000_000;
type Progress = Extract<Event, { type: 'progress' }>;
const upload = (done: number, note?: string): Progress => ({
  type: 'progress',
  id: 'upload:lab',
  label: 'dgx1 → lab',
  done: done * MB,
  total: 400 * MB,
  unit: 'bytes',
  note,
});

it('shows bytes, rate, time left and the attempt', () => {
  expect(progressText(upload(12, 'attempt 2'), 3 * MB)).toBe(
    'dgx1 → lab: 12 MB of 400 MB (3 %), 3.0 MB/s, 2 min 09 s left, attempt 2',
  );
  expect(progressText(upload(400, 'complete'), 0)).toBe('dgx1 → lab: 400 MB of 400 MB (100 %), complete');
});

it('cuts the label, not the numbers, where there is no room for both', () => {
  const long = { ...upload(12), label: 'Downloading a-very-long-name-of-an-installer-medium-日本語.iso' };
  const numbers = '12 MB of 400 MB (3 %), 3.0 MB/s, 2 min 09 s left';
  expect(progressText(long, 3 * MB, 75)).toBe(`Downloading a-very-long-…: ${numbers}`);
  expect(progressText(long, 3 * MB, 60)).toBe(`Downloading a-very-long-na…: 12 MB of 400 MB (3 %), 3.0 MB/s`);
  expect(progressText(long, 3 * MB, 44)).toBe('Downloading a-very-l…: 12 MB of 400 MB (3 %)');
  expect(progressText(long, 3 * MB, 30)).toBe('Downloading a-very-long-…: 3 %');
  expect(progressText(long, 3 * MB)).toBe(`${long.label}: ${numbers}`);
});

it('keeps each live line within the terminal, whatever is in it', async () => {
  const screen = new Screen(60, 10);
  const renderer = terminalRenderer(screen.stream, paint(false), { verbose: false });
  renderer.show({ ...upload(12), label: '日本語'.repeat(30) });
  renderer.show({ type: 'activity', id: 'ssh', label: `waiting for ${'日本語'.repeat(30)}` });
  renderer.show({ type: 'notice', level: 'info', message: 'a note' });
  const lines = (await screen.rows()).filter((line) => line.includes('日'));
  renderer.close();
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(59);
  expect(lines[0]).toContain('12 MB of 400 MB (3 %)');
});

it('draws a whole line on a terminal without a size, and ends what moved when the next stage starts', () => {
  let written = '';
  const stream = { write: (text: string) => (written += text), columns: 0, rows: 0 };
  const renderer = terminalRenderer(stream, paint(false), { verbose: false });
  const note = () => renderer.show({ type: 'notice', level: 'info', message: 'a note' });
  renderer.show({ type: 'activity', id: 'one', label: 'Keeping render in the store' });
  note();
  expect(written).toContain('Keeping render in the store');
  renderer.show({ type: 'stage-start', image: 'dgx1', stage: 'build', reason: 'changed' });
  written = '';
  note();
  renderer.close();
  expect(written).not.toContain('Keeping');
});

it('without a terminal each upload has a line every few seconds', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const lines: string[] = [];
  const renderer = plainRenderer({ write: (text) => lines.push(text) }, paint(false), { verbose: false });
  for (let second = 0; second <= 12; second++) {
    renderer.show(upload(second));
    renderer.show({ ...upload(2 * second), id: 'upload:site', label: 'dgx1 → site' });
    vi.advanceTimersByTime(1000);
  }
  expect(lines).toEqual([
    '  dgx1 → lab: 5.0 MB of 400 MB (1 %), 1.0 MB/s, 6 min 35 s left\n',
    '  dgx1 → site: 10 MB of 400 MB (2 %), 2.0 MB/s, 3 min 15 s left\n',
    '  dgx1 → lab: 10 MB of 400 MB (2 %), 1.0 MB/s, 6 min 30 s left\n',
    '  dgx1 → site: 20 MB of 400 MB (5 %), 2.0 MB/s, 3 min 10 s left\n',
  ]);
});
