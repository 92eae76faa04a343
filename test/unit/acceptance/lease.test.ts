import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { machineOf, openLease, releaseAbandoned } from '../../../pipeline/maas/acceptance/lease.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import { stateDir } from '../../../pipeline/workspace/layout.ts';

const URL = 'http://maas:5240/MAAS';
const NAME = 'dgxos-maas-accept-0123456789abcdef';
const [DEPLOYED, READY, RELEASING] = [6, 4, 12];

let dir: string;
let env: NodeJS.ProcessEnv;
let events: Event[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lease-'));
  env = { XDG_STATE_HOME: dir };
  events = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const session = () => ({
  env,
  emit: (event: Event) => void events.push(event),
  signal: new AbortController().signal,
});

const raw = (hostname: string, status: number) => ({ system_id: `id-${hostname}`, hostname, status });

/** A MAAS that has these machines under whatever name it is asked for. */
function maas(machines: ReturnType<typeof raw>[], url = URL) {
  const asked: string[] = [];
  const posted: string[] = [];
  const client = {
    url,
    async get(path: string) {
      asked.push(path);
      return machines;
    },
    async call(path: string) {
      posted.push(path);
      return JSON.stringify({ ...machines[0], status: RELEASING });
    },
    notMaas: (path: string, why: string) => new Fault('MAAS_PROTOCOL', `${path}: ${why}`),
    async version() {
      return { text: '3.5.0', parts: [3, 5, 0] };
    },
  };
  return { client: client as unknown as MaasClient, asked, posted };
}

/** A note as an acceptance leaves it that was killed. */
function leave(url: string, name = NAME): string {
  const lease = join(stateDir(env), 'acceptance', 'leases', name);
  mkdirSync(lease, { recursive: true });
  writeFileSync(
    join(lease, 'lease.json'),
    JSON.stringify({ url, image: 'dgx1', since: '2026-11-28T10:00:00Z' }),
  );
  return lease;
}

describe('the machine of an acceptance', () => {
  test('is asked for by the name under which it was taken', async () => {
    const { client, asked } = maas([raw('gpu01', DEPLOYED)]);
    expect(await machineOf(client, NAME)).toMatchObject({ hostname: 'gpu01' });
    expect(asked).toEqual([`machines/?agent_name=${NAME}`]);
    expect(await machineOf(maas([]).client, NAME)).toBeUndefined();
  });

  test('is none of those that a server names without having filtered', async () => {
    const { client } = maas([raw('stranger', DEPLOYED), raw('gpu01', DEPLOYED)]);
    await expect(machineOf(client, NAME)).rejects.toMatchObject({ code: 'MAAS_PROTOCOL' });
  });
});

describe('the remains of an acceptance', () => {
  test('is released, and its note goes', async () => {
    const lease = leave(URL);
    const { client, posted } = maas([raw('gpu01', DEPLOYED)]);
    await releaseAbandoned(client, session());
    expect(posted).toEqual([expect.stringContaining('machines/id-gpu01/')]);
    expect(existsSync(lease)).toBe(false);
  });

  test('on another MAAS is left to that one, whose machines may have the same names', async () => {
    const lease = leave('http://other:5240/MAAS');
    const { client, asked, posted } = maas([raw('gpu01', DEPLOYED)]);
    await releaseAbandoned(client, session());
    expect([asked, posted]).toEqual([[], []]);
    expect(existsSync(join(lease, 'lease.json'))).toBe(true);
  });

  test.each([READY, RELEASING])('is not released again in status %d', async (status) => {
    const lease = leave(URL);
    const { client, posted } = maas([raw('gpu01', status)]);
    await releaseAbandoned(client, session());
    expect(posted).toEqual([]);
    expect(existsSync(lease)).toBe(false);
  });

  test('costs no stranger a machine when the server does not filter: the note stays', async () => {
    const lease = leave(URL);
    const { client, posted } = maas([raw('stranger', DEPLOYED), raw('gpu01', DEPLOYED)]);
    await releaseAbandoned(client, session());
    expect(posted).toEqual([]);
    expect(existsSync(join(lease, 'lease.json'))).toBe(true);
    expect(JSON.stringify(events)).toContain('cannot be released');
  });

  test('does not let it continue when the command is interrupted, or when it is not a fault of MAAS', async () => {
    leave(URL);
    const { client } = maas([raw('stranger', DEPLOYED), raw('gpu01', DEPLOYED)]);
    await expect(releaseAbandoned(client, { ...session(), signal: AbortSignal.abort() })).rejects.toThrow();
    const broken = { ...client, get: () => Promise.reject(new TypeError('x')) } as unknown as MaasClient;
    await expect(releaseAbandoned(broken, session())).rejects.toThrow(TypeError);
  });

  test('is not our business while its process lives, nor what lies beside it', async () => {
    const held = await openLease(URL, 'dgx1', session());
    const beside = leave(URL, 'somebody-elses');
    const { client, asked, posted } = maas([raw('gpu01', DEPLOYED)]);
    await releaseAbandoned(client, session());
    expect([asked, posted]).toEqual([[], []]);
    expect(existsSync(beside)).toBe(true);
    await held.close();
  });
});
