import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initialConfig } from '../../../pipeline/config/init.ts';
import { releaseIds } from '../../../pipeline/config/releases/load.ts';
import { writeNew } from '../../../pipeline/config/write-new.ts';
import { packageRoot } from '../../../pipeline/host/process/package-root.ts';
import { folder, load, uncommented } from './written.ts';

const RELEASES = await releaseIds();

describe('what init writes', () => {
  it.each(RELEASES)('loads, and loads with every comment taken in: %s', async (id) => {
    const cwd = folder();
    const text = await initialConfig(id, join(cwd, 'dgxos-maas.yaml'));
    const plain = await load(text, { cwd });
    const full = await load(uncommented(text), { cwd });
    const [image] = Object.values(plain.config.images);
    expect(image).toMatchObject({ release: id });
    // What stands in the comments is what is in force without them, but for the examples.
    const { vm, resource, pack, compression } = Object.values(full.config.images)[0]!;
    expect({ resource, pack, compression }).toEqual({
      resource: image!.resource,
      pack: image!.pack,
      compression: image!.compression,
    });
    expect(vm).toMatchObject({ accelerator: image!.vm.accelerator, boot: image!.vm.boot });
    expect(full.config.targets.lab?.url).toBe('http://maas.example:5240/MAAS');
  });

  it('points editors at the published schema, from wherever it stands', async () => {
    const there = join(packageRoot(), 'dgxos-maas.yaml');
    const elsewhere = join(folder(), 'dgxos-maas.yaml');
    for (const file of [there, elsewhere]) {
      const modeline = /^# yaml-language-server: \$schema=(.+)$/m.exec(
        await initialConfig('dgxos5', file),
      )?.[1];
      expect(existsSync(resolve(dirname(file), modeline!))).toBe(true);
    }
    expect(await initialConfig('dgxos5', there)).toContain('$schema=schema/dgxos-maas.schema.json');
  });

  it('replaces nothing unasked', async () => {
    const file = join(folder(), 'dgxos-maas.yaml');
    writeFileSync(file, 'mine');
    await expect(writeNew(file, 'new', false)).rejects.toMatchObject({ code: 'FILE_EXISTS', exitCode: 3 });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await writeNew(file, 'new', true);
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it('an unknown release is named with those that are', async () => {
    await expect(initialConfig('dgxos', '/x')).rejects.toMatchObject({ code: 'RELEASE_UNKNOWN' });
  });
});
