import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { licenceAccepted } from '../../../pipeline/cli/licence.ts';
import { initialConfig } from '../../../pipeline/config/init.ts';
import { releaseIds } from '../../../pipeline/config/releases/load.ts';
import { writeNew } from '../../../pipeline/config/write-new.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { packageRoot } from '../../../pipeline/host/process/package-root.ts';
import { folder, load, uncommented } from './written.ts';

const RELEASES = await releaseIds();

describe('the file that init writes', () => {
  it.each(RELEASES)('loads, and loads with every comment taken in: %s', async (id) => {
    const cwd = folder();
    const text = await initialConfig(id, join(cwd, 'dgxos-maas.yaml'));
    const plain = await load(text, { cwd });
    const full = await load(uncommented(text), { cwd });
    const [image] = Object.values(plain.config.images);
    expect(image).toMatchObject({ release: id });
    // The commented values are those in force without them, except the examples.
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

  it('accepts a licence only when that was said', async () => {
    const line = /^ {4}accept_eula: true/m;
    expect(await initialConfig('dgxos5', '/x', true)).toMatch(line);
    expect(await initialConfig('dgxos5', '/x')).not.toMatch(line);
    expect(await initialConfig('demo', '/x', true)).not.toMatch(/accept_eula/);
    const asked: string[] = [];
    const io = (answer: string, interactive = true) => ({
      ...{ interactive, paint: paint(false, 80) },
      ask: async (text: string) => {
        asked.push(text);
        return answer;
      },
    });
    const { signal } = new AbortController();
    const answers = ['y', 'YES', 'n', '', 'yesterday'];
    const taken = answers.map((answer) => licenceAccepted('dgxos7', { io: io(answer), signal }));
    expect(await Promise.all(taken)).toEqual([true, true, false, false, false]);
    expect(asked[0]).toContain('https://docs.nvidia.com/dgx/');
    expect(await licenceAccepted('dgxos7', { io: io('y', false), signal })).toBe(false);
    expect(await licenceAccepted('dgxos7', { acceptEula: true, io: io('n'), signal })).toBe(true);
    expect(await licenceAccepted('demo', { io: io('y'), signal })).toBe(false);
    expect(asked).toHaveLength(answers.length);
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
