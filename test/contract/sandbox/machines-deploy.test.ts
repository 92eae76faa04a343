import { describe, expect, test } from 'vitest';
import { call, create, read } from './client.ts';
import { Handle, HOUR, pretendGuests, still, upload } from './machines.ts';

async function ready(options = {}) {
  const machine = new Handle(await still(options));
  await machine.done('commission');
  return machine;
}

describe('op=deploy', () => {
  test('an unknown release names those that can be deployed; an upload only when it is complete', async () => {
    const machine = await ready();
    await create(machine.server, Buffer.from('not sent yet'), { name: 'custom/half' });
    const choices = async () => (await machine.op('deploy', { distro_series: 'custom/half' })).json;
    expect(await choices()).toEqual({
      distro_series: [
        "'custom/half' is not a valid distro_series.  It should be one of: '', 'ubuntu/focal', 'ubuntu/jammy'.",
      ],
    });
    await upload(machine.server, 'whole');
    expect((await choices()).distro_series[0]).toContain("'', 'custom/whole', 'ubuntu/focal'");
  });

  test.each(['custom/dgx', 'dgx'])('an upload as %s', async (distro_series) => {
    const machine = await ready();
    const id = await upload(machine.server, 'dgx');
    expect(await machine.done('deploy', { distro_series })).toMatchObject({
      ...{ status_name: 'Deployed', osystem: 'custom', distro_series: 'dgx' },
    });
    const logged = (await machine.events()).find((event) => event.type === 'Image Deployed');
    expect(logged?.description).toBe('deployed custom/dgx/amd64/generic');
    // MAAS looks for an image called "custom/dgx", and this one is called "dgx".
    expect((await read(machine.server, id)).last_deployed).toBeNull();
  });

  test('last_deployed of what was imported', async () => {
    const machine = await ready();
    await machine.done('deploy', { distro_series: '22.04' });
    const images = (await call(machine.server, 'GET', 'boot-resources/')).json;
    const jammy = images.filter((image: { last_deployed: string | null }) => image.last_deployed !== null);
    expect(jammy).toMatchObject([{ name: 'ubuntu/jammy', architecture: 'amd64/generic' }]);
  });

  test('without a release it is the default one; a Ready machine becomes the caller’s', async () => {
    const machine = await ready();
    expect(await machine.op('deploy')).toMatchObject({
      status: 200,
      json: { distro_series: 'jammy', owner: 'admin', status_name: 'Deploying' },
    });
  });

  test('the kernel: a newer one, one that is not there, none at all', async () => {
    const machine = await ready();
    expect(await machine.op('deploy', { distro_series: 'jammy', hwe_kernel: 'hwe-24.04' })).toMatchObject({
      status: 400,
      json: { hwe_kernel: ['hwe-24.04 is not available for ubuntu/jammy on amd64/generic.'] },
    });
    const { server } = machine;
    const { id, uri } = await create(server, Buffer.from('x'), {
      name: 'custom/n',
      base_image: 'ubuntu/noble',
    });
    await call(server, 'PUT', uri, { body: 'x' });
    expect(id).toBeGreaterThan(0);
    expect(await machine.op('deploy', { distro_series: 'n' })).toMatchObject({
      status: 400,
      json: { hwe_kernel: ['noble has no kernels available.'] },
    });
    expect(await machine.op('deploy', { distro_series: 'jammy', hwe_kernel: 'hwe-22.04' })).toMatchObject({
      json: { hwe_kernel: 'hwe-22.04' },
    });
  });

  test('to start an allocated machine is to deploy it', async () => {
    const machine = await ready();
    await call(machine.server, 'POST', 'machines/?op=allocate', { form: { system_id: machine.id } });
    expect(await machine.op('power_on')).toMatchObject({
      json: { status_name: 'Deploying', distro_series: 'jammy' },
    });
  });

  test('wrong states: 409', async () => {
    const machine = new Handle(await still());
    expect(await machine.op('deploy', { distro_series: 'jammy' })).toMatchObject({
      status: 409,
      text: "Can't deploy a machine that is in the 'New' state",
    });
    expect(await machine.op('release')).toMatchObject({
      status: 409,
      text: "Machine cannot be released in its current state ('New').",
    });
    expect(await machine.op('power_on')).toMatchObject({
      status: 409,
      text: "Can't start node: it hasn't been allocated.",
    });
    await machine.op('commission');
    expect(await machine.op('commission')).toMatchObject({ status: 400 });
  });

  test('Ubuntu is not deployed without /boot/efi, and that is said before', async () => {
    const machine = await ready();
    await machine.op('set_storage_layout', { storage_layout: 'blank' });
    expect(await machine.op('deploy', { distro_series: 'jammy' })).toMatchObject({
      status: 400,
      json: {
        storage: [expect.stringContaining("Mount the root '/'"), expect.stringContaining('/boot/efi')],
      },
    });
  });

  test('nothing imported: nothing can be commissioned', async () => {
    const server = await still({ architectures: [] });
    expect(await new Handle(server).op('commission')).toMatchObject({
      status: 400,
      text: 'Ephemeral operating system ubuntu jammy is unavailable.',
    });
  });
});

