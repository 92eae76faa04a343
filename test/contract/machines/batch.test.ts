import { expect, test } from 'vitest';
import { commissionJob } from '../../../pipeline/maas/machines/commission-job.ts';
import { deployJob } from '../../../pipeline/maas/machines/deploy-job.ts';
import { releaseJob } from '../../../pipeline/maas/machines/release-job.ts';
import { bench, readyBench } from './bench.ts';

const jammy = { image: 'ubuntu/jammy', architectures: ['amd64'], needsEfi: false };

test('50 machines, 3 fail in different states: the others arrive, and each failure has its cause', async () => {
  const { run, session, sandbox } = await bench({
    machines: 50,
    failures: ['gpu-007:commissioning', 'gpu-019:testing', 'gpu-031:deploying:no-efi'],
  });
  const commissioned = await run(commissionJob({}, session));
  expect(commissioned.filter(({ outcome }) => outcome === 'done')).toHaveLength(48);
  const [seven, nineteen] = commissioned.filter(({ outcome }) => outcome !== 'done');
  expect(seven).toMatchObject({
    hostname: 'gpu-007',
    outcome: 'failed',
    after: 'failed_commissioning',
    reason: 'script',
  });
  expect(seven?.cause).toMatch(/script .+ failed with exit status 1 on gpu-007/);
  expect(nineteen).toMatchObject({ hostname: 'gpu-019', after: 'failed_testing', reason: 'script' });
  expect(nineteen?.detail).toContain('smartctl-validate');

  const deployed = await run(deployJob(jammy, session));
  expect(deployed.filter(({ outcome }) => outcome === 'done')).toHaveLength(47);
  const failed = deployed.filter(({ outcome }) => outcome !== 'done');
  expect(failed.map(({ hostname, outcome }) => [hostname, outcome])).toEqual([
    ['gpu-007', 'refused'],
    ['gpu-019', 'refused'],
    ['gpu-031', 'failed'],
  ]);
  expect(failed[2]).toMatchObject({ after: 'failed_deployment', reason: 'no-efi' });
  expect(failed[2]?.cause).toContain('gpu-031 has no EFI partition mounted at /boot/efi');
  expect(sandbox.counts.deploy).toBe(48);

  const again = await run(deployJob(jammy, session));
  expect(again.filter(({ outcome }) => outcome === 'already')).toHaveLength(47);
  expect(sandbox.counts.deploy, 'nothing is deployed twice').toBe(48);
});

test('no more machines are on their way than asked for, and the next begins as soon as one is through', async () => {
  const { run, session, events, sandbox } = await readyBench({ machines: 12 });
  const deployed = await run(deployJob(jammy, session), {}, { concurrency: 5 });
  expect(deployed.map(({ outcome }) => outcome)).toEqual(Array(12).fill('done'));
  const way = new Set<string>();
  let most = 0;
  for (const event of events) {
    if (event.type !== 'machine-state' || !/Deploy/.test(event.state)) continue;
    if (event.end) way.delete(event.machine);
    else way.add(event.machine);
    most = Math.max(most, way.size);
  }
  // On a busy host some are through before they are first looked at.
  expect(most).toBeLessThanOrEqual(5);
  expect(most).toBeGreaterThan(0);
  expect(sandbox.counts.deploy).toBe(12);
});

test('a machine without a turn before the time for all was over is reported, and not begun', async () => {
  const { run, session, sandbox } = await readyBench({
    machines: 3,
    failures: ['gpu-001:deploying:timeout'],
  });
  const results = await run(deployJob(jammy, session), {}, { concurrency: 1, timeoutS: 0.5 });
  expect(results.map(({ outcome }) => outcome)).toEqual(['timeout', 'untouched', 'untouched']);
  expect(results[1]).toMatchObject({ after: 'ready', cause: expect.stringContaining('before it started') });
  expect(sandbox.counts.deploy).toBe(1);
});

test('one request for many where MAAS has one: released, with the failed one among them', async () => {
  const { run, session, sandbox } = await readyBench({ machines: 12 });
  await run(deployJob(jammy, session));
  sandbox.counts['release-many'] = 0;
  const released = await run(releaseJob({}, session));
  expect(released.every(({ outcome, after }) => outcome === 'done' && after === 'ready')).toBe(true);
  expect(sandbox.counts['release-many']).toBe(1);
  expect(sandbox.counts.release ?? 0).toBe(0);
});
