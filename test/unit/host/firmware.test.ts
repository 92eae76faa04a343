import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { examineFirmware } from '../../../pipeline/doctor/host.ts';
import { findFirmware, findSecureFirmware } from '../../../pipeline/host/firmware.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firmware-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A description as QEMU's docs/interop/firmware.json has it, with the two files that it names. */
function describeFirmware(folder: string, name: string, change: object = {}, there = true): void {
  const files = [`${name}.code.fd`, `${name}.vars.fd`].map((file) => join(dir, file));
  if (there) for (const file of files) writeFileSync(file, '');
  mkdirSync(join(dir, folder), { recursive: true });
  const [code, vars] = files.map((filename) => ({ filename, format: 'raw' }));
  const text = JSON.stringify({
    'interface-types': ['uefi'],
    mapping: { device: 'flash', executable: code, 'nvram-template': vars },
    targets: [{ architecture: 'x86_64', machines: ['pc-i440fx-*', 'pc-q35-*'] }],
    features: ['acpi-s3'],
    ...change,
  });
  writeFileSync(join(dir, folder, `${name}.json`), text);
}
const folders = () => [join(dir, 'etc'), join(dir, 'share')];
const found = (name: string) => ({
  code: join(dir, `${name}.code.fd`),
  vars: join(dir, `${name}.vars.fd`),
});

it('takes the first by name that starts an unsigned kernel, and passes over all others', async () => {
  const arm64 = { targets: [{ architecture: 'aarch64', machines: ['virt-*'] }] };
  describeFirmware('share', '10-secure', { features: ['secure-boot', 'requires-smm'] });
  describeFirmware('share', '11-keys', { features: ['enrolled-keys'] });
  describeFirmware('share', '12-arm64', arm64);
  describeFirmware('share', '13-bios', { 'interface-types': ['bios'] });
  describeFirmware('share', '14-memory', { mapping: { device: 'memory', filename: '/x' } });
  describeFirmware('share', '15-qcow2', {
    mapping: { device: 'flash', executable: { filename: '/x', format: 'qcow2' } },
  });
  describeFirmware('share', '16-gone', {}, false);
  describeFirmware('share', '40-plain');
  describeFirmware('share', '50-later');
  for (const [name, text] of Object.entries({
    '01.json': '{',
    '02.json': 'null',
    '03.json': '[]',
    '04.txt': '',
  }))
    writeFileSync(join(dir, 'share', name), text);
  expect(await findFirmware('amd64', folders())).toEqual(found('40-plain'));
  expect(await findFirmware('arm64', folders())).toEqual(found('12-arm64'));
});

it("with Secure Boot takes one that has Microsoft's keys, and says what it needs of the VM", async () => {
  describeFirmware('share', '10-plain');
  describeFirmware('share', '20-no-keys', { features: ['secure-boot', 'requires-smm'] });
  describeFirmware('share', '30-keys-alone', { features: ['enrolled-keys'] });
  await expect(findSecureFirmware(folders())).rejects.toMatchObject({
    code: 'FIRMWARE_MISSING',
    hint: expect.stringContaining('apt-get install ovmf'),
  });
  describeFirmware('share', '40-keys', { features: ['secure-boot', 'requires-smm', 'enrolled-keys'] });
  describeFirmware('share', '50-keys', { features: ['secure-boot', 'enrolled-keys'] });
  expect(await findSecureFirmware(folders())).toEqual({ ...found('40-keys'), smm: true });
});

it("an administrator's description of the same name replaces the distribution's", async () => {
  describeFirmware('share', '40-plain');
  describeFirmware('etc', '40-plain', { features: ['secure-boot'] });
  describeFirmware('share', '50-later');
  expect(await findFirmware('amd64', folders())).toEqual(found('50-later'));
});

it.each([
  ['amd64', 'OVMF', 'ovmf'],
  ['arm64', 'AAVMF', 'qemu-efi-aarch64'],
] as const)('without one for %s the package is named', async (architecture, name, debian) => {
  await expect(findFirmware(architecture, folders())).rejects.toMatchObject({
    ...{ code: 'FIRMWARE_MISSING', exitCode: 4, hint: `sudo apt-get install ${debian}` },
    message: expect.stringContaining(name),
  });
});

it('doctor: it is missing where a release in use needs it, else optional', async () => {
  expect(await examineFirmware([], folders())).toMatchObject({ status: 'optional', package: 'ovmf' });
  expect(await examineFirmware(['dgxos7'], folders())).toMatchObject({
    ...{ status: 'missing', fix: 'sudo apt-get install ovmf', neededFor: 'build dgxos7 from an ISO' },
  });
  describeFirmware('share', '40-plain');
  expect(await examineFirmware(['dgxos7'], folders())).toMatchObject({
    ...{ status: 'ok', found: found('40-plain').code, fix: null },
  });
});
