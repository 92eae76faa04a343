import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import type { AcceptRequest } from '../../../pipeline/maas/acceptance/request.ts';
import { runAcceptance } from '../../../pipeline/maas/acceptance/run-acceptance.ts';
import type { AcceptanceCheck } from '../../../pipeline/maas/acceptance/types.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import { machine } from '../machines/machine.ts';

const [READY, DEPLOYING, FAILED] = [4, 9, 11];
const CHECK = { id: 'a', title: 'a is well', severity: 'blocker', why: 'w', fix: 'f' } as AcceptanceCheck;

/** An acceptance on a machine that MAAS shows in this status once it was asked to deploy; undefined: not at all. */
async function tried(status: number | undefined, description = 'x', deployingS = 1000) {
  const dir = mkdtempSync(join(tmpdir(), 'accept-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const raw = (now: number) => ({ system_id: 'id-gpu01', hostname: 'gpu01', status: now });
  let looks = 0;
  const event = { id: 1, created: '', level: 'ERROR', type: 'Node failed to be deployed', description };
  const client = {
    url: 'http://maas:5240/MAAS',
    async get(path: string) {
      if (path.startsWith('events/')) return { events: [event] };
      if (path.includes('results')) return { results: [] };
      if (status === undefined) return [];
      // It begins, at least.
      return [raw(looks++ === 0 ? DEPLOYING : status)];
    },
    async call() {
      return JSON.stringify({ ...raw(DEPLOYING), osystem: 'custom', distro_series: 'dgx1-5.0' });
    },
    async version() {
      return { text: '3.5.0', parts: [3, 5, 0] };
    },
    notMaas: (path: string, why: string) => new Fault('MAAS_PROTOCOL', `${path}: ${why}`),
  };
  const request = {
    upload: { name: 'dgx1-5.0' },
    dir,
    timeouts: { deploying: deployingS, commissioning: 1, testing: 1, releasing: 1 },
    pollMs: 1,
    emit() {},
    signal: new AbortController().signal,
  };
  return runAcceptance(client as unknown as MaasClient, machine(), request as unknown as AcceptRequest, {
    list: { checks: [CHECK], logs: [], gpus: {} },
    comment: 'x',
    ourKeyIsKnown: true,
    origin: { machine: 'm', deployment: 'd' },
  });
}

describe('an image that MAAS does not deploy', () => {
  test('has failed, and what comes after was not looked at', async () => {
    const { findings, logs, ...rest } = await tried(FAILED, 'Installation failed (curtin)');
    expect(findings.map(({ number, id, status, found }) => [number, id, status, found])).toEqual([
      [1, 'deploys', 'fail', expect.not.stringContaining('not deployed in time')],
      [2, 'answers-ssh', 'not-applicable', 'it was not deployed'],
      [3, 'a', 'not-applicable', 'it was not deployed'],
    ]);
    expect(logs.map(({ id }) => id)).toEqual(['maas-events']);
    expect(rest).toEqual({ address: null, hostKeys: [], deployS: null, sshS: null });
  });

  test('in time says so', async () => {
    const { findings } = await tried(DEPLOYING, 'x', 0.05);
    expect(findings[0]!.found).toMatch(/^not deployed in time: /);
  });

  test.each([
    ['released', READY],
    ['gone', undefined],
  ])('because the machine was %s has no verdict', async (_what, status) => {
    await expect(tried(status)).rejects.toMatchObject({
      code: 'MACHINE_UNAVAILABLE',
      message: expect.stringContaining('by somebody else'),
    });
  });

  test('because its controller does not answer has no verdict', async () => {
    await expect(
      tried(FAILED, 'Failed to power on node - Could not contact node BMC: timed out'),
    ).rejects.toMatchObject({
      code: 'MACHINE_UNAVAILABLE',
      message: expect.stringContaining('gpu01 could not be deployed: '),
    });
  });
});
