import { describe, expect, test } from 'vitest';
import { call } from './client.ts';
import { Handle, HOUR, still } from './machines.ts';

describe('the life of a machine', () => {
  test('from New to Deployed and back, with the events of MAAS', async () => {
    const machine = new Handle(await still());
    const { server, id } = machine;
    expect(await machine.get()).toMatchObject({
      ...{ status: 0, status_name: 'New', power_type: 'ipmi', power_state: 'off', owner: null },
      resource_uri: `/MAAS/api/2.0/machines/${id}/`,
    });
    expect(await machine.op('commission')).toMatchObject({
      status: 200,
      json: { status_name: 'Commissioning', owner: 'admin', commissioning_status_name: 'Pending' },
    });
    server.control.advance(HOUR / 4);
    expect(await machine.get()).toMatchObject({
      ...{ status: 4, status_name: 'Ready', power_state: 'off', owner: null, status_message: 'Ready' },
      ...{ commissioning_status_name: 'Passed', testing_status_name: 'Passed', cpu_count: 256 },
    });
    const allocated = await call(server, 'POST', 'machines/?op=allocate', { form: { system_id: id } });
    expect(allocated).toMatchObject({ status: 200, json: { status_name: 'Allocated', owner: 'admin' } });
    expect(await machine.op('deploy', { distro_series: 'jammy' })).toMatchObject({
      status: 200,
      json: { status: 9, osystem: 'ubuntu', distro_series: 'jammy', hwe_kernel: 'ga-22.04', netboot: true },
    });
    server.control.advance(HOUR / 4);
    expect(await machine.get()).toMatchObject({
      ...{ status: 6, status_name: 'Deployed', power_state: 'on', netboot: false },
      ip_addresses: [expect.stringMatching(/^192\.168\.1\./)],
    });
    expect(await machine.op('release')).toMatchObject({ status: 200, json: { status_name: 'Releasing' } });
    server.control.advance(HOUR / 4);
    expect(await machine.get()).toMatchObject({
      ...{ status_name: 'Ready', owner: null, osystem: '', distro_series: '', power_state: 'off' },
      ...{ ip_addresses: [], hwe_kernel: null },
    });
    expect((await machine.events()).map((event) => event.type)).toEqual([
      ...['Performing PXE boot', 'Loading ephemeral', 'New'],
      ...['Commissioning', 'Performing PXE boot', 'Loading ephemeral', 'Gathering information'],
      ...['Running test', 'Ready'],
      ...['Deploying', 'Performing PXE boot', 'Loading ephemeral', 'Configuring storage', 'Installing OS'],
      ...['Configuring OS', 'Rebooting', 'Image Deployed', 'Deployed'],
      ...['Releasing', 'Released'],
    ]);
    const changes = (await machine.events('&level=DEBUG')).filter(
      (event) => event.type === 'Node changed status',
    );
    expect(changes.map((event) => event.description)).toEqual([
      ..."From 'New' to 'Commissioning'|From 'Commissioning' to 'Testing'|From 'Testing' to 'Ready'".split(
        '|',
      ),
      ..."From 'Ready' to 'Allocated' (to admin)|From 'Allocated' to 'Deploying'".split('|'),
      ..."From 'Deploying' to 'Deployed'|From 'Deployed' to 'Releasing'|From 'Releasing' to 'Ready'".split(
        '|',
      ),
    ]);
  });

  test('goes a step at a time with the clock, and nothing without it', async () => {
    const machine = new Handle(await still());
    await machine.op('commission');
    expect(await machine.get()).toMatchObject({ power_state: 'off', status_message: 'Commissioning' });
    machine.server.control.advance(500);
    expect(await machine.get()).toMatchObject({ power_state: 'on', status_message: 'Commissioning' });
    machine.server.control.advance(1000);
    expect(await machine.get()).toMatchObject({ status_message: 'Performing PXE boot' });
    machine.server.control.advance(1000);
    expect(await machine.get()).toMatchObject({ status_message: 'Loading ephemeral' });
    machine.server.control.advance(1000);
    expect(await machine.get()).toMatchObject({
      status_message: 'Gathering information',
      commissioning_status_name: 'Running',
    });
  });

  test('events have the time at which they happened, not at which somebody looked', async () => {
    const machine = new Handle(await still());
    await machine.done('commission');
    await call(machine.server, 'GET', 'machines/');
    const events = (await call(machine.server, 'GET', 'events/?op=query')).json.events;
    const at = (type: string) =>
      Date.parse(`${events.find((event: { type: string }) => event.type === type).created} UTC`);
    expect(at('Ready') - at('Commissioning')).toBe(6000);
  });

  test('speed divides every duration', async () => {
    const machine = new Handle(await still({ speed: 100 }));
    await machine.op('commission');
    machine.server.control.advance(80);
    expect((await machine.get()).status_name).toBe('Ready');
  });

  test('abort goes back: New, Allocated, the status before a test; 409 where nothing goes on', async () => {
    const machine = new Handle(await still());
    expect(await machine.op('abort')).toMatchObject({
      status: 409,
      text: `Cannot abort in current state: node ${machine.id} is in state New.`,
    });
    await machine.op('commission');
    expect(await machine.op('abort')).toMatchObject({
      status: 200,
      json: { status_name: 'New', owner: null },
    });
    await machine.done('commission');
    await machine.op('test');
    expect(await machine.op('abort')).toMatchObject({ status: 200, json: { status_name: 'Ready' } });
    await machine.op('deploy', { distro_series: 'jammy' });
    machine.server.control.advance(3000);
    expect(await machine.op('abort', { comment: 'wrong one' })).toMatchObject({
      status: 200,
      json: { status_name: 'Allocated', status_message: 'Aborted deployment', owner: 'admin' },
    });
    machine.server.control.advance(HOUR);
    expect(await machine.get()).toMatchObject({ status_name: 'Allocated', power_state: 'off' });
  });

  test('rescue mode and out of it, tests, broken and fixed, locked', async () => {
    const machine = new Handle(await still());
    await machine.done('commission');
    expect(await machine.op('rescue_mode')).toMatchObject({ json: { status_name: 'Entering rescue mode' } });
    machine.server.control.advance(HOUR / 4);
    expect((await machine.get()).status_name).toBe('Rescue mode');
    expect(await machine.done('exit_rescue_mode')).toMatchObject({ status_name: 'Ready', owner: null });
    expect(await machine.done('test')).toMatchObject({ status_name: 'Ready' });
    expect(await machine.op('test', { testing_scripts: 'dance' })).toMatchObject({
      status: 400,
      json: { testing_scripts: ['Select a valid choice. dance is not one of the available choices.'] },
    });
    expect(await machine.op('mark_fixed')).toMatchObject({
      status: 409,
      text: "Can't mark a non-broken node as 'Ready'.",
    });
    expect(await machine.op('lock')).toMatchObject({
      status: 409,
      text: "Can't lock, node is not deployed or deploying",
    });
    await machine.done('deploy', { distro_series: 'jammy' });
    expect(await machine.op('lock')).toMatchObject({ status: 200, json: { locked: true } });
    expect((await machine.op('lock')).text).toBe('Machine is already locked');
    expect((await machine.op('release')).status).toBe(403);
    expect(await machine.op('unlock')).toMatchObject({ status: 200, json: { locked: false } });
    expect(await machine.op('mark_broken', { comment: 'a fan' })).toMatchObject({
      json: { status_name: 'Broken', error_description: 'a fan' },
    });
    expect(await machine.op('mark_fixed')).toMatchObject({ json: { status_name: 'Ready', osystem: '' } });
  });

  test('disks are erased on the way out when asked', async () => {
    const machine = new Handle(await still());
    await machine.done('commission');
    await machine.done('deploy', { distro_series: 'jammy' });
    expect(await machine.op('release', { erase: true })).toMatchObject({
      json: { status_name: 'Disk erasing' },
    });
    machine.server.control.advance(HOUR / 4);
    expect((await machine.get()).status_name).toBe('Ready');
    expect((await machine.events()).map((event) => event.type)).toContain('Disks erased');
  });
});

