import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { commissionJob } from '../../../pipeline/maas/machines/commission-job.ts';
import { deployJob } from '../../../pipeline/maas/machines/deploy-job.ts';
import { listMachines } from '../../../pipeline/maas/machines/list.ts';
import { plan, runJob } from '../../../pipeline/maas/machines/run-job.ts';
import { waitFor } from '../../../pipeline/maas/machines/wait.ts';
import { bench, clientOf, readyBench } from './bench.ts';

const jammy = { image: 'ubuntu/jammy', architectures: null, needsEfi: false };

test('interrupted while it waits, and taken up: nothing is begun twice', async () => {
  const { run, session, sandbox, abort } = await readyBench({ machines: 5, speed: 20 });
  const running = run(deployJob(jammy, session));
  while ((sandbox.counts.deploy ?? 0) < 5) await sleep(5);
  abort.abort(new Fault('INTERRUPTED', 'Interrupted'));
  await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });

  const second = { emit: session.emit, signal: new AbortController().signal };
  const job = deployJob(jammy, second);
  const fresh = clientOf(sandbox);
  const machines = await listMachines(fresh);
  const results = await runJob(fresh, job, plan(job, machines), {
    ...second,
    ...{ concurrency: 8, timeouts: {}, wait: true, pollMs: 20, askByHand: async () => {} },
  });
  expect(results.every(({ outcome }) => outcome === 'done')).toBe(true);
  expect(sandbox.counts.deploy).toBe(5);
});

test.each(['deploy:1:lost', 'deploy:1:reset', 'deploy:1:503', 'deploy:1:409:0.2'])(
  'a deployment whose answer is not an answer (%s) is done once',
  async (fault) => {
    const { run, session, sandbox, client } = await readyBench({ machines: 1 });
    sandbox.addFault(fault);
    const [result] = await run(deployJob(jammy, session));
    expect(result).toMatchObject({ outcome: 'done', after: 'deployed' });
    const [{ system_id: id }] = (await client.get('machines/')) as [{ system_id: string }];
    const { events } = (await client.get(`events/?op=query&id=${id}&level=DEBUG&limit=200`)) as {
      events: { type: string }[];
    };
    expect(events.filter(({ type }) => type === 'User starting deployment')).toHaveLength(1);
  },
);

test('a region that is away while machines are waited for is waited for too', async () => {
  const { run, session, sandbox, events } = await bench({ machines: 2 });
  sandbox.addFault('machines:3:restart:0.3');
  const results = await run(commissionJob({}, session));
  expect(results.every(({ outcome }) => outcome === 'done')).toBe(true);
  expect(events.some((event) => event.type === 'notice' && /trying again/.test(event.message))).toBe(true);
});

test('an operation that takes too long is given up by state, with its last events; the others arrive', async () => {
  const { run, session } = await bench({ machines: 3, failures: ['gpu-002:commissioning:timeout'] });
  const results = await run(commissionJob({}, session), {}, { timeouts: { commissioning: 1.5 } });
  expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'timeout', 'done']);
  expect(results[1]?.cause).toMatch(/gpu-002 has been Commissioning for 1\.5 s/);
  expect(results[1]?.detail).toContain('Commissioning');
});

test('polling is one request for all of them each time', async () => {
  const { client, sandbox, session, run } = await bench({ machines: 30, speed: 20 });
  await run(commissionJob({}, session), {}, { wait: false });
  const before = sandbox.counts.machines ?? 0;
  const machines = await listMachines(client);
  const waited = await waitFor(client, machines, ['ready'], {
    ...session,
    pollMs: 50,
  });
  expect(waited.every(({ outcome }) => outcome === 'reached')).toBe(true);
  const requests = (sandbox.counts.machines ?? 0) - before;
  expect(requests).toBeLessThan(20);
  expect(sandbox.counts.machine ?? 0, 'never one for each machine').toBe(0);
});
