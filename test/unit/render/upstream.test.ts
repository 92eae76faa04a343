import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PLATFORM, readUpstream } from '../../../pipeline/install/render/upstream.ts';
import { FIXTURE, rendered } from './example.ts';

const TEMPLATE = 'dgxos5/dgxos5.json';
const CURTIN = 'dgxos5/http/curtin.yaml';

/** A copy of the fixture tree with one file changed. */
function changed(path: string, change: (text: string) => string): string {
  const dir = mkdtempSync(join(tmpdir(), 'packer-maas-'));
  cpSync(FIXTURE, dir, { recursive: true });
  const before = readFileSync(join(dir, path), 'utf8');
  const after = change(before);
  if (after === before) throw new Error('nothing was changed');
  writeFileSync(join(dir, path), after);
  return dir;
}

function lineOf(file: string, text: string): number {
  return (
    readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1
  );
}

describe('readUpstream', () => {
  it('reads the settings out of the checkout', async () => {
    const upstream = await readUpstream(FIXTURE, rendered.upstream);
    expect(upstream).toMatchObject({
      bootWaitS: 5,
      diskBytes: 6 * 1024 ** 3,
      memoryMiB: 3072,
      cpus: 3,
      installTimeoutS: 45 * 60,
      qemuArgs: [['-smbios', 'type=0,uefi=on']],
    });
    expect(upstream.bootCommand).toContain(`force-platform=${PLATFORM} `);
    expect(upstream.bootCommand).toContain('force-bootdisk=vda ');
    expect(Object.keys(upstream.curtin)).toEqual([
      'install',
      'sources',
      'stages',
      'early_commands',
      'late_commands',
    ]);
  });

  it('gives the digest of every file read, which changes with the file', async () => {
    const before = await readUpstream(FIXTURE, rendered.upstream);
    const after = await readUpstream(
      changed(CURTIN, (text) => `${text}\n`),
      rendered.upstream,
    );
    expect(before.files.map((file) => file.path)).toEqual([TEMPLATE, CURTIN]);
    expect(after.files[0]).toEqual(before.files[0]);
    expect(after.files[1]).not.toEqual(before.files[1]);
  });

  it('says how to check it out', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'packer-maas-'));
    await expect(readUpstream(empty, rendered.upstream)).rejects.toMatchObject({
      code: 'SUBMODULE_MISSING',
      exitCode: 4,
      message: expect.stringContaining(`${empty} is empty`),
      hint: expect.stringMatching(/^git clone .* checkout fdc5d72/),
    });
  });

  it.each([
    [
      'broken JSON',
      TEMPLATE,
      (text: string) => text.replace('"disk_size": "6G",', '"disk_size: "6G",'),
      'is broken',
      '"disk_size',
    ],
    [
      'a size that is none',
      TEMPLATE,
      (text: string) => text.replace('"6G"', '"six"'),
      'builders.0.disk_size must be a size',
      '"disk_size',
    ],
    [
      'a boot command that is not a list',
      TEMPLATE,
      (text: string) => text.replace(/"boot_command": \[[^\]]*\]/, '"boot_command": 1'),
      'boot_command must be a list',
      '"boot_command"',
    ],
    [
      'an unknown variable',
      TEMPLATE,
      (text: string) => text.replace('`target_disk`', '`disk`'),
      'unknown variable disk',
      '`disk`',
    ],
    [
      'another builder',
      TEMPLATE,
      (text: string) => text.replace('"qemu",', '"null",'),
      'a builder of type qemu',
      '"builders"',
    ],
    [
      'no late commands',
      CURTIN,
      (text: string) => text.replace('late_commands:', 'later_commands:'),
      'late_commands must be a mapping',
      'install:',
    ],
    [
      'broken YAML',
      CURTIN,
      (text: string) => text.replace('stages: [', 'stages: ] ['),
      'is broken',
      'stages:',
    ],
  ])('names file and line of %s', async (_, path, change, message, onLine) => {
    const dir = changed(path, change);
    await expect(readUpstream(dir, rendered.upstream)).rejects.toMatchObject({
      code: 'SUBMODULE_UNREADABLE',
      message: expect.stringContaining(message),
      where: { file: join(dir, path), line: lineOf(join(dir, path), onLine) },
    });
  });
});
