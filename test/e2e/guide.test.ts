import { execFile, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI, demoIso, demoWorkspace, start, type Workspace } from './demo.ts';

interface Served {
  env: NodeJS.ProcessEnv;
  url: string;
  close(): Promise<void>;
}

/** `dgxos-maas sandbox` as a user starts it. */
async function sandbox(dir: string, ...flags: string[]): Promise<Served> {
  const options: SpawnOptions = { stdio: ['ignore', 'pipe', 'inherit'] };
  const child = spawn(
    process.execPath,
    [CLI, 'sandbox', '--json', '--quiet', '--dir', dir, ...flags],
    options,
  );
  let said = '';
  for await (const text of child.stdout!.iterator({ destroyOnReturn: false })) {
    said += text;
    if (said.trimEnd().endsWith('}')) break;
  }
  const { url, apiKey } = JSON.parse(said) as { url: string; apiKey: string };
  return {
    url,
    env: { MAAS_API_URL: url, MAAS_API_KEY: apiKey },
    async close() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

let workspace: Workspace;
let maas: Served;

/** One command of the guide; its JSON. */
async function dgxos<T = Record<string, unknown>>(argv: string[], expected = 0, at = maas): Promise<T> {
  const { code, stdout, stderr } = await start(workspace, [...argv, '--json'], at.env).ended;
  expect(code, stderr).toBe(expected);
  return JSON.parse(stdout) as T;
}

/** The work of a rack, or of a hand at the power button, which MAAS' API cannot do. */
async function control(path: string, body: object, at = maas): Promise<void> {
  const answer = await fetch(`${at.url.replace(/\/MAAS$/, '')}/sandbox/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${at.env.MAAS_API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status, await answer.text()).toBeLessThan(300);
}

interface Listed {
  machines: { hostname: string; status: string; series: string | null; ipAddresses: string[] }[];
}
const listed = async (...argv: string[]) => (await dgxos<Listed>(['machines', 'list', ...argv])).machines;

const PORT = '22522';
const ssh = async (address: string, command: string) => {
  const argv = ['-i', join(workspace.dir, 'id'), '-p', PORT, '-o', 'BatchMode=yes'];
  const trust = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ];
  const { stdout } = await promisify(execFile)('ssh', [...argv, ...trust, `ubuntu@${address}`, command]);
  return stdout.trim();
};

beforeAll(async () => {
  workspace = demoWorkspace(await demoIso());
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(workspace.dir, 'id')]);
  const config = JSON.parse(readFileSync(workspace.config, 'utf8'));
  config.acceptance = { machines: ['test-vm'], ssh: { key_file: 'id', port: Number(PORT) } };
  writeFileSync(workspace.config, JSON.stringify(config));
  maas = await sandbox(join(workspace.dir, 'maas'), '--guests', '--guest-port', PORT, '--speed', '4');
});
afterAll(async () => {
  await maas?.close();
  rmSync(workspace.dir, { recursive: true, force: true });
});

describe("DeepOps' guide, step by step", () => {
  it('SSH keys, OS repositories, DHCP: the site as a file, and nothing left to do afterwards', async () => {
    const file = join(workspace.dir, 'site.yaml');
    writeFileSync(
      file,
      `region: { name: deepops, storage_layout: flat, intro_completed: true }
ssh_keys: [{ file: id.pub }]
boot_sources:
  - url: http://images.maas.io/ephemeral-v3/stable/
    selections: [{ release: jammy, arches: [amd64] }]
subnets:
  - cidr: 192.168.1.0/24
    ranges: [{ type: dynamic, start: 192.168.1.191, end: 192.168.1.254 }]
    dhcp: {}
`,
    );
    const { stdout } = await start(workspace, ['site', 'plan', '-f', file], maas.env).ended;
    expect(stdout).toContain('+ SSH key ssh-ed25519');
    expect(stdout).toMatch(/~ VLAN fabric-0\/untagged\n {4}dhcp: off -> on/);
    await dgxos(['site', 'apply', '-f', file, '--yes']);
    const again = await start(workspace, ['site', 'plan', '-f', file], maas.env).ended;
    expect(again.stdout).toContain('Nothing to do');
  });

  it('a machine that boots from the network shows up, gets its power control, and is commissioned', async () => {
    await control('machines/', { hostname: 'test-vm', powerType: 'manual', macs: ['52:54:00:00:00:01'] });
    expect(await listed()).toMatchObject([{ hostname: 'test-vm', status: 'new' }]);
    writeFileSync(join(workspace.dir, 'bmc-password'), 'not-shown-to-anybody\n');
    const power = ['power_address=10.0.0.9', 'power_user=maas'].flatMap((value) => ['--power', value]);
    const file = ['--power-password-file', join(workspace.dir, 'bmc-password')];
    await dgxos(['machines', 'power', 'set', 'test-vm', '--power-type', 'ipmi', ...power, ...file, '--yes']);
    await dgxos(['machines', 'commission', 'test-vm', '--yes']);
    expect(await listed()).toMatchObject([{ hostname: 'test-vm', status: 'ready' }]);
  });

  it('the image: from the ISO to a channel, over a real deployment', async () => {
    const run = start(workspace, ['run', 'demo', '--accept', '--promote', 'stable', '--json'], maas.env);
    const { code, stdout, stderr } = await run.ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    expect(stderr).toMatch(/✓ accept +demo1-1\.0-\S+ is accepted on test-vm/);
    expect(stderr).toMatch(/✓ promote +demo1-1\.0-stable on \S+ now has demo1-1\.0-/);
    // Given back after the trial.
    expect(await listed()).toMatchObject([{ status: 'ready' }]);
  });

  it('deploy, log in, release, and deploy again', async () => {
    const deploy = ['machines', 'deploy', 'test-vm', '--image', 'demo:stable', '--yes'];
    const visit = async () => {
      const [machine] = await listed();
      expect(machine).toMatchObject({ status: 'deployed', series: 'demo1-1.0-stable' });
      return ssh(machine!.ipAddresses[0]!, 'grep ^ID= /etc/os-release; cat /etc/machine-id');
    };
    await dgxos(deploy);
    const first = await visit();
    expect(first).toMatch(/^ID=debian\n[0-9a-f]{32}$/);
    type Images = { targets: { images: { name: string; machines: string[] }[] }[] };
    const [{ images } = { images: [] }] = (await dgxos<Images>(['images', '--machines'])).targets;
    expect(images.find(({ name }) => name === 'demo1-1.0-stable')?.machines).toEqual(['test-vm']);
    // Deployed already: left alone.
    await dgxos(deploy);
    await dgxos(['machines', 'release', 'test-vm', '--yes']);
    expect(await listed('--status', 'ready')).toHaveLength(1);
    await dgxos(deploy);
    const second = await visit();
    expect(second).toMatch(/^ID=debian\n[0-9a-f]{32}$/);
    expect(second).not.toBe(first);
    await dgxos(['machines', 'release', 'test-vm', '--yes']);
  });

  it('then the same for fifty machines, of which three fail in different states', async () => {
    const fail = ['gpu-007:commissioning', 'gpu-019:deploying:no-efi', 'gpu-042:releasing'];
    const flags = ['--machines', '50', '--speed', '20', ...fail.flatMap((rule) => ['--fail', rule])];
    const many = await sandbox(join(workspace.dir, 'many'), ...flags);
    try {
      type Batch = { machines: { hostname: string; outcome: string; cause?: string }[] };
      const failed = ({ machines }: Batch) =>
        machines
          .filter(({ outcome }) => outcome === 'failed')
          .map(({ hostname, cause }) => [hostname, cause]);
      await dgxos(['upload', 'demo'], 0, many);
      const commissioned = await dgxos<Batch>(['machines', 'commission', '--all', '--yes'], 7, many);
      expect(failed(commissioned)).toEqual([['gpu-007', expect.stringContaining('30-maas-01-bmc-config')]]);
      const ready = ['--status', 'ready'];
      const deploy = ['machines', 'deploy', ...ready, '--image', 'demo', '--profile', 'slurm', '--yes'];
      const deployed = await dgxos<Batch>(deploy, 7, many);
      expect(deployed.machines).toHaveLength(49);
      expect(failed(deployed)).toEqual([['gpu-019', expect.stringContaining('/boot/efi')]]);
      const inventory = await start(workspace, ['inventory', '--list'], many.env).ended;
      const groups = JSON.parse(inventory.stdout) as Record<string, { hosts: string[] }>;
      expect(groups['slurm-master']?.hosts).toEqual(['gpu-001']);
      expect(groups['slurm-node']?.hosts).toHaveLength(47);
      const release = ['machines', 'release', '--status', 'deployed', '--yes'];
      expect(failed(await dgxos<Batch>(release, 7, many))).toEqual([['gpu-042', expect.any(String)]]);
      const again = await dgxos<Batch>(deploy, 0, many);
      expect(again.machines).toHaveLength(47);
    } finally {
      await many.close();
    }
  });
});
