import { describe, expect, it } from 'vitest';
import { causeOf } from '../../../pipeline/build/causes.ts';
import { paces } from '../../../pipeline/build/pace.ts';

describe('the cause of a failed build', () => {
  it.each([
    ['Build failed: Timeout waiting for SSH.', 'BUILD_NO_SSH', 5],
    ['error writing: No space left on device', 'DISK_FULL', 4],
    ['Checksums did not match for /x.iso.', 'ISO_CHECKSUM', 3],
    ['Could not access KVM kernel module: Permission denied', 'KVM_UNUSABLE', 4],
    ["Could not set up host forwarding rule 'tcp::2222-:22'", 'PORT_TAKEN', 75],
    ['* unknown builder type: qemu; The builder qemu is unknown by Packer', 'PLUGIN_MISSING', 4],
    ['something never seen before', 'BUILD_FAILED', 5],
  ])('%s', (said, code, exitCode) => {
    expect(causeOf(said, ['last console line'], '/logs')).toMatchObject({ code, exitCode });
  });

  it('shows the tail of the console and where the logs are', () => {
    const fault = causeOf('Timeout waiting for SSH', ['kernel panic - not syncing'], '/w/demo/build');
    expect(fault.detail).toContain('kernel panic');
    expect(fault.detail).toContain('/w/demo/build');
  });
});

describe('the paces of a typed boot command', () => {
  it('get slower each time', () => {
    const all = paces({ bootWaitS: 3, keyIntervalMs: 10 });
    expect(all.length).toBeGreaterThan(1);
    for (const [index, pace] of all.entries()) {
      const before = all[index - 1];
      if (!before) continue;
      expect(pace.keyIntervalMs).toBeGreaterThan(before.keyIntervalMs);
      expect(pace.bootWaitS).toBeGreaterThan(before.bootWaitS);
    }
  });
});
