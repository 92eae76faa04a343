import { describe, expect, test, vi } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { ProgressLine } from '../../../pipeline/maas/images/progress-line.ts';
import type { UploadRequest } from '../../../pipeline/maas/images/request.ts';

/** A line of an upload of a thousand bytes, and what it has shown. */
function line(attempt = () => 1) {
  const shown: unknown[] = [];
  const emit = (event: Event) =>
    void shown.push(event.type === 'progress' ? [event.done, event.note] : event.type);
  const request = { id: 'a', name: 'dgx1', target: { name: 'lab' }, size: 1000, emit };
  return { line: new ProgressLine(request as unknown as UploadRequest, attempt), shown };
}

describe('the line of an upload', () => {
  test('is written twice a second at most, and at the end', () => {
    const now = vi.spyOn(performance, 'now');
    const { line: one, shown } = line();
    for (const [at, done] of [
      [10_000, 1],
      [10_499, 2],
      [10_500, 3],
      [10_501, 999],
      [10_502, 1000],
    ] as const) {
      now.mockReturnValue(at);
      one.at(done);
    }
    now.mockRestore();
    expect(shown).toEqual([
      [1, undefined],
      [3, undefined],
      [1000, undefined],
    ]);
  });

  test('counts the tries after the first', () => {
    for (const [attempt, note] of [
      [1, undefined],
      [2, 'attempt 2'],
    ] as const) {
      const { line: one, shown } = line(() => attempt);
      one.at(1000);
      expect(shown).toEqual([[1000, note]]);
    }
  });

  test('says at its end whether anything was sent', () => {
    const { line: one, shown } = line();
    one.catchingUp();
    one.waiting(33.9);
    one.done(true);
    one.done(false);
    expect(shown[0]).toBe('activity');
    expect(shown.slice(1)).toEqual([
      [1000, expect.stringMatching(/ 33 %$/)],
      [1000, 'already there'],
      [1000, 'complete'],
    ]);
  });
});
