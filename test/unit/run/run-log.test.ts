import { expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { RunLog } from '../../../pipeline/stages/run/run-log.ts';

test('a run is what its events say: why a stage ran, how each ended, and how long it took in all', () => {
  const log = new RunLog();
  const error = new Fault('USAGE', 'no');
  const events = [
    { type: 'notice', level: 'info', message: 'x', seconds: 9 },
    { type: 'stage-fresh', stage: 'iso' },
    { type: 'stage-fresh', stage: 'inventory', fromStore: true },
    { type: 'stage-start', stage: 'render', reason: 'first' },
    { type: 'stage-end', stage: 'render', seconds: 2, summary: 'made' },
    { type: 'stage-start', stage: 'build', reason: 'anew' },
    { type: 'stage-failed', stage: 'build', seconds: 3, error },
  ];
  for (const event of events) log.see(event as unknown as Event);
  expect(log.seconds).toBe(0);
  log.see({ type: 'run-end', seconds: 5 } as unknown as Event);
  expect(log).toMatchObject({
    seconds: 5,
    reasons: [
      { stage: 'render', reason: 'first' },
      { stage: 'build', reason: 'anew' },
    ],
    stages: [
      { stage: 'iso', state: 'fresh', seconds: 0, summary: '' },
      { stage: 'inventory', state: 'fresh', fromStore: true },
      { stage: 'render', state: 'ran', seconds: 2, summary: 'made' },
      { stage: 'build', state: 'failed', seconds: 3, summary: 'no' },
    ],
    failure: { stage: 'build', fault: error },
  });
  expect(log.stages.map((stage) => 'fromStore' in stage)).toEqual([false, true, false, false]);
});
