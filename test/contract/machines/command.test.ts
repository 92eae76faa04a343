import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CLI } from '../../cli.ts';
import { Host, spellings } from '../cli/host.ts';
import { bench, clientOf, readyBench } from './bench.ts';

function hostOf(sandbox: { url: string; apiKey: string }): Host {
  const host = new Host({ MAAS_API_URL: sandbox.url, MAAS_API_KEY: sandbox.apiKey });
  onTestFinished(() => host.remove());
  return host;
}

test('machines of a file are added once, with power that nobody ever sees', async () => {
  const { sandbox } = await bench({ machines: 0 });
  const host = hostOf(sandbox);
  const secrets = { BMC_PASSWORD: 'Calvin-and-Hobbes-7', KG: 'q7Vw2-kg-secret', ADMIN: 'ADMIN' };
  writeFileSync(join(host.dir, 'third'), 'from-a-file-9X\n');
  writeFileSync(
    join(host.dir, 'machines.yaml'),
    `defaults:
  tags: [dgx]
  power:
    type: ipmi
    parameters: { power_user: admin }
    password: { environment: BMC_PASSWORD }
    secrets: { k_g: { environment: KG } }
machines:
  gpu01: { macs: ["48:b0:2d:00:01:01"], power: { parameters: { power_address: 10.0.0.1 } } }
  gpu02: { macs: ["48:b0:2d:00:01:02"], power: { parameters: { power_address: 10.0.0.2 }, password: { file: third } } }
  gpu03: { macs: ["48:b0:2d:00:01:03"], power: { type: manual } }
`,
  );
  const env = secrets;
  const add = ['machines', 'add', '--from', 'machines.yaml', '--events', 'events.ndjson'];
  const first = await host.run([...add, '--json'], { env });
  expect(first).toMatchObject({ code: 0, json: { ok: true } });
  expect(first.json.machines.map((one: { outcome: string }) => one.outcome)).toEqual([
    'added',
    'added',
    'added',
  ]);
  const second = await host.run(add, { env });
  expect(second.stdout.match(/already exists/g)).toHaveLength(3);
  expect(sandbox.counts['machine-create']).toBe(3);

  // A fourth, from stdin; one of its addresses is taken.
  const one = ['machines', 'add', 'gpu04', '--power-type', 'redfish', '--power', 'power_address=10.0.0.4'];
  const more = ['--power', 'power_user=root', '--power-password-file', '-'];
  const taken = await host.run([...one, ...more, '--mac', '48:b0:2d:00:01:01'], { input: 'piped-in-secret' });
  expect(taken).toMatchObject({ code: 7, stdout: expect.stringContaining('belongs to the machine gpu01') });
  expect(
    await host.run([...one, ...more, '--mac', '48:b0:2d:00:01:04'], { input: 'piped-in-secret' }),
  ).toMatchObject({
    code: 0,
  });
  // "ADMIN" is too short to be masked anywhere, and is shown nowhere all the same.
  const set = await host.run(
    [
      'machines',
      'power',
      'set',
      'gpu01',
      '--power-password-env',
      'ADMIN',
      '--power',
      'power_address=10.0.0.9',
    ],
    { env },
  );
  expect(set).toMatchObject({ code: 0, stdout: expect.stringMatching(/gpu01 +set/) });

  // MAAS has got them.
  const kept = (await clientOf(sandbox).get('machines/?op=power_parameters')) as Record<
    string,
    Record<string, string>
  >;
  expect(Object.values(kept).map(({ power_pass }) => power_pass)).toEqual([
    'ADMIN',
    'from-a-file-9X',
    undefined,
    'piped-in-secret',
  ]);
  expect(Object.values(kept)[0]).toMatchObject({
    k_g: secrets.KG,
    power_user: 'admin',
    power_address: '10.0.0.9',
  });

  await host.run(['machines', 'list', '--json'], { env });
  await host.run(['machines', 'list', '--verbose'], { env });
  await host.run(['inventory', '--list', '--status', 'new'], { env });
  const given = [join(host.dir, 'third')];
  const everything = `${host.said}\n${host.written(given)}`.replaceAll('ADMIN: ', '');
  for (const secret of [secrets.BMC_PASSWORD, secrets.KG, 'from-a-file-9X', 'piped-in-secret'])
    for (const spelling of spellings(secret)) expect(everything).not.toContain(spelling);
  expect(everything.replaceAll('--power-password-env ADMIN', '')).not.toContain('ADMIN');
});

