import { expect, test } from 'vitest';
import { listMachines } from '../../../pipeline/maas/machines/list.ts';
import { applyTags } from '../../../pipeline/maas/machines/tags.ts';
import { waitFor } from '../../../pipeline/maas/machines/wait.ts';
import { bench } from './bench.ts';

test('1,000 machines are listed, tagged and waited for by a handful of requests', async () => {
  const { client, sandbox, session } = await bench({ machines: 1000, speed: 1000 });
  sandbox.counts.total = 0;
  const machines = await listMachines(client, { names: ['gpu-*'], statuses: ['new'] });
  expect(machines).toHaveLength(1000);
  expect(machines.slice(8, 11).map(({ hostname }) => hostname)).toEqual(['gpu-009', 'gpu-010', 'gpu-011']);
  expect(sandbox.counts.total).toBe(1);

  // The list of tags, the tag, and the machines in two halves.
  await applyTags(client, [{ tag: 'slurm-node', way: 'add', machines }]);
  expect(sandbox.counts.total).toBe(5);
  const tagged = await listMachines(client, { tags: ['slurm-node'] });
  expect(tagged).toHaveLength(1000);
  await applyTags(client, [{ tag: 'slurm-node', way: 'add', machines: tagged }]);
  expect(sandbox.counts.total, 'what is so already is not asked for').toBe(6);

  const waited = await waitFor(client, machines, ['new'], session);
  expect(waited.every(({ outcome }) => outcome === 'reached')).toBe(true);
  expect(sandbox.counts.total).toBe(7);
});