describe('op=set_storage_layout', () => {
  const layouts: [string, string[]][] = [
    ['flat', ['/boot/efi', '/']],
    ['lvm', ['/boot/efi', '/']],
    ['blank', []],
  ];
  test.each(layouts)('%s', async (storage_layout, points) => {
    const machine = await ready();
    const { json } = await machine.op('set_storage_layout', { storage_layout });
    const mounts = json.blockdevice_set.flatMap(
      (disk: { filesystem: object | null; partitions: { filesystem: object | null }[] }) =>
        [disk.filesystem, ...disk.partitions.map((one) => one.filesystem)].filter(Boolean),
    );
    expect(mounts.map((one: { mount_point: string }) => one.mount_point)).toEqual(points);
    if (points.length > 0)
      expect(json.boot_disk).toMatchObject({
        partition_table_type: 'GPT',
        partitions: [
          { size: 512 * 2 ** 20, bootable: true, filesystem: { fstype: 'fat32', label: 'efi' } },
          {},
        ],
      });
  });

  test('a machine that boots by the BIOS has no EFI partition in any', async () => {
    const server = await still({ machines: 0 });
    server.control.enlist({ hostname: 'old', bios: 'legacy', disks: [500e9] });
    const machine = new Handle(server, 'old');
    const { boot_disk } = await machine.done('commission');
    expect(boot_disk).toMatchObject({
      partition_table_type: 'MBR',
      partitions: [{ filesystem: { mount_point: '/' } }],
    });
  });

  test('only for Ready, only what there is', async () => {
    const machine = await ready();
    expect(await machine.op('set_storage_layout', { storage_layout: 'zfs' })).toMatchObject({ status: 400 });
    expect(await machine.op('set_storage_layout')).toMatchObject({
      status: 400,
      json: { storage_layout: ['This field is required.'] },
    });
    await machine.op('deploy', { distro_series: 'jammy' });
    expect(await machine.op('set_storage_layout', { storage_layout: 'flat' })).toMatchObject({
      status: 409,
      text: 'Cannot change the storage layout on a machine that is not Ready.',
    });
  });
});

describe('guests', () => {
  /** Lets what was started come to its end, then looks. */
  const settled = async (machine: Handle) => {
    await new Promise((resolve) => setImmediate(resolve));
    machine.server.control.advance(1000);
    return machine.get();
  };

  test('start before Deployed, give the address, and stop with the release', async () => {
    const guests = pretendGuests();
    const machine = await ready({ guests });
    await upload(machine.server, 'dgx');
    await machine.op('deploy', { distro_series: 'dgx', user_data: btoa('#cloud-config\n') });
    machine.server.control.advance(HOUR / 4);
    expect(await settled(machine)).toMatchObject({ status_name: 'Deployed', ip_addresses: ['127.9.9.9'] });
    expect(machine.server.control.machines()[0]).toMatchObject({ address: '127.9.9.9', port: 2222 });
    await machine.done('release');
    await machine.op('deploy', { distro_series: 'dgx' });
    machine.server.control.advance(HOUR / 4);
    await settled(machine);
    await machine.server.close();
    const stop = `stop ${machine.id}`;
    expect(guests.log).toEqual([
      ...['start gpu-001 1 dgx bytes', stop],
      ...['start gpu-001 2 dgx bytes', stop],
    ]);
  });

  test('one that takes its time is waited for, and nobody is left behind by an abort', async () => {
    const guests = pretendGuests();
    let up = () => {};
    const slow = {
      ...guests,
      start: async () => {
        await new Promise<void>((resolve) => {
          up = resolve;
        });
        return { address: '127.9.9.9', port: 2222 };
      },
    };
    const machine = await ready({ guests: slow });
    await machine.op('deploy', { distro_series: 'jammy' });
    machine.server.control.advance(HOUR);
    expect((await machine.get()).status_name).toBe('Deploying');
    expect(machine.server.control.machines()[0]?.waitsFor).toBe('guest');
    await machine.done('abort');
    up();
    expect(await settled(machine)).toMatchObject({ status_name: 'Allocated', ip_addresses: [] });
    expect(guests.log).toEqual([`stop ${machine.id}`, `stop ${machine.id}`]);
  });

  test('one that does not come up is a failed deployment', async () => {
    const guests = pretendGuests();
    guests.fail = 'no sshd in the image';
    const machine = await ready({ guests });
    await machine.op('deploy', { distro_series: 'jammy' });
    machine.server.control.advance(HOUR / 4);
    expect(await settled(machine)).toMatchObject({
      status_name: 'Failed deployment',
      error_description: 'The machine did not come up: no sshd in the image',
    });
  });

  test('power off and on is another start', async () => {
    const guests = pretendGuests();
    const machine = await ready({ guests });
    await machine.op('deploy', { distro_series: 'jammy' });
    machine.server.control.advance(HOUR / 4);
    await settled(machine);
    expect(await machine.done('power_off')).toMatchObject({ power_state: 'off', status_name: 'Deployed' });
    await machine.done('power_on');
    expect(await settled(machine)).toMatchObject({ power_state: 'on' });
    expect(guests.log).toEqual([
      'start gpu-001 1 ubuntu/jammy no bytes',
      `stop ${machine.id}`,
      'start gpu-001 1 ubuntu/jammy no bytes',
    ]);
  });
});
