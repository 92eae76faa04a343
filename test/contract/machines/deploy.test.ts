import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { endpointOf } from '../../../pipeline/config/maas-url.ts';
import type { Config, ImageConfig } from '../../../pipeline/config/types.ts';
import { allocate } from '../../../pipeline/maas/machines/allocate.ts';
import { commissionJob } from '../../../pipeline/maas/machines/commission-job.ts';
import { deployJob } from '../../../pipeline/maas/machines/deploy-job.ts';
import { kernelOptionsTag } from '../../../pipeline/maas/machines/kernel-options.ts';
import { listMachines } from '../../../pipeline/maas/machines/list.ts';
import { powerJob } from '../../../pipeline/maas/machines/power-job.ts';
import { releaseJob } from '../../../pipeline/maas/machines/release-job.ts';
import { resolveImage } from '../../../pipeline/maas/machines/resolve-image.ts';
import { listTags } from '../../../pipeline/maas/machines/tags.ts';
import { record } from '../../../pipeline/workspace/ledger/ledger.ts';
import { type Bench, bench, readyBench } from './bench.ts';

/** An uploaded image, whole or cut short. */
async function upload({ client }: Bench, name: string, filetype = 'tgz', whole = true) {
  const bytes = randomBytes(1000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const form = { name: `custom/${name}`, architecture: 'amd64/generic', base_image: 'ubuntu/focal' };
  const resource = (await client.post('boot-resources/', { ...form, filetype, sha256, size: 1000 })) as {
    id: number;
    sets: Record<string, { files: Record<string, { upload_uri: string }> }>;
  };
  const [file] = Object.values(Object.values(resource.sets)[0]!.files);
  const part = whole ? bytes : bytes.subarray(0, 100);
  await client.put(endpointOf(file!.upload_uri), {
    type: 'application/octet-stream',
    length: part.length,
    bytes: part,
  });
  return { id: resource.id, sha256 };
}

const nothing = { images: {} } as Config;

test('an image is found by its name, its configuration, its channel and its series', async () => {
  const made = await bench({ machines: 0 });
  const { client, dir, sandbox, session } = made;
  const env = { XDG_STATE_HOME: join(dir, 'state') };
  const { id, sha256 } = await upload(made, 'dgx1-5.0-20261123');
  await upload(made, 'dgx1-5.0-stable');
  await upload(made, 'disk', 'ddgz');
  await upload(made, 'half', 'tgz', false);
  const image = {
    ...{ name: 'dgx1', release: 'dgxos5', platform: 'dgx1', version: '5.0' },
    resource: { name: 'custom/{platform}-{version}-{date}', architecture: 'amd64/generic' },
  } as ImageConfig;
  const config = { images: { dgx1: image } } as unknown as Config;
  const find = (text: string) => resolveImage(client, text, config, env);

  const versioned = {
    ...{ name: 'custom/dgx1-5.0-20261123', architectures: ['amd64'], needsEfi: true },
    baseImage: 'ubuntu/focal',
  };
  expect(await find('custom/dgx1-5.0-20261123')).toEqual(versioned);
  expect(await find('dgx1-5.0-20261123')).toEqual(versioned);
  await expect(find('dgx1')).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  const entry: Parameters<typeof record>[0] = {
    did: 'completed',
    ...{ target: sandbox.url, resourceId: id, name: 'dgx1-5.0-20261123', image: 'dgx1' },
    ...{ architecture: 'amd64/generic', set: '1', sha256, size: 1000, title: '', baseImage: 'ubuntu/focal' },
    ...{ filetype: 'tgz', file: '/x', validated: true },
  };
  await record(entry, env, session.emit);
  expect(await find('dgx1')).toEqual(versioned);
  expect(await find('dgx1:stable')).toMatchObject({ name: 'custom/dgx1-5.0-stable' });
  await record({ ...entry, did: 'promoted', name: 'dgx1-5.0-stable' }, env, session.emit);
  await expect(find('dgx1:stabel')).rejects.toMatchObject({
    message: expect.stringContaining('The channel "stabel" of dgx1 has no build on'),
    hint: expect.stringContaining('The channels of dgx1 on it: stable.'),
  });
  await expect(find('dgx2:stable')).rejects.toThrow('Did you mean "dgx1"?');
  expect(await find('disk'), 'a disk image brings its own partitions').toMatchObject({ needsEfi: false });
  expect(await find('jammy')).toMatchObject({ name: 'ubuntu/jammy', needsEfi: false });
  await expect(find('half')).rejects.toThrow(/custom\/half|half is not complete/);
  await expect(find('dgx1-5.0-stabel')).rejects.toMatchObject({
    code: 'IMAGE_UNKNOWN',
    message: expect.stringContaining('Did you mean "dgx1-5.0-stable"?'),
    hint: expect.stringContaining('custom/disk'),
  });
});

test('an image of another architecture, and one whose base is not imported, are refused before a machine is touched', async () => {
  const { sandbox, run, client, session } = await bench({ machines: 0 });
  sandbox.control.enlist({ hostname: 'gpu01' });
  await run(commissionJob({}, session));
  const [machine] = await listMachines(client);
  const decide = (more: object) =>
    deployJob({ image: 'custom/x', architectures: ['amd64'], needsEfi: false, ...more }, session).decide(
      machine!,
    );
  expect(decide({ architectures: ['arm64'] })).toMatchObject({
    do: 'refuse',
    fault: { message: 'gpu01 is amd64/generic, and custom/x is for arm64' },
  });
  expect(decide({ base: { image: 'ubuntu/noble', missingFor: ['amd64'] } })).toMatchObject({
    do: 'refuse',
    fault: {
      message:
        'gpu01 could not boot to install custom/x: MAAS has not imported its base image ubuntu/noble for amd64',
      hint: expect.stringContaining('noble for amd64'),
    },
  });
  expect(decide({ base: { image: 'ubuntu/noble', missingFor: ['arm64'] } })).toMatchObject({ do: 'start' });
});

test('a DGX image: the machine without /boot/efi is reported before, and a new layout helps', async () => {
  const made = await bench({ machines: 0 });
  const { client, run, session, sandbox } = made;
  sandbox.control.enlist({ hostname: 'gpu01' });
  sandbox.control.enlist({ hostname: 'old01', bios: 'legacy' });
  await run(commissionJob({}, session));
  await upload(made, 'dgx1-5.0');
  const image = await resolveImage(client, 'custom/dgx1-5.0', nothing, {});
  const request = { ...image, image: image.name };

  const [good, old] = await listMachines(client);
  expect(good).toMatchObject({ bootMethod: 'uefi', mounts: ['/', '/boot/efi'] });
  // Somebody laid it out without a boot partition.
  await client.post(`machines/${good?.systemId}/?op=set_storage_layout`, { storage_layout: 'blank' });
  const refused = await run(deployJob(request, session));
  expect(refused).toMatchObject([
    { hostname: 'gpu01', outcome: 'refused', reason: 'MACHINE_NO_EFI' },
    { hostname: 'old01', outcome: 'refused', reason: 'MACHINE_NO_EFI' },
  ]);
  expect(sandbox.counts.deploy ?? 0).toBe(0);

  const options = 'nvme-core.multipath=n';
  const deployed = await run(
    deployJob(
      { ...request, storageLayout: 'flat', kernelOptions: options, userData: '#cloud-config\n' },
      session,
    ),
    { names: ['gpu01'] },
  );
  expect(deployed).toMatchObject([{ outcome: 'done', after: 'deployed' }]);
  const [now] = await listMachines(client, { names: ['gpu01'] });
  expect(now).toMatchObject({ osystem: 'custom', series: 'dgx1-5.0', tags: [kernelOptionsTag(options)] });
  expect(await listTags(client)).toMatchObject([{ name: kernelOptionsTag(options), kernelOptions: options }]);
  expect(old?.bootMethod).not.toBe('uefi');
});

test('manual power: a person is asked at each machine in turn, and the work goes on', async () => {
  const { sandbox, run, session, events } = await bench({ machines: 0 });
  for (const hostname of ['m1', 'm2']) sandbox.control.enlist({ hostname, powerType: 'manual' });
  const asked: string[] = [];
  const askByHand = async (requests: readonly { machine: { hostname: string }; request: string }[]) => {
    for (const { machine, request } of requests) {
      asked.push(request);
      sandbox.control.press(machine.hostname);
    }
  };
  const results = await run(commissionJob({}, session), {}, { askByHand });
  expect(results.every(({ outcome }) => outcome === 'done')).toBe(true);
  expect(asked).toEqual([
    'Turn on m1; it must boot from the network',
    'Turn on m2; it must boot from the network',
  ]);
  expect(events.filter((event) => event.type === 'machine-state' && event.end === 'ok')).toHaveLength(2);
});

test('manual power that nobody presses is named as the cause', async () => {
  const { sandbox, run, session } = await bench({ machines: 0 });
  sandbox.control.enlist({ hostname: 'm1', powerType: 'manual' });
  const [result] = await run(commissionJob({}, session), {}, { timeouts: { commissioning: 0.2 } });
  expect(result).toMatchObject({ outcome: 'timeout', remedy: expect.stringContaining('was it turned on?') });
});

test('power off and on, allocate, and release with erasing', async () => {
  const { client, run, session, sandbox } = await readyBench({ machines: 2 });
  const mine = await allocate(client, { name: 'gpu-001' });
  expect(mine).toMatchObject({ hostname: 'gpu-001', status: 'allocated', owner: 'admin' });
  await expect(allocate(client, { name: 'gpu-001' })).rejects.toMatchObject({
    code: 'MACHINE_UNAVAILABLE',
    exitCode: 75,
    message: 'No free machine matches: named gpu-001',
  });
  const on = await run(powerJob('on', {}, session));
  expect(on.map(({ outcome }) => outcome)).toEqual(['done', 'refused']);
  const off = await run(powerJob('off', { comment: 'test' }, session), { names: ['gpu-001'] });
  expect(off).toMatchObject([{ outcome: 'done' }]);
  const released = await run(releaseJob({ erase: true, quickErase: true }, session));
  expect(released.map(({ outcome }) => outcome)).toEqual(['done', 'already']);
  expect(sandbox.counts.release, 'one for each: the batch of MAAS erases nothing').toBe(1);
  const { events } = (await client.get(`events/?op=query&id=${mine.systemId}`)) as {
    events: { type: string }[];
  };
  expect(events.map(({ type }) => type)).toContain('Disks erased');
});
