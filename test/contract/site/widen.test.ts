import { afterEach, beforeEach, expect, it } from 'vitest';
import { Maas } from './maas.ts';

let maas: Maas;
beforeEach(async () => {
  maas = await Maas.start();
});
afterEach(() => maas.stop());

const URL = 'http://images.maas.io/ephemeral-v3/stable/';
const site = (selection: object, prune: string[] = []) => ({
  boot_sources: [{ url: URL, selections: [{ release: 'jammy' }, { release: 'noble', ...selection }] }],
  ...(prune.length > 0 ? { prune } : {}),
});
const selected = async () => {
  const list = (await maas.client.get('boot-sources/1/selections/')) as {
    release: string;
    arches: string[];
    labels: string[];
  }[];
  const { arches, labels } = list.find(({ release }) => release === 'noble')!;
  return { arches: [...arches].sort(), labels: [...labels].sort() };
};

it('a plan widens a selection and does not narrow it, unless selections are pruned', async () => {
  await maas.apply(site({ arches: ['amd64', 'arm64'], labels: ['stable', 'candidate'] }));
  await maas.apply(site({ arches: ['amd64'], labels: ['stable'] }));
  expect(await selected()).toEqual({ arches: ['amd64', 'arm64'], labels: ['candidate', 'stable'] });
  expect((await maas.plan(site({ arches: ['amd64'], labels: ['stable'] }))).changes).toEqual([]);
  await maas.apply(site({ arches: ['ppc64el'], labels: ['*'] }));
  expect(await selected()).toEqual({ arches: ['amd64', 'arm64', 'ppc64el'], labels: ['*'] });
  await maas.apply(site({ arches: ['amd64'], labels: ['stable'] }, ['selections']));
  expect(await selected()).toEqual({ arches: ['amd64'], labels: ['stable'] });
});
