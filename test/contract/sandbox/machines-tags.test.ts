import { describe, expect, test } from 'vitest';
import { call } from './client.ts';
import { Handle, still } from './machines.ts';

describe('tags/', () => {
  test('made, read, changed, taken away; machines carry them', async () => {
    const machine = new Handle(await still());
    const { server, id } = machine;
    const tag = {
      name: 'dgx',
      comment: 'DGX systems',
      definition: '//node[@class="display"]',
      kernel_opts: 'iommu=pt',
    };
    expect(await call(server, 'POST', 'tags/', { form: tag })).toMatchObject({
      status: 200,
      json: { ...tag, resource_uri: '/MAAS/api/2.0/tags/dgx/' },
    });
    expect(
      await call(server, 'POST', 'tags/dgx/?op=update_nodes', { form: { add: [id, 'nobody'] } }),
    ).toMatchObject({ status: 200, json: { added: 1, removed: 0 } });
    expect((await machine.get()).tag_names).toEqual(['dgx']);
    expect(await call(server, 'PUT', 'tags/dgx/', { form: { name: 'dgx-a100' } })).toMatchObject({
      json: { name: 'dgx-a100', comment: 'DGX systems' },
    });
    expect((await machine.get()).tag_names).toEqual(['dgx-a100']);
    expect((await call(server, 'GET', 'tags/dgx-a100/?op=machines')).json).toMatchObject([{ system_id: id }]);
    expect((await call(server, 'GET', 'tags/')).json).toHaveLength(1);
    expect((await call(server, 'DELETE', 'tags/dgx-a100/')).status).toBe(204);
    expect((await machine.get()).tag_names).toEqual([]);
    expect(await call(server, 'DELETE', 'tags/dgx-a100/')).toMatchObject({
      status: 404,
      text: 'No Tag matches the given query.',
    });
  });

  test.each([
    [{ name: 'gpu' }, { name: ['Tag with this Name already exists.'] }],
    [{ name: 'a b' }, { name: ['Enter a valid value.'] }],
    [{}, { name: ['This field is required.'] }],
    [{ name: 'x', definition: '//node[' }, { definition: ['Invalid xpath expression: Invalid expression'] }],
  ])('%j is refused', async (form, errors) => {
    const server = await still();
    await call(server, 'POST', 'tags/', { form: { name: 'gpu' } });
    expect(await call(server, 'POST', 'tags/', { form: form as Record<string, string> })).toMatchObject({
      status: 400,
      json: errors,
    });
  });

  test('a definition that is not the tag’s any more: 409', async () => {
    const server = await still();
    await call(server, 'POST', 'tags/', { form: { name: 'gpu', definition: '//a' } });
    expect(
      await call(server, 'POST', 'tags/gpu/?op=update_nodes', { form: { definition: '//b' } }),
    ).toMatchObject({
      status: 409,
      text: "Definition supplied '//b' doesn't match current definition '//a'",
    });
  });

  test('a thousand machines in one request, and a machine deployed after that has the options', async () => {
    const server = await still({ machines: 1000 });
    await call(server, 'POST', 'tags/', { form: { name: 'gpu' } });
    const all = (await call(server, 'GET', 'machines/')).json;
    const add = all.map((one: { system_id: string }) => one.system_id);
    const answer = await call(server, 'POST', 'tags/gpu/?op=update_nodes', { form: { add } });
    expect(answer.json).toEqual({ added: 1000, removed: 0 });
    expect((await call(server, 'GET', 'machines/?tags=gpu')).json).toHaveLength(1000);
  });
});

describe('events/?op=query', () => {
  test('pages to the older and to the newer', async () => {
    const machine = new Handle(await still());
    await machine.done('commission');
    const { server } = machine;
    const page = async (uri: string) => (await call(server, 'GET', uri)).json;
    const types = (answer: { events: { type: string }[] }) => answer.events.map((event) => event.type);
    const newest = await page(`events/?op=query&limit=3&hostname=gpu-001`);
    expect(types(newest)).toEqual(['Ready', 'Running test', 'Gathering information']);
    expect(newest.count).toBe(3);
    const older = await page(newest.prev_uri);
    expect(types(older)).toEqual(['Loading ephemeral', 'Performing PXE boot', 'Commissioning']);
    expect(types(await page(older.next_uri))).toEqual(types(newest));
    const nothing = await page(newest.next_uri);
    expect(nothing).toMatchObject({ count: 0, events: [] });
    // MAAS forgets where an empty page was.
    expect(nothing.next_uri).toBe('/MAAS/api/2.0/events/?op=query&limit=3&hostname=gpu-001');
    await machine.op('deploy', { distro_series: 'jammy' });
    expect(types(await page(newest.next_uri))).toEqual(['Deploying']);
  });

  test('by level, and with what MAAS says of each', async () => {
    const machine = new Handle(await still());
    await machine.op('commission', { testing_scripts: 'none' });
    const all = (await call(machine.server, 'GET', 'events/?op=query&level=DEBUG&limit=2')).json.events;
    expect(all).toMatchObject([
      { level: 'INFO', type: 'Commissioning', username: 'unknown', hostname: 'gpu-001', node: machine.id },
      { level: 'DEBUG', type: 'Node changed status', description: "From 'New' to 'Commissioning'" },
    ]);
    expect(all[0].created).toMatch(/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2}\. \d{4} \d\d:\d\d:\d\d$/);
  });

  test.each([
    ['limit=1001', 'Requested number of events 1001 is greater than limit: 1000'],
    ['level=LOUD', 'Unrecognised log level: LOUD'],
    ['after=1&before=9', 'There is undetermined behaviour when both `after` and `before` are specified.'],
  ])('%s: 400', async (query, text) => {
    expect(await call(await still(), 'GET', `events/?op=query&${query}`)).toMatchObject({
      status: 400,
      text,
    });
  });
});

describe('nodes/{id}/results/', () => {
  test('sets of results, each with its scripts', async () => {
    const machine = new Handle(await still());
    await machine.done('commission');
    const { server, id } = machine;
    const sets = (await call(server, 'GET', `nodes/${id}/results/`)).json;
    expect(
      sets.map((set: { type_name: string; status_name: string }) => [set.type_name, set.status_name]),
    ).toEqual([
      ['Commissioning', 'Passed'],
      ['Testing', 'Passed'],
    ]);
    expect(sets[1].results).toMatchObject([
      { name: 'smartctl-validate', exit_status: 0, runtime: '0:00:01' },
    ]);
    expect(sets[1].results[0]).not.toHaveProperty('output');
    expect((await call(server, 'GET', `nodes/${id}/results/?type=testing`)).json).toHaveLength(1);
    const download = `nodes/${id}/results/current-testing/?op=download&filters=smartctl-validate`;
    expect(await call(server, 'GET', download)).toMatchObject({
      status: 200,
      text: 'smartctl-validate: done\n',
    });
    expect((await call(server, 'GET', `nodes/${id}/results/current-installation/`)).status).toBe(400);
    expect((await call(server, 'GET', `nodes/${id}/results/999/`)).status).toBe(404);
  });
});
