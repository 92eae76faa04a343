import { expect, test } from 'vitest';
import type { Monitor, MonitorEvent } from '../../../pipeline/host/vm/monitor.ts';
import { type Stop, stopIn, stopNow, watchStops } from '../../../pipeline/host/vm/stops.ts';

const data = {
  ...{ device: 'vda', nospace: false, 'node-name': '#block241', reason: 'Disk quota exceeded' },
  ...{ operation: 'write', action: 'stop' },
};
const event = (more: Record<string, unknown> = {}, name = 'BLOCK_IO_ERROR'): MonitorEvent => ({
  name,
  data: { ...data, ...more },
});

/** A monitor that answers these commands, and counts what it is asked. */
function monitorOf(answers: Record<string, unknown>): Monitor & { asked: string[] } {
  const asked: string[] = [];
  const execute = async (command: string) => {
    asked.push(command);
    return answers[command];
  };
  return { execute, close() {}, asked };
}

test.each<[string, MonitorEvent, Stop | undefined]>([
  ['a write', event(), { disk: 'vda', operation: 'write', reason: 'Disk quota exceeded' }],
  ['a read', event({ operation: 'read' }), { disk: 'vda', operation: 'read', reason: 'Disk quota exceeded' }],
  ['what the guest sees', event({ action: 'report' }), undefined],
  ['what nobody sees', event({ action: 'ignore' }), undefined],
  ['another event', event({}, 'JOB_STATUS_CHANGE'), undefined],
  [
    'one without anything',
    event({ device: '', operation: 1, reason: null }),
    { disk: null, operation: null, reason: 'an I/O error' },
  ],
])('an event: %s', (_, one, stop) => {
  expect(stopIn(one)).toEqual(stop);
});

test.each<[string, unknown, unknown, Stop | null]>([
  ['a machine that runs', { status: 'running' }, null, null],
  ['one that has gone to sleep by itself', { status: 'suspended' }, null, null],
  ['no answer', undefined, null, null],
  ['KVM', { status: 'internal-error' }, null, { disk: null, operation: null, reason: 'internal-error' }],
  [
    'a full disk',
    { status: 'io-error' },
    [{ device: 'vda', 'io-status': 'ok' }, null, { device: 'vdb', 'io-status': 'nospace' }],
    { disk: 'vdb', operation: null, reason: 'No space left on device' },
  ],
  [
    'another error',
    { status: 'io-error' },
    [{ device: 'vda', 'io-status': 'failed' }],
    { disk: 'vda', operation: null, reason: 'io-error' },
  ],
  ['no drive that says so', { status: 'io-error' }, {}, { disk: null, operation: null, reason: 'io-error' }],
])('the state of %s', async (_, status, block, stop) => {
  expect(await stopNow(monitorOf({ 'query-status': status, 'query-block': block }))).toEqual(stop);
});

test('a flood of events is one report, and one question at a time', async () => {
  const found: Stop[] = [];
  const monitor = monitorOf({ 'query-status': { status: 'internal-error' } });
  const watch = watchStops((stop) => void found.push(stop));
  const stop: MonitorEvent = { name: 'STOP', data: {} };
  watch.see(stop);
  const first = watch.ask(monitor);
  for (let count = 0; count < 1000; count++) watch.see(stop);
  await first;
  for (let count = 0; count < 1000; count++) watch.see(event());
  expect(found).toEqual([{ disk: null, operation: null, reason: 'internal-error' }]);
  expect(monitor.asked).toEqual(['query-status']);
});
