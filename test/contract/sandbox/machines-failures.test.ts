import { describe, expect, test } from 'vitest';
import { call } from './client.ts';
import { Handle, HOUR, still, upload } from './machines.ts';

/** The decoded outputs of the newest set of results of a kind. */
async function results(machine: Handle, kind: string) {
  const answer = await call(
    machine.server,
    'GET',
    `nodes/${machine.id}/results/current-${kind}/?include_output=true`,
  );
  return answer.json.results.map((one: { name: string; status_name: string; output: string }) => ({
    name: one.name,
    status: one.status_name,
    output: Buffer.from(one.output, 'base64').toString(),
  }));
}

describe('failures by rule', () => {
  test('commissioning: the script that failed says why, and the next time works', async () => {
    const machine = new Handle(await still({ failures: ['gpu-001:commissioning:once'] }));
    expect(await machine.done('commission')).toMatchObject({
      status: 2,
      status_name: 'Failed commissioning',
      commissioning_status_name: 'Failed',
      status_message: 'Failed commissioning',
    });
    const failed = (await results(machine, 'commissioning')).filter(
      (one: { status: string }) => one.status === 'Failed',
    );
    expect(failed).toMatchObject([
      { name: '30-maas-01-bmc-config', output: expect.stringContaining('IPMI Lan_Channel') },
    ]);
    expect((await machine.done('commission')).status_name).toBe('Ready');
  });

  test('testing', async () => {
    const machine = new Handle(await still({ failures: ['gpu-*:testing'] }));
    expect(await machine.done('commission')).toMatchObject({
      status: 22,
      commissioning_status_name: 'Passed',
      testing_status_name: 'Failed',
    });
    expect(await results(machine, 'testing')).toMatchObject([
      { name: 'smartctl-validate', status: 'Failed', output: expect.stringContaining('FAILED!') },
    ]);
    expect(await machine.op('override_failed_testing')).toMatchObject({ json: { status_name: 'Ready' } });
  });

  test.each([
    ['gpu-001:deploying', 'update-initramfs: not found'],
    ['gpu-001:deploying:no-efi', 'not mounted'],
  ])('%s: curtin’s log is the result of the installation', async (rule, said) => {
    const machine = new Handle(await still({ failures: [rule] }));
    await machine.done('commission');
    expect(await machine.done('deploy', { distro_series: 'jammy' })).toMatchObject({
      status: 11,
      status_name: 'Failed deployment',
      error_description: 'Installation failed (refer to the installation log for more information).',
      owner: 'admin',
    });
    expect(await results(machine, 'installation')).toMatchObject([
      { name: '/tmp/install.log', status: 'Failed', output: expect.stringContaining(said) },
    ]);
    const errors = await machine.events('&level=ERROR');
    expect(errors.map((event) => event.type)).toEqual(['Node installation failure', 'Marking node failed']);
    expect((await machine.done('release')).status_name).toBe('Ready');
  });

  test('an image of our own on a machine without /boot/efi fails by itself', async () => {
    const server = await still();
    const machine = new Handle(server);
    await machine.done('commission');
    await machine.op('set_storage_layout', { storage_layout: 'blank' });
    await upload(server, 'dgx');
    expect((await machine.done('deploy', { distro_series: 'custom/dgx' })).status_name).toBe(
      'Failed deployment',
    );
    expect((await results(machine, 'installation'))[0].output).toContain('/boot/efi');
  });

  test('releasing and erasing', async () => {
    const machine = new Handle(await still());
    const { control } = machine.server;
    await machine.done('commission');
    await machine.done('deploy', { distro_series: 'jammy' });
    control.addFailure('gpu-001:erasing');
    expect(await machine.done('release', { erase: true })).toMatchObject({
      status: 15,
      error_description: 'Failed to erase disks.',
    });
    control.addFailure('gpu-001:releasing');
    expect(await machine.done('release')).toMatchObject({ status: 13, status_name: 'Releasing failed' });
    control.clearFailures();
    expect((await machine.done('release')).status_name).toBe('Ready');
  });

  test('power: what was begun is taken back, and the state is an error', async () => {
    const machine = new Handle(await still({ failures: ['gpu-001:power'] }));
    expect(await machine.done('commission')).toMatchObject({ status_name: 'New', power_state: 'error' });
    const [failed, reverted] = (await machine.events('&level=WARNING')).map((event) => event.description);
    expect(failed).toContain('Connection timed out while performing power action');
    expect(reverted).toBe(
      '(admin) - Aborting COMMISSIONING and reverting to NEW. Unable to power control the node. Please check power credentials.',
    );
    const asked = await call(machine.server, 'GET', `machines/${machine.id}/?op=query_power_state`);
    expect(asked).toMatchObject({ status: 200, json: { state: 'error' } });
  });

  test('timeout: nothing happens until MAAS gives up', async () => {
    const machine = new Handle(await still());
    await machine.done('commission');
    machine.server.control.addFailure(`${machine.id}:deploying:timeout`);
    await machine.op('deploy', { distro_series: 'jammy' });
    machine.server.control.advance(HOUR / 2 - 1000);
    expect(await machine.get()).toMatchObject({ status_name: 'Deploying', status_message: 'Configuring OS' });
    machine.server.control.advance(1000);
    expect(await machine.get()).toMatchObject({
      status_name: 'Failed deployment',
      error_description: "Node operation 'Deploying' timed out after 30 minutes.",
    });
  });

  test('a rule without a sense is refused', async () => {
    const { control } = await still();
    expect(() => control.addFailure('gpu-001')).toThrow('names no stage that can fail');
    expect(() => control.addFailure(':power')).toThrow('names no machine');
    expect(() => control.addFailure('gpu-001:power:twice')).toThrow('has an unknown "twice"');
    await expect(still({ failures: ['gpu-001:dancing'] })).rejects.toThrow('names no stage');
  });
});
