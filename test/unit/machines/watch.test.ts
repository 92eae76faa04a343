import { describe, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import type { Status } from '../../../pipeline/maas/machines/status.ts';
import type { WaitOptions } from '../../../pipeline/maas/machines/types.ts';
import { Watch } from '../../../pipeline/maas/machines/watch.ts';
import { machine } from './machine.ts';

function watching(goal: Status[], more: Partial<WaitOptions> = {}, given = [machine()]) {
  let time = 0;
  const events: Event[] = [];
  const watch = new Watch(given, goal, {
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    now: () => time * 1000,
    ...more,
  });
  const see = (status: Status, more = {}) => watch.seen([machine({ status, ...more })]);
  return { watch, events, see, at: (seconds: number) => (time = seconds) };
}

describe('waiting', () => {
  test('ends where it was to lead', () => {
    const { watch, see, at } = watching(['deployed'], { started: true });
    see('deploying');
    at(60);
    see('deployed');
    expect(watch.open).toEqual([]);
    expect(watch.results).toMatchObject([{ hostname: 'gpu01', outcome: 'reached', seconds: 60 }]);
  });

  test.each(['failed_deployment', 'broken', 'missing'] as const)('ends with %s', (status) => {
    const { watch, see } = watching(['deployed']);
    see(status);
    expect(watch.results).toMatchObject([{ outcome: 'failed' }]);
  });

  test('a failed state that is waited for is not a failure', () => {
    const { watch, see } = watching(['broken']);
    see('broken');
    expect(watch.results).toMatchObject([{ outcome: 'reached' }]);
  });

  test('an operation that began and rests elsewhere was broken off; without a beginning it is waited for', () => {
    const begun = watching(['deployed'], { started: true });
    begun.see('deploying');
    begun.see('ready');
    expect(begun.watch.results).toMatchObject([{ outcome: 'ended' }]);
    const patient = watching(['deployed']);
    patient.see('commissioning');
    patient.see('ready');
    expect(patient.watch.open).toEqual(['id-gpu01']);
  });

  test('time counts by state, from when that state was seen first', () => {
    const { watch, see, at } = watching(['ready'], { timeouts: { commissioning: 100, testing: 50 } });
    see('commissioning');
    at(99);
    see('commissioning');
    see('testing');
    at(148);
    see('testing');
    expect(watch.open).toHaveLength(1);
    at(149);
    see('testing');
    expect(watch.results).toMatchObject([{ outcome: 'timeout', seconds: 149 }]);
  });

  test('time for all of it ends it in any state, and while MAAS is silent', () => {
    const { watch, see, at } = watching(['ready'], { timeoutS: 30 });
    see('commissioning');
    at(29);
    watch.unseen();
    expect(watch.open).toHaveLength(1);
    at(30);
    watch.unseen();
    expect(watch.results).toMatchObject([{ outcome: 'timeout' }]);
  });

  test('one that MAAS has no more is gone; the others go on', () => {
    const { watch } = watching(['ready'], {}, [machine(), machine({ hostname: 'gpu02' })]);
    watch.seen([machine({ hostname: 'gpu02', status: 'commissioning' })]);
    expect(watch.results).toMatchObject([{ hostname: 'gpu01', outcome: 'gone' }]);
    expect(watch.open).toEqual(['id-gpu02']);
  });

  test('each change is one event, and the end says how', () => {
    const { events, see } = watching(['deployed']);
    see('deploying', { statusMessage: 'Installing OS' });
    see('deploying', { statusMessage: 'Installing OS' });
    see('deploying', { statusMessage: 'Rebooting' });
    see('failed_deployment');
    expect(events).toMatchObject([
      { state: 'Deploying', note: 'Installing OS' },
      { state: 'Deploying', note: 'Rebooting' },
      { state: 'Failed deployment', end: 'failed' },
    ]);
  });

  test('power is waited for whatever the status is', () => {
    const watch = new Watch([machine()], ({ powerState }) => (powerState === 'on' ? 'reached' : undefined), {
      emit() {},
      signal: new AbortController().signal,
      now: () => 0,
    });
    watch.seen([machine({ status: 'failed_deployment', powerState: 'off' })]);
    expect(watch.open).toHaveLength(1);
    watch.seen([machine({ status: 'failed_deployment', powerState: 'on' })]);
    expect(watch.results).toMatchObject([{ outcome: 'reached' }]);
  });
});
