import { describe, expect, test } from 'vitest';
import { call } from './client.ts';
import { Handle, HOUR, still } from './machines.ts';

/** Three Ready machines, the second tagged, the third small. */
async function three() {
  const server = await still({ machines: 2 });
  server.control.enlist({ hostname: 'small', cpuCount: 8, memory: 16_384 });
  await call(server, 'POST', 'tags/', { form: { name: 'gpu' } });
  const tagged = new Handle(server, 'gpu-002');
  await call(server, 'POST', 'tags/gpu/?op=update_nodes', { form: { add: tagged.id } });
  await call(server, 'POST', 'machines/?op=accept_all');
  server.control.advance(HOUR / 4);
  const allocate = (form: Record<string, string | string[]> = {}) =>
    call(server, 'POST', 'machines/?op=allocate', { form });
  const list = async (query: string) => {
    const answer = await call(server, 'GET', `machines/?${query}`);
    return answer.status === 200 ? answer.json.map((one: { hostname: string }) => one.hostname) : answer.json;
  };
  return { server, tagged, allocate, list };
}

describe('op=allocate', () => {
  test.each<[string, Record<string, string>, string]>([
    ['nothing in particular: the smallest', {}, 'small'],
    ['a name', { name: 'gpu-001' }, 'gpu-001'],
    ['a name with its domain', { name: 'gpu-001.maas' }, 'gpu-001'],
    ['a tag', { tags: 'gpu' }, 'gpu-002'],
    ['not a tag, and cores', { not_tags: 'gpu', cpu_count: '100' }, 'gpu-001'],
    ['memory', { mem: '20000' }, 'gpu-001'],
    ['an architecture', { arch: 'amd64', zone: 'default', pool: 'default' }, 'small'],
  ])('%s', async (_what, form, hostname) => {
    const { allocate } = await three();
    const { json } = await allocate(form);
    expect(json).toMatchObject({
      hostname,
      status_name: 'Allocated',
      owner: 'admin',
      constraints_by_type: {},
    });
  });

  test('dry_run changes nothing', async () => {
    const { allocate, server } = await three();
    await allocate({ dry_run: 'true' });
    const allocated = async () => (await call(server, 'GET', 'machines/?status=allocated')).json;
    expect(await allocated()).toEqual([]);
    await allocate();
    expect(await allocated()).toMatchObject([{ hostname: 'small' }]);
  });

  test('none: 409 that says why', async () => {
    const { allocate, tagged } = await three();
    await allocate({ system_id: tagged.id });
    expect(await allocate({ system_id: tagged.id })).toMatchObject({
      status: 409,
      text: `No machine with system ID ${tagged.id} available.`,
    });
    expect((await allocate({ tags: 'gpu', mem: '5' })).text).toBe(
      `No available machine matches constraints: [('tags', ['gpu']), ('mem', ['5'])] (resolved to "mem=5 tags=gpu")`,
    );
    await allocate();
    await allocate();
    expect(await allocate()).toMatchObject({ status: 409, text: 'No machine available.' });
  });

  test.each([
    [{ tags: 'fast' }, { tags: ["No such tag(s): 'fast'."] }],
    [{ pool: 'x' }, { pool: ['No such pool(s): x.'] }],
    [{ zone: 'y' }, { zone: ['No such zone(s): y.'] }],
    [{ colour: 'blue' }, { colour: ['No such constraint.'] }],
    [{ arch: 'vax' }, { arch: ['Architecture not recognised.'] }],
    [{ storage: 'root:100' }, 'The sandbox does not play the constraint storage.'],
    [{ mem: 'much' }, { mem: ['Invalid memory: number of MiB required.'] }],
  ])('%j is refused', async (form, errors) => {
    const { allocate } = await three();
    const answer = await allocate(form as unknown as Record<string, string>);
    expect(answer.status).toBe(400);
    expect(typeof errors === 'string' ? answer.text : answer.json).toEqual(errors);
  });
});

describe('GET machines/', () => {
  test('by what MAAS filters by; twice means either', async () => {
    const { list, server } = await three();
    const [{ system_id, boot_interface }] = (await call(server, 'GET', 'machines/?hostname=gpu-001')).json;
    expect(await list('hostname=gpu-001&hostname=small')).toEqual(['gpu-001', 'small']);
    expect(await list('tags=gpu')).toEqual(['gpu-002']);
    expect(await list(`id=${system_id}`)).toEqual(['gpu-001']);
    expect(await list(`mac_address=${boot_interface.mac_address.toUpperCase()}`)).toEqual(['gpu-001']);
    expect(await list('status=ready&not_hostname=small')).toEqual(['gpu-001', 'gpu-002']);
    expect(await list('status=deployed')).toEqual([]);
    expect(await list('zone=default&pool=default&domain=maas')).toHaveLength(3);
    expect(await list('pool=x')).toEqual({ pool: ['No such pool(s): x.'] });
    expect(await list('status=dancing')).toEqual({
      status: ['Select a valid choice. dancing is not one of the available choices.'],
    });
    expect(await list('name=gpu-001')).toEqual({ name: ['No such constraint.'] });
  });
});

test('filters that came with 3.3 are none before it', async () => {
  const old = await still({ family: '3.2' });
  expect(await call(old, 'GET', 'machines/?not_status=ready')).toMatchObject({
    status: 400,
    json: { not_status: ['No such constraint.'] },
  });
  expect((await call(old, 'GET', 'machines/?status=new')).json).toHaveLength(1);
});

describe('many at once', () => {
  test('op=release releases all of them or, as one transaction, none', async () => {
    const { server, allocate, tagged } = await three();
    await allocate({ system_id: tagged.id });
    const other = new Handle(server);
    await other.op('commission');
    const machines = [tagged.id, other.id];
    expect(await call(server, 'POST', 'machines/?op=release', { form: { machines } })).toMatchObject({
      status: 409,
      text: `Machine(s) cannot be released in their current state: ${other.id} ('Commissioning').`,
    });
    expect((await tagged.get()).status_name).toBe('Allocated');
    server.control.advance(HOUR / 4);
    const done = await call(server, 'POST', 'machines/?op=release', { form: { machines } });
    expect(done).toMatchObject({ status: 200, json: [tagged.id] });
    expect(
      await call(server, 'POST', 'machines/?op=release', { form: { machines: ['nobody'] } }),
    ).toMatchObject({ status: 400, text: 'Unknown machine(s): nobody.' });
  });

  test('op=accept commissions', async () => {
    const server = await still({ machines: 2 });
    const [machine] = [new Handle(server)];
    const answer = await call(server, 'POST', 'machines/?op=accept', { form: { machines: [machine.id] } });
    expect(answer.json).toMatchObject([{ system_id: machine.id, status_name: 'Commissioning' }]);
  });
});
