import { expect, test, vi } from 'vitest';
import { listImages } from '../../../pipeline/maas/images/list-images.ts';
import { ChannelBench } from './channel-bench.ts';

vi.mock('../../../pipeline/maas/api/client.ts', async () => ({
  createClient: (await import('./fake-maas.ts')).clientOf,
}));

const DEPLOYED = 6;
const DEPLOYING = 9;
const machine = (hostname: string, status: number, osystem: string, distro_series: string) => ({
  ...{ system_id: hostname, hostname, status, osystem, distro_series },
});

async function listed(machines: boolean | undefined, all: unknown[] = []) {
  const bench = new ChannelBench();
  for (const name of ['ours', 'jammy', 'unused']) bench.maas.has(name, Buffer.from(name));
  bench.maas.answers['machines/'] = machines === undefined ? new Error('nobody asks') : all;
  const images = await listImages(bench.chosen, { ...bench.session, machines });
  return Object.fromEntries(images.map((image) => [image.name, [image.machines, image.deploying]]));
}

test('machines are listed with the uploaded image that they have, those that are being deployed apart', async () => {
  const machines = [
    machine('gpu2', DEPLOYED, 'custom', 'ours'),
    machine('gpu1', DEPLOYING, 'custom', 'custom/ours'),
    machine('web', DEPLOYED, 'ubuntu', 'jammy'),
    machine('new', DEPLOYED, 'custom', ''),
  ];
  expect(await listed(true, machines)).toEqual({
    ours: [['gpu1', 'gpu2'], ['gpu1']],
    jammy: [[], undefined],
    unused: [[], undefined],
  });
});

test.each([false, undefined])('nobody asks for the machines where they are not needed', async (machines) => {
  expect(await listed(machines)).toEqual({
    ours: [undefined, undefined],
    jammy: [undefined, undefined],
    unused: [undefined, undefined],
  });
});
