import { expect, test } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { RetryBudget } from '../../../pipeline/host/http/retry-budget.ts';
import { MaasError } from '../../../pipeline/maas/api/maas-error.ts';

const never = new AbortController().signal;
const broken = new Fault('MAAS_UNREACHABLE', 'cut');

/** A retryBudget whose clock only the waits move on. */
function clocked(options: { totalS: number; firstContactS?: number; capMs?: number }) {
  let now = 0;
  const waits: number[] = [];
  const retryBudget = new RetryBudget({ baseMs: 0.01, capMs: 0.04, ...options, now: () => now });
  const pause = (fault: Fault, passS = 0) => {
    now += passS * 1000;
    return retryBudget.pause(fault, never, (s) => waits.push(s));
  };
  return { retryBudget, waits, pause };
}

test('a permanent error is not tried again', async () => {
  const { pause, waits } = clocked({ totalS: 60 });
  const refused = new Fault('MAAS_REFUSED', 'no');
  await expect(pause(refused)).rejects.toBe(refused);
  expect(waits).toEqual([]);
});

test('waits grow to the cap', async () => {
  const { pause, waits } = clocked({ totalS: 60 });
  for (let i = 0; i < 6; i += 1) await pause(broken);
  const bases = [0.01, 0.02, 0.04, 0.04, 0.04, 0.04];
  waits.forEach((wait, i) => {
    expect(wait * 1000).toBeGreaterThanOrEqual((bases[i] as number) * 0.75);
    expect(wait * 1000).toBeLessThanOrEqual((bases[i] as number) * 1.25);
  });
});

test('the server may ask for a longer wait', async () => {
  const { pause, waits } = clocked({ totalS: 60 });
  await pause(new MaasError('MAAS_BUSY', 'busy', { status: 409, retryAfterS: 0.05 }));
  expect(waits).toEqual([0.05]);
});

test('a standstill is given up after the total, counted from its first fault', async () => {
  const { retryBudget, pause } = clocked({ totalS: 60 });
  retryBudget.reached();
  await pause(broken, 1000);
  await pause(broken, 59);
  await expect(pause(broken, 2)).rejects.toBe(broken);
});

test('every advance starts the count again', async () => {
  const { retryBudget, pause } = clocked({ totalS: 60 });
  retryBudget.reached();
  for (let i = 0; i < 10; i += 1) {
    await pause(broken, 59);
    expect(retryBudget.attempt).toBe(2);
    retryBudget.advanced();
    expect(retryBudget.attempt).toBe(1);
  }
});

test('a server that never answered is given up sooner', async () => {
  const { pause } = clocked({ totalS: 3600, firstContactS: 30 });
  await pause(broken);
  await expect(pause(broken, 31)).rejects.toBe(broken);
});

test('an interruption ends the wait', async () => {
  const abort = new AbortController();
  const retryBudget = new RetryBudget({ totalS: 60, baseMs: 30_000 });
  const waiting = retryBudget.pause(broken, abort.signal, () =>
    abort.abort(new Fault('INTERRUPTED', 'Interrupted')),
  );
  await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
