import { expect, test } from 'vitest';
import type { IsoFacts } from '../../../pipeline/install/iso/facts.ts';
import { assertPlatform, platformsOf } from '../../../pipeline/install/iso/probe.ts';
import { parseVolume } from '../../../pipeline/install/iso/volume.ts';

const facts = (platforms: string[], installer: IsoFacts['installer'] = 'live-curtin'): IsoFacts => ({
  volumeId: 'X',
  installer,
  kernel: 'vmlinuz',
  initrd: 'initrd',
  squashfsOffset: null,
  squashfs: 'live/filesystem.squashfs',
  platforms,
  rootTarball: null,
  architecture: null,
  grubEntries: [],
});

test('platforms are what stands in the place of {platform}', () => {
  const names = [
    'preseed.sh',
    'dgx2-curtin.yaml',
    'dgx-vbox-curtin.yaml',
    '-curtin.yaml',
    'dgx1-curtin.yaml.bak',
  ];
  expect(platformsOf(names, '{platform}-curtin.yaml')).toEqual(['dgx-vbox', 'dgx2']);
});

test('an unknown platform names those of the ISO and the one that was meant', () => {
  const iso = facts(['dgx1', 'dgx2', 'dgx_a100']);
  expect(() => assertPlatform(iso, 'dgx_a100')).not.toThrow();
  expect(() => assertPlatform(iso, 'DGX-A100')).toThrow(
    expect.objectContaining({
      code: 'PLATFORM_UNKNOWN',
      hint: 'Did you mean "dgx_a100"? It has: dgx1, dgx2, dgx_a100.',
    }),
  );
  expect(() => assertPlatform(iso, 'workstation')).toThrow(
    expect.objectContaining({ hint: 'It has: dgx1, dgx2, dgx_a100.' }),
  );
});

test('no platforms: right for subiquity, wrong for live-curtin', () => {
  expect(() => assertPlatform(facts([], 'subiquity'), 'dgx_h100')).not.toThrow();
  expect(() => assertPlatform(facts([]), 'dgx1')).toThrow(
    expect.objectContaining({ code: 'PLATFORM_UNKNOWN' }),
  );
});

test('only a primary volume descriptor is read as one', () => {
  const sector = Buffer.alloc(2048);
  expect(parseVolume(sector)).toBeNull();
  sector[0] = 1;
  sector.write('CD001', 1, 'latin1');
  sector.write('UBUNTU_LIVE'.padEnd(32), 40, 'latin1');
  sector.writeUInt32LE(2_500_000, 80);
  sector.writeUInt16LE(2048, 128);
  expect(parseVolume(sector)).toEqual({ volumeId: 'UBUNTU_LIVE', bytes: 5_120_000_000 });
});
