import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { deployJob } from '../../../pipeline/maas/machines/deploy-job.ts';
import { listMachines } from '../../../pipeline/maas/machines/list.ts';
import { applyTags } from '../../../pipeline/maas/machines/tags.ts';
import { CLI } from '../../cli.ts';
import { Host } from '../cli/host.ts';
import { readyBench } from '../machines/bench.ts';

test('as an executable that Ansible runs: --list by one request, --host, nothing else on stdout', async () => {
  const { sandbox, client, run, session } = await readyBench({ machines: 3 });
  await run(deployJob({ image: 'ubuntu/jammy', architectures: null, needsEfi: false }, session), {
    names: ['gpu-001', 'gpu-002'],
  });
  const [head, node] = await listMachines(client);
  await applyTags(client, [
    { tag: 'kube-master', way: 'add', machines: [head!] },
    { tag: 'kube_node', way: 'add', machines: [node!] },
  ]);
  const host = new Host({
    MAAS_API_URL: sandbox.url,
    MAAS_API_KEY: sandbox.apiKey,
    MAAS_SSH_BASTION: 'ubuntu@10.0.0.1',
  });
  onTestFinished(() => host.remove());
  const script = join(host.dir, 'maas');
  writeFileSync(script, `#!/bin/sh\nexec '${process.execPath}' '${CLI}' inventory "$@"\n`);
  chmodSync(script, 0o755);
  const ask = async (...args: string[]) => {
    return new Promise<{ code: number | null; stdout: string }>((resolve) => {
      const child = spawn(script, args, { env: host.env, cwd: host.dir });
      let stdout = '';
      child.stdout.on('data', (part) => (stdout += part));
      child.on('close', (code) => resolve({ code, stdout }));
    });
  };

  const before = sandbox.counts.total as number;
  const listed = await ask('--list');
  expect((sandbox.counts.total as number) - before).toBe(1);
  expect(listed.code).toBe(0);
  const inventory = JSON.parse(listed.stdout);
  expect(inventory.all.hosts).toEqual(['gpu-001', 'gpu-002']);
  expect(inventory.kube_control_plane.hosts).toEqual(['gpu-001']);
  expect(inventory.kube_node.hosts).toEqual(['gpu-002']);
  expect(inventory.k8s_cluster.children).toEqual(['kube_control_plane', 'kube_node']);
  expect(inventory._meta.hostvars['gpu-001']).toMatchObject({
    ansible_host: expect.stringMatching(/^192\.168\.1\.\d+$/),
    ansible_user: 'ubuntu',
    ansible_ssh_common_args: '-o ProxyJump=ubuntu@10.0.0.1',
  });
  const one = await ask('--host', 'gpu-001');
  expect(JSON.parse(one.stdout)).toEqual(inventory._meta.hostvars['gpu-001']);
  expect(JSON.parse((await ask('--host', 'gpu-003')).stdout)).toEqual({});
  expect(spawnSync(script, ['--list'], { env: { ...host.env, MAAS_API_KEY: '' } }).status).toBe(3);
});
