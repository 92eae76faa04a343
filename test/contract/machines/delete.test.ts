import { describe, expect, it, onTestFinished } from 'vitest';
import { Host } from '../cli/host.ts';
import { bench, readyBench } from './bench.ts';

function hostOf(sandbox: { url: string; apiKey: string }): Host {
  const host = new Host({ MAAS_API_URL: sandbox.url, MAAS_API_KEY: sandbox.apiKey });
  onTestFinished(() => host.remove());
  return host;
}

describe('machines show', () => {
  it('says of machines, by name, id and pattern, what MAAS says', async () => {
    const { sandbox } = await bench({ machines: 3 });
    const host = hostOf(sandbox);
    const { json } = await host.run(['machines', 'show', 'gpu-002', '--json']);
    expect(json).toMatchObject({ ok: true, machines: [{ hostname: 'gpu-002', status: 'new' }] });
    const id = json.machines[0].systemId;
    const byId = await host.run(['machines', 'show', id]);
    expect(byId.stdout).toMatch(new RegExp(`^gpu-002\n  id +${id}\n`));
    expect(byId.stdout).toMatch(/^ {2}status +New/m);
    expect((await host.run(['machines', 'show', '*', '--json'])).json.machines).toHaveLength(3);
  });

  it('an unknown one is an error that names those that are there', async () => {
    const { sandbox } = await bench({ machines: 1 });
    const { code, stderr } = await hostOf(sandbox).run(['machines', 'show', 'gpu-01']);
    expect(code).toBe(7);
    expect(stderr).toContain('Did you mean "gpu-001"?');
  });
});

describe('machines delete', () => {
  it('asks, and without a terminal does nothing', async () => {
    const { sandbox } = await bench({ machines: 2 });
    const { code, stderr } = await hostOf(sandbox).run(['machines', 'delete', 'gpu-001']);
    expect(code).toBe(2);
    expect(stderr).toContain('deleted from this MAAS');
    expect(sandbox.counts['machine-delete'] ?? 0).toBe(0);
  });

  it('--dry-run says what would go; nothing selected is a usage error', async () => {
    const { sandbox } = await bench({ machines: 2 });
    const host = hostOf(sandbox);
    const dry = await host.run(['machines', 'delete', 'gpu-001', '--dry-run', '--json']);
    expect(dry.json).toMatchObject({
      ok: true,
      dryRun: true,
      machines: [{ hostname: 'gpu-001', do: 'start' }],
    });
    expect((await host.run(['machines', 'delete', '--yes'])).code).toBe(2);
    expect(sandbox.counts['machine-delete'] ?? 0).toBe(0);
  });

  it('takes free machines out, once', async () => {
    const { sandbox } = await bench({ machines: 3 });
    const host = hostOf(sandbox);
    const { code, stdout } = await host.run(['machines', 'delete', 'gpu-001', 'gpu-003', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^gpu-001 +deleted +-/m);
    expect(stdout).toContain('2 machines: 2 deleted');
    const left = await host.run(['machines', 'list', '--json']);
    expect(left.json.machines.map(({ hostname }: { hostname: string }) => hostname)).toEqual(['gpu-002']);
    expect((await host.run(['machines', 'delete', 'gpu-001', '--yes'])).code).toBe(7);
    expect(sandbox.counts['machine-delete']).toBe(2);
  });

  it('refuses a machine that somebody has, and does it with --force', async () => {
    const { sandbox } = await readyBench({ machines: 2 });
    const host = hostOf(sandbox);
    const deploy = ['machines', 'deploy', 'gpu-001', '--image', 'ubuntu/jammy', '--yes', '--no-wait'];
    const deployed = await host.run(deploy);
    expect(deployed.code, deployed.stderr).toBe(0);
    const refused = await host.run(['machines', 'delete', 'gpu-001', 'gpu-002', '--yes']);
    expect(refused.code).toBe(7);
    expect(refused.stdout).toMatch(/gpu-001 is \w+: it is not deleted/);
    expect(refused.stdout).toMatch(/^gpu-002 +deleted/m);
    expect(sandbox.counts['machine-delete']).toBe(1);
    expect((await host.run(['machines', 'delete', 'gpu-001', '--yes', '--force'])).code).toBe(0);
    expect((await host.run(['machines', 'list', '--json'])).json.machines).toEqual([]);
  });
});
