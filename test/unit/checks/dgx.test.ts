import { describe, expect, it } from 'vitest';
import { goodRoot, judged } from './root.ts';

const identity = async (release: string) =>
  (await judged(goodRoot().put('etc/dgx-release', release), { platform: 'dgx_a100' })).findings.find(
    (f) => f.id === 'dgx-identity',
  )!;

describe('dgx-release', () => {
  it.each([
    'Unknown',
    'unknown',
    'Not Specified',
    'To Be Filled By O.E.M.',
    'To be filled by O.E.M.',
    'Default string',
    'System Serial Number',
    'N/A',
    'None',
    '0',
    '0000000',
    '123456789',
    '',
  ])('with the serial number "%s" has none', async (serial) => {
    const finding = await identity(`DGX_PLATFORM="DGX A100"\nDGX_SERIAL_NUMBER="${serial}"\n`);
    expect(finding).toMatchObject({ status: 'pass', found: 'DGX A100, no serial number' });
  });

  it.each(['1560722000123', 'QEMU1', 'VirtualBox-5a3c2b', 'VMware-56 4d 1a', 'Unknown1', 'CHANGE_ME'])(
    'with the serial number "%s" has one',
    async (serial) => {
      const finding = await identity(`DGX_PLATFORM="DGX A100"\nDGX_SERIAL_NUMBER="${serial}"\n`);
      expect(finding).toMatchObject({ status: 'fail', severity: 'major' });
    },
  );

  it.each(['DGX Server for KVM', 'NVIDIA DGX Server for VirtualBox', 'QEMU Standard PC', 'VMware7,1'])(
    'of "%s" is a neutral build',
    async (platform) => {
      const finding = await identity(`DGX_PLATFORM="${platform}"\nDGX_SERIAL_NUMBER=Unknown\n`);
      expect(finding.status).toBe('pass');
      expect(finding.found).toContain('a neutral build');
    },
  );

  it('of an image for every platform names one or none', async () => {
    const found = async (release: string) =>
      (await judged(goodRoot().put('etc/dgx-release', release), { platform: 'neutral' })).findings.find(
        ({ id }) => id === 'dgx-identity',
      )!;
    expect((await found('DGX_PLATFORM=""\nDGX_SERIAL_NUMBER=Unknown\n')).status).toBe('pass');
    expect((await found('DGX_PLATFORM="DGX Server for KVM"\n')).status).toBe('pass');
    expect((await found('DGX_PLATFORM="DGX B200"\n')).found).toContain('the image is for neutral');
  });

  it('gives each of its findings a name for a waiver', async () => {
    const finding = await identity('DGX_PLATFORM="DGX-1"\nDGX_SERIAL_NUMBER=77\n');
    expect(finding.items?.map(({ subject }) => subject)).toEqual(['DGX_SERIAL_NUMBER', 'DGX_PLATFORM']);
  });
});