describe('a machine without power control', () => {
  test('waits for a human at the button, and its power state stays unknown', async () => {
    const server = await still({ machines: 0 });
    server.control.enlist({ hostname: 'bench', powerType: 'manual' });
    const machine = new Handle(server, 'bench');
    await machine.op('commission');
    server.control.advance(HOUR / 4);
    expect(await machine.get()).toMatchObject({ status_name: 'Commissioning', power_state: 'unknown' });
    expect(server.control.machines()[0]).toMatchObject({ powered: false, waitsFor: 'power-on' });
    server.control.press('bench');
    expect(() => server.control.press('bench')).toThrow('Nothing waits for the power button of bench');
    server.control.advance(HOUR / 4);
    expect(await machine.get()).toMatchObject({ status_name: 'Ready', power_state: 'unknown' });
    await machine.op('deploy', { distro_series: 'jammy' });
    server.control.press(machine.id);
    server.control.advance(HOUR / 4);
    expect((await machine.get()).status_name).toBe('Deployed');
    expect(await machine.op('power_off')).toMatchObject({ status: 200, json: null });
    expect((await call(server, 'GET', `machines/${machine.id}/?op=query_power_state`)).json).toEqual({
      state: 'unknown',
    });
    // MAAS cannot ask whether it is off, so it is Ready at once.
    expect(await machine.op('release')).toMatchObject({ json: { status_name: 'Ready' } });
  });

  test('nobody comes: MAAS gives up after half an hour', async () => {
    const server = await still({ machines: 0 });
    server.control.enlist({ hostname: 'bench', powerType: 'manual' });
    const machine = new Handle(server, 'bench');
    await machine.op('commission');
    server.control.advance(HOUR / 2 - 1000);
    expect((await machine.get()).status_name).toBe('Commissioning');
    server.control.advance(1000);
    expect(await machine.get()).toMatchObject({
      status_name: 'Failed commissioning',
      error_description: "Node operation 'Commissioning' timed out after 30 minutes.",
    });
  });
});
