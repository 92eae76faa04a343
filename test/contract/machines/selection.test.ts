import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { Host } from '../cli/host.ts';
import { call } from '../sandbox/client.ts';

let host: Host;
let maas: Sandbox;
beforeAll(async () => {
  host = new Host();
  maas = await startSandbox({ dir: `${host.dir}-maas`, family: '3.5', machines: 2, speed: 1000 });
  host.env.MAAS_API_URL = maas.url;
  host.env.MAAS_API_KEY = maas.apiKey;
  for (const [path, name] of [
    ['resourcepools/', 'spare'],
    ['zones/', 'far'],
  ] as const)
    await call(maas, 'POST', path, { form: { name } });
});
afterAll(async () => {
  await maas.close();
  host.remove();
});

const NONE = [
  ['--pool', 'spare'],
  ['--zone', 'far'],
  ['--tag', 'nowhere'],
  ['--status', 'broken'],
  ['gpu-9*'],
];
const COMMANDS: [string[], object][] = [
  [['list'], { machines: [] }],
  [['commission'], { action: 'commission', machines: [] }],
  [['commission', '--dry-run'], { action: 'commission', dryRun: true, machines: [] }],
  [['deploy', '--image', 'jammy'], { action: 'deploy', machines: [] }],
  [['deploy', '--image', 'jammy', '--profile', 'slurm'], { action: 'deploy', machines: [] }],
  [['release', '--erase'], { action: 'release', machines: [] }],
  [['wait', '--for', 'ready'], { action: 'wait', machines: [] }],
  [['power', 'on'], { action: 'power on', machines: [] }],
  [['power', 'off'], { action: 'power off', machines: [] }],
  [['power', 'cycle'], { action: 'power cycle', machines: [] }],
  [['power', 'status'], { machines: [] }],
  [['power', 'set', '--power', 'power_user=x'], { action: 'power set', machines: [] }],
  [['tag', 'add', 'a'], { changes: [] }],
  [['tag', 'remove', 'a'], { changes: [] }],
  [['tag', 'profile', 'k8s'], { changes: [] }],
];

describe('a selection', () => {
  it.each(COMMANDS)(
    'machines %j: a filter that fits none is nothing to do, an unknown name is a fault',
    async (command, empty) => {
      // The commands take turns with the filters: all go through the same selector.
      const filter = NONE[COMMANDS.findIndex(([one]) => one === command) % NONE.length] as string[];
      const ran = await host.run(['--json', 'machines', ...command, ...filter]);
      expect(ran, ran.stdout + ran.stderr).toMatchObject({ code: 0, json: { ok: true, ...empty } });
      const unknown = await host.run(['--json', 'machines', ...command, 'gpu-01']);
      expect(unknown).toMatchObject({ code: 7, json: { ok: false, error: { code: 'MACHINE_UNKNOWN' } } });
      expect(unknown.json.error.message).toContain('Did you mean "gpu-001"?');
    },
  );

  it.each(['pool', 'zone'])(
    'a %s that there is not is an unknown name, alone and among others',
    async (kind) => {
      for (const wanted of ['defualt', 'default,defualt']) {
        const { code, json } = await host.run(['--json', 'machines', 'list', `--${kind}`, wanted]);
        expect([code, json.error.code]).toEqual([7, 'MACHINE_UNKNOWN']);
        expect(json.error.message).toBe(`This MAAS has no ${kind} "defualt". Did you mean "default"?`);
      }
    },
  );

  it('says so to people, and nothing was sent', async () => {
    const before = maas.requests.length;
    const { code, stdout } = await host.run(['machines', 'release', '--tag', 'nowhere']);
    expect([code, stdout]).toEqual([0, 'Nothing to do: no machine of this MAAS matches the selection.\n']);
    expect(maas.requests.slice(before).every(({ method }) => method === 'GET')).toBe(true);
  });

  it('an inventory of no machine is an empty one; of an unknown host a fault', async () => {
    const list = await host.run(['inventory', '--list', '--status', 'broken']);
    expect([list.code, list.json._meta]).toEqual([0, { hostvars: {} }]);
    const unknown = await host.run(['--json', 'inventory', '--host', 'gpu-01']);
    expect(unknown).toMatchObject({ code: 7, json: { error: { code: 'MACHINE_UNKNOWN' } } });
  });

  it('images: an unknown name is a fault, a MAAS without any is an empty list', async () => {
    expect(await host.run(['--json', 'images'])).toMatchObject({
      code: 0,
      json: { ok: true, targets: [{ images: [] }] },
    });
    expect((await host.run(['--json', 'images', 'nope'])).json).toMatchObject({
      ok: false,
      error: { code: 'IMAGE_UNKNOWN' },
    });
  });
});

describe('--url and --maas-profile', () => {
  const READ = [
    ['machines', 'list'],
    ['inventory', '--list'],
    ['site', 'show'],
    ['site', 'export'],
    ['machines', 'power', 'status', '--all'],
  ];
  /** A configuration that names another MAAS, which nobody reaches. */
  function elsewhere(): Host {
    const other = new Host({ MAAS_API_KEY: maas.apiKey });
    onTestFinished(() => other.remove());
    writeFileSync(
      join(other.dir, 'dgxos-maas.yaml'),
      'targets:\n  lab: { url: "http://127.0.0.1:1/MAAS" }\n',
    );
    return other;
  }

  it.each(READ)('%j %j goes there in place of the configuration', async (...command) => {
    const other = elsewhere();
    const ran = await other.run(['--json', ...command, '--url', maas.url]);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    const both = await other.run(['--json', ...command, '--url', maas.url, '--to', 'lab']);
    expect(both).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
    const unknown = await other.run(['--json', ...command, '--maas-profile', 'nobody']);
    expect(unknown.json.error.message).toContain('The maas command has no profiles');
  });

  it('an inventory with a URL that is none does not pass as an empty one', async () => {
    const other = elsewhere();
    const ran = await other.run(['--json', 'inventory', '--list', '--url', 'ftp://maas']);
    expect(ran.code).toBe(3);
  });
});
