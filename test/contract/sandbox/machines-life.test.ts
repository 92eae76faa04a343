import { describe, expect, test } from 'vitest';
import { call, sandbox } from './client.ts';

/** A sandbox whose clock stands still unless it is put forward. */
async function still(options = {}) {
  const now = Date.now();
  return sandbox({ now: () => now, ...options });
}

describe('the life of a machine', () => {
  test('from New to Deployed and back', async () => {
    const server = await still({ machines: 1 });
    const get = async () => (await call(server, 'GET', `machines/${id}/`)).json;
    const op = async (name: string, form = {}) =>
      call(server, 'POST', `machines/${id}/?op=${name}`, { form });
    const [{ system_id: id, ...first }] = (await call(server, 'GET', 'machines/')).json;
    expect(first).toMatchObject({ status: 0, status_name: 'New', power_type: 'ipmi', power_state: 'off' });

    expect(await op('commission')).toMatchObject({ status: 200, json: { status_name: 'Commissioning' } });
    server.control.advance(600_000);
    expect(await get()).toMatchObject({ status_name: 'Ready', power_state: 'off', owner: null });

    expect(await call(server, 'POST', 'machines/?op=allocate', { form: { system_id: id } })).toMatchObject({
      status: 200,
      json: { status_name: 'Allocated', owner: 'admin' },
    });
    expect(await op('deploy', { distro_series: 'jammy' })).toMatchObject({
      status: 200,
      json: { status_name: 'Deploying' },
    });
    server.control.advance(600_000);
    const deployed = await get();
    expect(deployed).toMatchObject({ status_name: 'Deployed', osystem: 'ubuntu', power_state: 'on' });
    expect(deployed.ip_addresses).toHaveLength(1);

    expect(await op('release')).toMatchObject({ status: 200, json: { status_name: 'Releasing' } });
    server.control.advance(600_000);
    expect(await get()).toMatchObject({ status_name: 'Ready', owner: null, osystem: '' });
    const events = (await call(server, 'GET', `events/?op=query&id=${id}`)).json.events;
    expect(events.map((event: { type: string }) => event.type).reverse()).toEqual([
      ...['New', 'Performing PXE boot', 'Loading ephemeral', 'New'],
      ...['Commissioning', 'Performing PXE boot', 'Loading ephemeral', 'Gathering information'],
      ...['Running test', 'Ready'],
      ...['Deploying', 'Performing PXE boot', 'Loading ephemeral', 'Configuring storage', 'Installing OS'],
      ...['Configuring OS', 'Rebooting', 'Image Deployed', 'Deployed'],
      ...['Releasing', 'Released'],
    ]);
  });
});
