import { expect, test } from 'vitest';
import { disksFor, namedLayout } from '../../../pipeline/maas/rehearse/layouts.ts';
import { kernelLine, type MachineRequest, machineArgv } from '../../../pipeline/maas/rehearse/machine.ts';

const ephemeral = {
  kind: 'lean' as const,
  ...{ name: 'x', kernel: '/e/vmlinuz', initrd: '/e/initrd', squashfs: null, disk: '/e/medium.img' },
};
const machine: MachineRequest & { ephemeral: typeof ephemeral } = {
  folder: '/cache/a,b',
  identity: {
    origin: 'http://10.0.2.2:1',
    systemId: 'id',
    images: 'im',
    hostname: 'rehearsal',
    mac: '52:54:00:da:60:01',
  },
  ...{ ephemeral, artifact: '/images/a,b.tgz', kernelOptions: 'iommu=pt' },
  disks: disksFor(namedLayout('raid1')!, 1, 2 ** 34),
  firmware: { code: '/f/code.fd', vars: '/f/vars.fd' },
  ...{ accelerator: 'tcg', memory: 3072 },
};
const argv = (more: Partial<MachineRequest> = {}) => machineArgv({ ...machine, ...more }).join(' ');

test('the ephemeral has disks, its own medium, and the artifact, which nobody writes', () => {
  expect(argv()).toContain(
    'file=/cache/a,,b/vda.qcow2,discard=unmap,format=qcow2,cache=unsafe,detect-zeroes=unmap',
  );
  expect(argv()).toContain('file=/cache/a,,b/vdb.qcow2');
  expect(argv()).toContain('file=/images/a,,b.tgz,discard=unmap,format=raw,readonly=on');
  expect(argv()).toContain('-no-reboot');
  expect(argv({ artifact: null })).not.toContain('/images/');
});

// Real QEMU is asked in test/contract/rehearse/real-qemu.test.ts.
test('an error of a file on this host stops the machine; a guest that writes where it must not is its own fault', () => {
  const medium = { ...ephemeral, disk: '/e/medium.img' };
  const devices = [...argv({ ephemeral: medium }).matchAll(/virtio-blk-pci,drive=(\w+)\S*/g)];
  const stops = (id: string) =>
    devices.find(([, drive]) => drive === id)?.[0].match(/,werror.*|,rerror.*/)?.[0];
  expect(devices.map(([, id]) => [id, stops(id!)])).toEqual([
    ['vda', ',werror=stop,rerror=stop'],
    ['vdb', ',werror=stop,rerror=stop'],
    ['ephemeral', ',rerror=stop'],
    ['artifact', ',rerror=stop'],
  ]);
});

test('the installed system runs on overlays, without ephemeral and artifact, may reboot, and has ssh and a screen', () => {
  const installed = argv({ ephemeral: null });
  for (const absent of ['-no-reboot', '-readconfig', '/images/', 'medium.img', '/vda.qcow2'])
    expect(installed).not.toContain(absent);
  expect(installed).toContain('file=/cache/a,,b/vda.boot.qcow2,');
  expect(installed).toContain('efi-variables.boot.fd');
  expect(installed).toContain('hostfwd=tcp:127.0.0.1:0-:22');
  expect(installed).toContain('-device VGA');
});

// As QEMU's docs/specs and OVMF's README have it: without both, the guest could write the keys.
test('a firmware that needs system management mode has it, and alone writes its variables', () => {
  const secure = argv({ firmware: { code: '/f/ms.fd', vars: '/f/ms.vars.fd', smm: true } });
  expect(secure).toContain('-machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on');
  expect(argv()).not.toContain('smm');
});

test('interfaces and disks are at the same places of the bus in both', () => {
  const devices = (of: string) =>
    [...of.matchAll(/-device (virtio-(?:net|blk)-pci\S*)/g)].map(([, one]) => one!.split(',')[0]);
  expect(devices(argv()).slice(0, 3)).toEqual(devices(argv({ ephemeral: null })));
});

// Linux guards Intel's processors against Meltdown; each of its system calls then costs two flushes of an emulated TLB (kernel 6.1 was asked: "page tables isolation").
test('an emulated processor is not Intel’s, and not one with fast `rep movsb`', () => {
  expect(argv()).toMatch(/-cpu qemu64,/);
  expect(argv({ accelerator: 'kvm' })).toContain('-cpu host');
});

// qemu 7.2: mkinitramfs of the demo takes 123 CPU seconds with two, 87 with one.
test('one emulated processor deploys, two start the installed system', () => {
  expect(argv()).toContain('-smp 1 ');
  expect(argv({ ephemeral: null })).toContain('-smp 2 ');
  expect(argv({ accelerator: 'kvm' })).toContain('-smp 2 ');
});

test('options that speed up the ephemeral stand before the dashes: the installed system does not get them', () => {
  const [before, after] = kernelLine(machine).split(' --- ') as [string, string];
  expect(before).toContain('mitigations=off');
  // qemu 7.2, 600 MB of Debian: mkinitramfs takes 274 CPU seconds without, 123 with it; `info jit` counts 15 flushes of all code, and none.
  expect(before).toContain('norandmaps');
  expect(after).toBe('console=ttyS0 iommu=pt');
});
