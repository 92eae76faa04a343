import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Host } from '../cli/host.ts';
import { bench } from './bench.ts';

async function ready() {
  const { sandbox, client } = await bench({ machines: 0 });
  const host = new Host({ MAAS_API_URL: sandbox.url, MAAS_API_KEY: sandbox.apiKey });
  onTestFinished(() => host.remove());
  const write = (text: string) => writeFileSync(join(host.dir, 'machines.yaml'), text);
  const add = (...more: string[]) => host.run(['machines', 'add', '--from', 'machines.yaml', ...more]);
  return { sandbox, host, client, write, add };
}

const machine = (extra: string) => `machines:\n  gpu01: { macs: ["48:b0:2d:00:01:01"]${extra} }\n`;

describe('machines add, run again', () => {
  it('completes what an earlier run has not set, and then changes nothing', async () => {
    const { client, write, add } = await ready();
    await client.post('resourcepools/', { name: 'gpu' });
    write(machine(''));
    expect(await add()).toMatchObject({ code: 0 });
    write(machine(', pool: gpu, tags: [dgx]'));
    const second = await add();
    expect(second).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/gpu01 +completed .*set: pool gpu, tag dgx/),
    });
    const third = await add('--json');
    expect(third.json.machines).toEqual([expect.objectContaining({ outcome: 'already' })]);
    const [there] = (await client.get('machines/')) as { pool: { name: string }; tag_names: string[] }[];
    expect([there?.pool.name, there?.tag_names]).toEqual(['gpu', ['dgx']]);
  });

  it('says what differs and is left', async () => {
    const { write, add } = await ready();
    write(machine(''));
    await add();
    write(machine(', architecture: arm64'));
    const { code, stdout } = await add();
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('its architecture is amd64/generic, not arm64/generic'),
    ]);
  });
});

describe('machines add, before the first machine is made', () => {
  it.each([
    [', pool: gpus', 2, 'machines.gpu01.pool: MAAS has no pool "gpus"'],
    [', zone: rack1', 2, 'MAAS has no zone "rack1"'],
    [', domain: example.net', 2, 'MAAS has no domain "example.net"'],
    [', tags: [mine, auto]', 2, 'MAAS sets the tag auto itself'],
  ])('compares what is named with what MAAS has: %s', async (extra, line, message) => {
    const { sandbox, client, write, add } = await ready();
    await client.post('resourcepools/', { name: 'gpu' });
    await client.post('tags/', { name: 'auto', definition: '//node' });
    write(machine(extra));
    const { code, stderr } = await add();
    expect([code, stderr]).toEqual([3, expect.stringContaining(message)]);
    expect(stderr).toContain(`machines.yaml:${line}:`);
    expect(sandbox.counts['machine-create'] ?? 0).toBe(0);
  });

  it('names the place in the defaults, once', async () => {
    const { write, add } = await ready();
    write(
      `defaults: { pool: nope }\nmachines:\n  a: { macs: ["48:b0:2d:00:01:01"] }\n  b: { macs: ["48:b0:2d:00:01:02"] }\n`,
    );
    const { stderr } = await add();
    expect(stderr.match(/MAAS has no pool/g)).toHaveLength(1);
    expect(stderr).toContain('machines.yaml:1:');
  });

  it('of one machine is a usage error with what is meant', async () => {
    const { host, client } = await ready();
    await client.post('resourcepools/', { name: 'gpu' });
    const { code, stderr } = await host.run([
      'machines',
      'add',
      'gpu01',
      '--mac',
      '48:b0:2d:00:01:01',
      '--pool',
      'gpuu',
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Did you mean "gpu"')]);
  });
});