test('a wrong request is reported before anything is touched', async () => {
  const { sandbox } = await readyBench({ machines: 2 });
  const host = hostOf(sandbox);
  const posts = () => sandbox.counts.POST ?? 0;
  const before = posts();
  const wrong: [args: string[], code: number, says: RegExp][] = [
    [['machines', 'release'], 2, /No machine is selected/],
    [['machines', 'power', 'off', 'gpu-001'], 0, /no change needed/],
    [['machines', 'deploy', 'gpu-001', '--image', 'jammy'], 2, /no terminal to ask.*gpu-001 +Ready.*--yes/s],
    [
      ['machines', 'deploy', 'gpu-1', '--image', 'jammy', '-y'],
      7,
      /no machine "gpu-1"\. Did you mean "gpu-001"/,
    ],
    [['machines', 'deploy', '--all', '--image', 'jamy', '-y'], 3, /no image "jamy"\. Did you mean "jammy"/],
    [['machines', 'list', '--status', 'redy'], 2, /Did you mean "ready"/],
    [['machines', 'wait', 'gpu-001', '--for', 'deployd'], 2, /Did you mean "deployed"/],
    [['machines', 'add', 'gpu09'], 2, /needs --mac/],
    [
      [
        'machines',
        'add',
        'gpu09',
        '--mac',
        '48:b0:2d:00:09:01',
        '--power-type',
        'ipmi',
        '--power',
        'power_adress=1',
      ],
      3,
      /no parameter power_adress\. Did you mean "power_address"/,
    ],
    [['machines', 'tag', 'add', 'two words', '--all'], 2, /not a name for a tag/],
    [['machines', 'tag', 'profile', 'k9s', '--all'], 2, /k8s/],
    [['inventory'], 2, /--list or --host/],
  ];
  for (const [args, code, says] of wrong) {
    const ran = await host.run(args);
    expect(`${ran.stdout}${ran.stderr}`, args.join(' ')).toMatch(says);
    expect(ran.code, args.join(' ')).toBe(code);
  }
  expect(posts()).toBe(before);
});

test('Ctrl-C says how to take it up, and that does', async () => {
  const { sandbox } = await readyBench({ machines: 2, speed: 4 });
  const host = hostOf(sandbox);
  const child = spawn(
    process.execPath,
    [CLI, 'machines', 'deploy', '--all', '--image', 'jammy', '--yes', '--profile', 'slurm'],
    { env: host.env, cwd: host.dir },
  );
  let said = '';
  child.stderr.on('data', (part) => {
    const before = said.includes('Deploying');
    said += part;
    if (!before && said.includes('Deploying')) child.kill('SIGINT');
  });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
  const hint = /To wait for it: dgxos-maas (machines wait .+ --for \w+);/.exec(said)?.[1];
  expect(hint).toBe('machines wait gpu-001 gpu-002 --for deployed');
  const waited = await host.run([...(hint as string).split(' '), '--json']);
  expect(waited).toMatchObject({ code: 0, json: { ok: true, action: 'wait' } });
  expect(waited.json.machines).toMatchObject([{ after: 'deployed' }, { after: 'deployed' }]);

  // The same command again deploys nothing, and finishes what was left: the roles.
  const again = await host.run([
    'machines',
    'deploy',
    '--all',
    '--image',
    'jammy',
    '-y',
    '--profile',
    'slurm',
  ]);
  expect(again.stdout.match(/no change needed/g)).toHaveLength(3);
  expect(sandbox.counts.deploy).toBe(2);
  const inventory = (await host.run(['inventory', '--list'])).json;
  expect([inventory['slurm-master'].hosts, inventory['slurm-node'].hosts]).toEqual([
    ['gpu-001'],
    ['gpu-002'],
  ]);
});

test('no other machine becomes the head while the head failed', async () => {
  const { sandbox } = await readyBench({ machines: 3, speed: 50, failures: ['gpu-001:deploying:once'] });
  const host = hostOf(sandbox);
  const deploy = 'machines deploy gpu-001 gpu-002 gpu-003 --image jammy -y --profile k8s'.split(' ');
  const roles = async () => {
    const { machines } = (await host.run(['machines', 'list', '--json'])).json;
    return machines.map(({ tags }: { tags: string[] }) => tags.join(' '));
  };
  const first = await host.run(deploy);
  expect(first.code).toBe(7);
  expect(first.stderr).toContain('gpu-001 will be the head');
  expect(await roles()).toEqual(['', 'kube_node', 'kube_node']);
  await host.run(['machines', 'release', 'gpu-001', '-y']);
  expect((await host.run(deploy)).stderr).toContain('gpu-001 is the head');
  expect(await roles()).toEqual(['etcd kube_control_plane', 'kube_node', 'kube_node']);
});

test('power set --dry-run sets nothing', async () => {
  const { sandbox } = await bench({ machines: 2 });
  const host = hostOf(sandbox);
  const set = 'machines power set --all --power-type manual --json'.split(' ');
  const dry = await host.run([...set, '--dry-run']);
  expect(dry).toMatchObject({ code: 0, json: { ok: true, dryRun: true } });
  expect(dry.json.machines[0]).toMatchObject({ hostname: 'gpu-001', from: 'ipmi', to: 'manual' });
  expect(sandbox.counts['machine-update'] ?? 0).toBe(0);
  expect((await host.run(set)).code).toBe(0);
  expect(sandbox.counts['machine-update']).toBe(2);
});
