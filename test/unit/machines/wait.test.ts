import { expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import type { WaitOptions } from '../../../pipeline/maas/machines/types.ts';
import { waitFor } from '../../../pipeline/maas/machines/wait.ts';
import { machine } from './machine.ts';

const AWAY = new Fault('MAAS_UNREACHABLE', 'http://maas cannot be reached: nothing listens there');
const DEPLOYING = 9;
const DEPLOYED = 6;

/** A MAAS that answers in turn with a machine of a status, or not at all; the last answer for ever. */
function answering(...answers: (number | Error)[]): { client: MaasClient; asked: () => number } {
  let asked = 0;
  const get = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    if (answer instanceof Error) throw answer;
    return [{ system_id: 'id-gpu01', hostname: 'gpu01', status: answer }];
  };
  return { client: { get } as unknown as MaasClient, asked: () => asked };
}

function waiting(client: MaasClient, more: Partial<WaitOptions> = {}) {
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const signal = new AbortController().signal;
  const waited = waitFor(client, [machine({ status: 'deploying' })], ['deployed'], {
    ...{ emit, signal, pollMs: 1, started: true },
    ...more,
  });
  return { waited, warnings: () => events.filter(({ type }) => type === 'notice') };
}

test('a MAAS that is away for a while is waited for, which is said once each time', async () => {
  const { client, asked } = answering(DEPLOYING, AWAY, AWAY, DEPLOYING, AWAY, AWAY, AWAY, DEPLOYED);
  const { waited, warnings } = waiting(client);
  expect(await waited).toMatchObject([{ hostname: 'gpu01', outcome: 'reached' }]);
  expect(asked()).toBe(8);
  const said = { level: 'warning', message: expect.stringContaining('MAAS continues, still waiting') };
  expect(warnings()).toMatchObject([said, said]);
});

test('one that stays away is not waited for longer than the machine may take', async () => {
  const { client } = answering(DEPLOYING, AWAY);
  let time = 0;
  const { waited } = waiting(client, { timeoutS: 60, now: () => (time += 1000) });
  expect(await waited).toMatchObject([{ hostname: 'gpu01', outcome: 'timeout' }]);
});

test.each([
  ['what does not pass', new Fault('NO_PERMISSION', 'The key is refused')],
  ['a mistake of our own', new TypeError('x is undefined')],
])('%s is not waited for', async (_what, error) => {
  const { client, asked } = answering(DEPLOYING, error, DEPLOYED);
  await expect(waiting(client).waited).rejects.toBe(error);
  expect(asked()).toBe(2);
});
