import { afterEach, expect, it, vi } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { progressText } from '../../../pipeline/report/text/lines.ts';
import { plainRenderer } from '../../../pipeline/report/text/renderer.ts';

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

it('tells bytes, rate, time left and the attempt', () => {
  expect(progressText(upload(12, 'attempt 2'), 3 * MB)).toBe(
    'dgx1 → lab: 12 MB of 400 MB (3 %), 3.0 MB/s, 2 min 09 s left, attempt 2',
  );
  expect(progressText(upload(400, 'complete'), 0)).toBe('dgx1 → lab: 400 MB of 400 MB (100 %), complete');
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
