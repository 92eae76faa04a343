import { describe, expect, test } from 'vitest';
import { call, folder, sandbox } from './client.ts';
import { Handle, HOUR, pretendGuests, still } from './machines.ts';

describe('the control path', () => {
  const json = { 'content-type': 'application/json' };

  test('enlists, presses, lets fail, puts the clock forward: with the key alone', async () => {
    const server = await still({ machines: 0 });
    const headers = { ...json, authorization: `Bearer ${server.apiKey}` };
    const control = (method: string, path: string, body?: object) =>
      call(server, method, `/sandbox/${path}`, {
        authorization: null,
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    expect(await control('POST', 'machines/', { count: 2 })).toMatchObject({
      status: 201,
      json: [{ hostname: 'gpu-001' }, { hostname: 'gpu-002' }],
    });
    const macs = ['aa:bb:cc:dd:ee:01', 'aa:bb:cc:dd:ee:02'];
    await control('POST', 'machines/', { hostname: 'bench', powerType: 'manual', macs });
    const machine = new Handle(server, 'bench');
    expect((await machine.get()).interface_set).toMatchObject(macs.map((mac_address) => ({ mac_address })));
    await machine.op('commission');
    expect((await control('POST', 'machines/bench/press/')).status).toBe(204);
    expect(await control('POST', 'machines/bench/press/')).toMatchObject({
      status: 400,
      text: 'Nothing waits for the power button of bench',
    });
    expect((await control('POST', 'failures/', { rule: ['bench:testing', 'gpu-002:power'] })).status).toBe(
      204,
    );
    expect((await control('GET', 'failures/')).json).toEqual(['bench:testing', 'gpu-002:power']);
    const { now } = (await control('GET', 'clock/')).json;
    expect((await control('POST', 'clock/', { seconds: 600 })).json).toEqual({ now: now + 600_000 });
    expect((await machine.get()).status_name).toBe('Failed testing');
    expect((await control('DELETE', 'failures/')).status).toBe(204);
    expect((await control('GET', 'machines/')).json).toHaveLength(3);
    expect((await control('POST', 'machines/', { hostname: 'bench' })).text).toBe(
      'A machine called bench is there already',
    );
    const misspelt = await control('POST', 'machines/', { cont: 2 });
    expect(misspelt.status).toBe(400);
    expect(misspelt.text).toMatch(/^There is no cont here\. Accepted: count, hostname, /);
    expect((await control('GET', 'machines/')).json).toHaveLength(3);
  });

  test('is not for everybody', async () => {
    const server = await still();
    const path = '/sandbox/machines/';
    expect((await call(server, 'GET', path, { authorization: null })).status).toBe(401);
    expect((await call(server, 'GET', path, { authorization: 'Bearer a:b:c' })).status).toBe(401);
    expect((await call(server, 'GET', path, { key: server.userKey })).status).toBe(403);
    expect((await call(server, 'GET', path)).status).toBe(200);
  });

  test('the clock of the callers stays what it is', async () => {
    const server = await sandbox();
    server.control.advance(24 * HOUR);
    expect((await call(server, 'GET', 'machines/')).status).toBe(200);
  });
});

describe('a restart', () => {
  test('machines, tags and events are there again, and what was going on goes on', async () => {
    const dir = folder();
    const first = await still({ dir, machines: 2 });
    const machine = new Handle(first);
    await machine.done('commission');
    await call(first, 'POST', 'tags/', { form: { name: 'gpu' } });
    await machine.op('deploy', { distro_series: 'jammy' });
    const events = await machine.events();
    await first.close();
    const second = await still({ dir, machines: 2 });
    const again = new Handle(second);
    expect(again.id).toBe(machine.id);
    expect(await again.events()).toEqual(events);
    expect((await call(second, 'GET', 'tags/gpu/')).status).toBe(200);
    expect(second.control.machines()).toHaveLength(2);
    second.control.advance(HOUR / 4);
    expect((await again.get()).status_name).toBe('Deployed');
  });

  test('the guests of deployed machines are started again', async () => {
    const dir = folder();
    const first = await still({ dir });
    const machine = new Handle(first);
    await machine.done('commission');
    await machine.done('deploy', { distro_series: 'jammy' });
    await first.close();
    const guests = pretendGuests();
    const second = await still({ dir, guests });
    await new Promise((resolve) => setImmediate(resolve));
    expect(second.control.machines()).toMatchObject([{ address: '127.9.9.9', port: 2222 }]);
    expect(guests.log).toEqual(['start gpu-001 1 ubuntu/jammy no bytes']);
  });
});

test('fifty machines deploy at once while somebody polls, three of them fail in different states', async () => {
  const failures = ['gpu-007:commissioning', 'gpu-012:deploying', 'gpu-020:releasing'];
  const server = await sandbox({ machines: 50, failures, speed: 40 });
  const states = async () => {
    const machines = (await call(server, 'GET', 'machines/')).json;
    const counts: Record<string, number> = {};
    for (const { status_name } of machines) counts[status_name] = (counts[status_name] ?? 0) + 1;
    return { machines, counts };
  };
  const settle = async (...ongoing: string[]) => {
    for (;;) {
      const { counts } = await states();
      if (!ongoing.some((status) => counts[status])) return counts;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  await call(server, 'POST', 'machines/?op=accept_all');
  expect(await settle('Commissioning', 'Testing')).toEqual({ Ready: 49, 'Failed commissioning': 1 });
  const ready = (await states()).machines.filter((one: { status: number }) => one.status === 4);
  await Promise.all(
    ready.map(({ system_id }: { system_id: string }) =>
      call(server, 'POST', `machines/${system_id}/?op=deploy`, { form: { distro_series: 'jammy' } }),
    ),
  );
  const deployed = await settle('Deploying', 'Allocated');
  expect(deployed).toEqual({ Deployed: 48, 'Failed deployment': 1, 'Failed commissioning': 1 });
  const machines = ready.map(({ system_id }: { system_id: string }) => system_id);
  await call(server, 'POST', 'machines/?op=release', { form: { machines } });
  expect(await settle('Releasing')).toEqual({
    Ready: 48,
    'Releasing failed': 1,
    'Failed commissioning': 1,
  });
});
