import { describe, expect, it } from 'vitest';
import { causeOf, isDiskError, isFatal } from '../../../pipeline/install/vm/causes.ts';
import { typingSpeeds } from '../../../pipeline/install/vm/typing-speed.ts';

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
    expect(causeOf({ packer: said, qemu: [], serial: ['last console line'] }, '/logs')).toMatchObject({
      code,
      exitCode,
    });
  });

  it('shows the tail of the console and where the logs are', () => {
    const fault = causeOf(
      { packer: 'Timeout waiting for SSH', qemu: [], serial: ['kernel panic - not syncing'] },
      '/w/demo/build',
    );
    expect(fault.detail).toContain('kernel panic');
    expect(fault.detail).toContain('/w/demo/build');
  });
});

it.each([
  // Linux 6.1, 5.4, and 4.15.
  [
    '[   61.234567] I/O error, dev vda, sector 2048 op 0x1:(WRITE) flags 0x4800 phys_seg 4 prio class 2',
    true,
  ],
  [
    '[   61.234567] blk_update_request: I/O error, dev vdb, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1',
    true,
  ],
  ['print_req_error: I/O error, dev vda, sector 2048', true],
  // Devices that a PC has and the VM does not.
  ['blk_update_request: I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0', false],
  ['I/O error, dev sr0, sector 0', false],
  ['I/O error, dev vdacme', false],
])('an error of the disk of a VM: %s', (line, is) => {
  expect(isDiskError(line)).toBe(is);
});

describe('messages of QEMU itself', () => {
  // As written by Debian's QEMU 7.2, but for the lines marked with the source file they are from.
  it.each([
    [
      "qemu-system-x86_64: -netdev user,id=u: Could not set up host forwarding rule 'tcp:127.0.0.1:3456-:22'",
      'PORT_TAKEN',
      75,
    ],
    [
      'qemu-system-x86_64: -vnc 127.0.0.1:28667: Failed to find an available port: Address already in use',
      'PORT_TAKEN',
      75,
    ],
    // net/net.c
    [
      "qemu-system-x86_64: -netdev user,id=u: network backend 'user' is not compiled into this binary",
      'QEMU_NO_NETWORK',
      4,
    ],
    ['Could not access KVM kernel module: Permission denied', 'KVM_UNUSABLE', 4],
    ['Could not access KVM kernel module: No such file or directory', 'KVM_UNUSABLE', 4],
    ['qemu-system-x86_64: failed to initialize kvm: Permission denied', 'KVM_UNUSABLE', 4],
    // accel/kvm/kvm-all.c
    ['ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy', 'KVM_UNUSABLE', 4],
    ['KVM internal error. Suberror: 1', 'KVM_UNUSABLE', 4],
    ['error: kvm run failed Bad address', 'KVM_UNUSABLE', 4],
    ['qemu-system-x86_64: invalid accelerator kvm', 'KVM_UNUSABLE', 4],
    ["qemu-system-x86_64: CPU model 'host' requires KVM or HVF", 'KVM_UNUSABLE', 4],
    ["qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory", 'HOST_MEMORY', 4],
    ['qemu-system-x86_64: -drive file=d.qcow2: Failed to get "write" lock', 'DISK_LOCKED', 75],
    ['qemu-system-x86_64: -drive file=d.qcow2: Failed to get shared "write" lock', 'DISK_LOCKED', 75],
    ["qemu: could not load PC BIOS '/nope.fd'", 'FIRMWARE_MISSING', 4],
    [
      "qemu-system-x86_64: -drive if=pflash: Could not open '/usr/share/OVMF/OVMF_CODE.fd': No such file or directory",
      'FIRMWARE_MISSING',
      4,
    ],
    // hw/pci/pci.c
    [
      'qemu-system-x86_64: -device virtio-net: failed to find romfile "efi-virtio.rom"',
      'FIRMWARE_MISSING',
      4,
    ],
    [
      "qemu-system-x86_64: -drive file=v.fd: Could not open '/usr/share/OVMF/OVMF_VARS.fd': Permission denied",
      'NO_PERMISSION',
      4,
    ],
    ["qemu-system-x86_64: -drive file=d: Could not open 'd': Read-only file system", 'NO_PERMISSION', 4],
    ['qemu-system-x86_64: unsupported machine type', 'QEMU_REFUSED', 4],
    ["qemu-system-x86_64: unable to find CPU model 'nonsense'", 'QEMU_REFUSED', 4],
    ["qemu-system-x86_64: -device nonsense: 'nonsense' is not a valid device model name", 'QEMU_REFUSED', 4],
    [
      "qemu-system-x86_64: Invalid SMP CPUs 9999. The max CPUs supported by machine 'pc' is 255",
      'QEMU_REFUSED',
      4,
    ],
    ['qemu-system-x86_64: write failed: No space left on device', 'DISK_FULL', 4],
    ["qemu: could not open kernel file '/nope': No such file or directory", 'BUILD_FAILED', 5],
  ])('%s', (line, code, exitCode) => {
    const packer = 'Error launching VM: Qemu failed to start. Please run with PACKER_LOG=1 to get more info.';
    const fault = causeOf({ packer, qemu: [line], serial: [] }, '/logs');
    expect(fault).toMatchObject({ code, exitCode, detail: expect.stringContaining(`QEMU: ${line}`) });
    expect(isFatal(line)).toBe(code !== 'BUILD_FAILED');
  });

  it('a warning, or that we ended it, is not a cause', () => {
    const qemu = [
      "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.01H:ECX.pni [bit 0]",
      'qemu-system-x86_64: terminating on signal 15 from pid 28576 (timeout)',
    ];
    for (const line of qemu) expect(isFatal(line)).toBe(false);
    expect(causeOf({ packer: 'Timeout waiting for SSH.', qemu, serial: [] }, '/logs').code).toBe(
      'BUILD_NO_SSH',
    );
  });

  it('an unknown reason is the message, without what a terminal would obey', () => {
    const qemu = ['qemu-system-x86_64: the \u001b[31mflux\u001b[0m is gone'];
    expect(causeOf({ packer: 'Build was halted.', qemu, serial: [] }, '/logs').message).toBe(
      'QEMU ended: qemu-system-x86_64: the flux is gone',
    );
  });
});

describe('the paces of a typed boot command', () => {
  it('get slower each time', () => {
    const all = typingSpeeds({ bootWaitS: 3, keyIntervalMs: 10 });
    expect(all.length).toBeGreaterThan(1);
    for (const [index, pace] of all.entries()) {
      const before = all[index - 1];
      if (!before) continue;
      expect(pace.keyIntervalMs).toBeGreaterThan(before.keyIntervalMs);
      expect(pace.bootWaitS).toBeGreaterThan(before.bootWaitS);
    }
  });
});
