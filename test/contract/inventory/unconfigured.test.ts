import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Host } from '../cli/host.ts';
import { readyBench } from '../machines/bench.ts';

function host(env: Record<string, string> = {}): Host {
  const made = new Host(env);
  onTestFinished(() => made.remove());
  return made;
}

const write = (file: string, text: string) => {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
};

describe('an inventory where nobody has named a MAAS', () => {
  it('is empty, with a warning on stderr: others in ansible.cfg go on', async () => {
    const here = host();
    const { code, stdout, stderr } = await here.run(['inventory', '--list']);
    expect([code, JSON.parse(stdout)._meta, JSON.parse(stdout).all]).toEqual([
      0,
      { hostvars: {} },
      { hosts: [] },
    ]);
    expect(stderr).toContain('No MAAS is configured: the inventory is empty');
    const one = await here.run(['inventory', '--host', 'gpu-001']);
    expect([one.code, JSON.parse(one.stdout)]).toEqual([0, {}]);
  });

  it('is empty while DeepOps’ example is not filled in', async () => {
    const here = host();
    write(
      join(here.dir, 'config/maas-inventory.yml'),
      'api_url: "http://<maas-server>:5240/MAAS/api/2.0"\napi_key: "CONSUMER_KEY:TOKEN_KEY:TOKEN_SECRET"\n',
    );
    expect((await here.run(['inventory', '--list'])).stderr).toContain('the inventory is empty');
  });

  it('stays an error for a target that the command line names', async () => {
    expect((await host().run(['inventory', '--list', '--to', 'nope'])).code).toBe(3);
  });
});

describe('DeepOps’ config/maas-inventory.yml', () => {
  it('is read where nothing else names a MAAS; its key is a secret', async () => {
    const { sandbox } = await readyBench({ machines: 1 });
    const here = host();
    const text = (user: string) =>
      `api_url: "${sandbox.url}/api/2.0"\napi_key: "${sandbox.apiKey}"\nssh_user: ${user}\nssh_bastion: "me@jump"\n`;
    write(join(here.dir, 'config/maas-inventory.yml'), text('007'));
    const { code, stdout, stderr } = await here.run([
      'inventory',
      '--list',
      '--status',
      'ready',
      '--verbose',
    ]);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining(sandbox.apiKey)]);
    expect(JSON.parse(stdout)._meta.hostvars['gpu-001']).toMatchObject({
      ansible_user: '007',
      ansible_ssh_common_args: '-o ProxyJump=me@jump',
    });
    write(join(here.dir, 'other.yml'), text('other'));
    const other = await host({
      MAAS_INVENTORY_CONFIG: join(here.dir, 'other.yml'),
      MAAS_SSH_USER: 'mine',
    }).run(['inventory', '--list', '--status', 'ready']);
    expect(JSON.parse(other.stdout)._meta.hostvars['gpu-001'].ansible_user).toBe('mine');
  });
});
