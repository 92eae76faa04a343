import { describe, expect, test } from 'vitest';
import { type Answer, call, sandbox } from './client.ts';
import { Handle, still } from './machines.ts';

const NEW = {
  hostname: 'dgx-01',
  architecture: 'amd64',
  mac_addresses: ['48:B0:2D:00:00:01', '48-b0-2d-00-00-02'],
  power_type: 'redfish',
  power_parameters_power_address: '10.0.0.9',
  power_parameters_power_user: 'root',
  power_parameters_power_pass: 'secret-1',
  commission: 'false',
};

const add = async (server: Awaited<ReturnType<typeof sandbox>>, more: Record<string, unknown> = {}) =>
  call(server, 'POST', 'machines/', {
    form: Object.fromEntries(
      Object.entries({ ...NEW, ...more }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>,
  });

describe('POST machines/', () => {
  test('200 and a New machine; its power parameters come with the password', async () => {
    const server = await sandbox();
    const answer = await add(server, { pool: 'default', zone: 'default', description: 'rack 4' });
    expect(answer).toMatchObject({
      status: 200,
      json: {
        ...{ hostname: 'dgx-01', fqdn: 'dgx-01.maas', architecture: 'amd64/generic', status: 0 },
        ...{ power_type: 'redfish', description: 'rack 4', owner: null, tag_names: [] },
        zone: { name: 'default' },
        pool: { name: 'default' },
        domain: { name: 'maas', is_default: true },
        interface_set: [{ mac_address: '48:b0:2d:00:00:01' }, { mac_address: '48:b0:2d:00:00:02' }],
        boot_interface: { mac_address: '48:b0:2d:00:00:01' },
        boot_disk: null,
      },
    });
    const id = answer.json.system_id;
    const parameters = {
      power_address: '10.0.0.9',
      power_user: 'root',
      power_pass: 'secret-1',
      node_id: '',
    };
    expect((await call(server, 'GET', `machines/${id}/?op=power_parameters`)).json).toEqual(parameters);
    expect((await call(server, 'GET', 'machines/?op=power_parameters')).json).toEqual({ [id]: parameters });
    expect((await call(server, 'GET', `machines/?op=power_parameters&id=nobody`)).json).toEqual({});
  });

  test('commissions unless asked not to', async () => {
    const answer = await add(await sandbox(), { commission: undefined });
    expect(answer.json).toMatchObject({ status_name: 'Commissioning', owner: 'admin' });
  });

  test('a machine that cannot be commissioned is not added either', async () => {
    const server = await sandbox();
    const bare = { commission: undefined, power_type: undefined };
    const power = Object.fromEntries(
      Object.keys(NEW)
        .filter((name) => name.startsWith('power_'))
        .map((name) => [name, undefined]),
    );
    expect(await add(server, { ...power, ...bare })).toMatchObject({
      status: 500,
      text: 'Unconfigured power type. Please configure the power type and try again.',
    });
    expect((await call(server, 'GET', 'machines/')).json).toEqual([]);
    expect(await add(server, { ...power, commission: 'false' })).toMatchObject({
      status: 200,
      json: { power_type: '', power_state: 'unknown' },
    });
  });

  test('a machine without a name gets one of MAAS’ own', async () => {
    const answer = await add(await sandbox(), { hostname: undefined });
    expect(answer.json.hostname).toMatch(/^[a-z]+-[a-z]+$/);
  });

  test.each<[string, Record<string, unknown>, object]>([
    [
      'a name that is taken',
      { hostname: 'gpu-001', mac_addresses: 'aa:bb:cc:dd:ee:ff' },
      { hostname: ['Node with this Hostname already exists.'] },
    ],
    ['no architecture', { architecture: undefined }, { architecture: ['This field is required.'] }],
    [
      'an architecture without images',
      { architecture: 'ppc64el/generic' },
      {
        architecture: [
          "'ppc64el/generic' is not a valid architecture.  It should be one of: 'amd64/generic', 'arm64/generic'.",
        ],
      },
    ],
    ['no MAC', { mac_addresses: undefined }, { mac_addresses: ['This field is required.'] }],
    [
      'no MAC address',
      { mac_addresses: '00:E0:81:DD:D1:ZZ' },
      { mac_addresses: ["'00:E0:81:DD:D1:ZZ' is not a valid MAC address."] },
    ],
    [
      'two MACs, one wrong',
      { mac_addresses: ['aa:bb:cc:dd:ee:ff', 'invalid'] },
      { mac_addresses: ["One or more MAC addresses is invalid. ('invalid' is not a valid MAC address.)"] },
    ],
    [
      'a MAC that is taken',
      { mac_addresses: '48:b0:2d:00:01:00' },
      { mac_addresses: ['MAC address 48:b0:2d:00:01:00 already in use on gpu-001.'] },
    ],
    [
      'a power type nobody knows',
      { power_type: 'steam' },
      { power_type: ['Select a valid choice. steam is not one of the available choices.'] },
    ],
    [
      'a parameter that is missing',
      { power_parameters_power_address: undefined },
      { power_parameters: ['Redfish address: This field is required.'] },
    ],
    [
      'a parameter too many',
      { power_parameters_power_adress: 'x' },
      { power_parameters: ['Unknown parameter(s): power_adress.'] },
    ],
    [
      'a zone that is not there',
      { zone: 'mars' },
      { zone: ['Select a valid choice. That choice is not one of the available choices.'] },
    ],
    [
      'a pool that is not there',
      { pool: 'mars' },
      { pool: ['Select a valid choice. That choice is not one of the available choices.'] },
    ],
    ['a domain that is not there', { domain: 'mars' }, { domain: ['Unable to find domain mars'] }],
    ['a name in a domain that is not there', { hostname: 'a.mars' }, { hostname: ['Nonexistant domain.'] }],
  ])('%s: 400', async (_what, more, errors) => {
    const answer = await add(await still(), more);
    expect(answer).toMatchObject({ status: 400, json: errors });
    expect(answer.json).toEqual(errors);
  });

  test('a choice of the BMC’s that there is not names those there are', async () => {
    const answer = await add(await sandbox(), {
      power_type: 'ipmi',
      power_parameters_power_driver: 'LAN_3',
    });
    expect(answer.json).toEqual({
      power_parameters: [
        "Power driver: 'LAN_3' is not a valid power_driver.  It should be one of: 'LAN', 'LAN_2_0'.",
      ],
    });
  });
});

describe('machines/{id}/', () => {
  const put = (machine: Handle, form: Record<string, string>): Promise<Answer> =>
    call(machine.server, 'PUT', `machines/${machine.id}/`, { form });

  test('PUT changes what it names and nothing else', async () => {
    const machine = new Handle(await still());
    const before = await machine.get();
    expect((await put(machine, { description: 'new fans' })).json).toEqual({
      ...before,
      description: 'new fans',
    });
    expect(
      await put(machine, {
        hostname: 'head-01',
        power_type: 'virsh',
        power_parameters_power_address: 'qemu:///system',
        power_parameters_power_id: 'vm1',
      }),
    ).toMatchObject({ status: 200, json: { fqdn: 'head-01.maas', power_type: 'virsh' } });
    expect((await put(machine, { power_parameters_power_id: 'vm2' })).status).toBe(200);
    expect((await call(machine.server, 'GET', `machines/${machine.id}/?op=power_parameters`)).json).toEqual({
      power_address: 'qemu:///system',
      power_pass: '',
      power_id: 'vm2',
    });
    expect((await put(machine, { power_type: 'manual' })).json).toMatchObject({ power_state: 'unknown' });
  });

  test('skip_check takes whatever parameters', async () => {
    const machine = new Handle(await still());
    const answer = await put(machine, {
      power_type: 'redfish',
      power_parameters_any: 'x',
      power_parameters_skip_check: 'true',
    });
    expect(answer.status).toBe(200);
  });

  test('DELETE 204, then 404', async () => {
    const machine = new Handle(await still());
    const path = `machines/${machine.id}/`;
    expect((await call(machine.server, 'DELETE', path)).status).toBe(204);
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(await call(machine.server, method, path)).toMatchObject({
        status: 404,
        text: 'No Machine matches the given query.',
      });
  });

  test('a user without administrator rights sees free addresses, and may not change them', async () => {
    const server = await still({ machines: 2 });
    const [mine, other] = [new Handle(server), new Handle(server, 'gpu-002')];
    await mine.done('commission');
    await other.op('commission');
    const key = server.userKey;
    const seen = await call(server, 'GET', 'machines/', { key });
    expect(seen.json.map((one: { hostname: string }) => one.hostname)).toEqual(['gpu-001']);
    for (const [method, path] of [
      ['PUT', `machines/${mine.id}/`],
      ['DELETE', `machines/${mine.id}/`],
      ['GET', `machines/${mine.id}/?op=power_parameters`],
      ['POST', `machines/${mine.id}/?op=commission`],
      ['GET', 'machines/?op=power_parameters'],
      ['POST', 'tags/'],
    ] as const)
      expect((await call(server, method, path, { key })).status, path).toBe(403);
    expect((await call(server, 'GET', `machines/${other.id}/`, { key })).status).toBe(403);
    const taken = await call(server, 'POST', 'machines/?op=allocate', { key, form: {} });
    expect(taken.json).toMatchObject({ hostname: 'gpu-001', owner: 'user' });
  });

  test('the power types list every parameter that PUT takes', async () => {
    const types = (await call(await sandbox(), 'GET', 'rackcontrollers/?op=describe_power_types')).json;
    const ipmi = types.find((one: { name: string }) => one.name === 'ipmi');
    expect(ipmi.fields.map((field: { name: string }) => field.name)).toContain('power_pass');
    expect(types.find((one: { name: string }) => one.name === 'manual')).toMatchObject({
      fields: [],
      queryable: false,
    });
  });
});

describe('fields by version', () => {
  test.each([
    ['2.8', ['iscsiblockdevice_set', 'pod'], ['workload_annotations', 'ephemeral_deploy']],
    ['3.4', ['ephemeral_deploy', 'workload_annotations', 'pod'], ['error_description', 'is_dpu']],
    ['3.5', ['error_description'], ['enable_kernel_crash_dump', 'is_dpu']],
    ['3.8', ['is_dpu', 'enable_kernel_crash_dump'], ['pod', 'virtualmachine_id']],
  ])('%s', async (family, there, missing) => {
    const server = await sandbox({ family, machines: 1 });
    const [machine] = (await call(server, 'GET', 'machines/')).json;
    for (const name of there) expect(machine).toHaveProperty(name);
    for (const name of missing) expect(machine).not.toHaveProperty(name);
  });
});
