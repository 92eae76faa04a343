import { describe, expect, it } from 'vitest';
import {
  diskSize,
  goDuration,
  installTimeout,
  kernelWord,
  vmSettings,
} from '../../../pipeline/install/render/settings.ts';
import { readUpstream } from '../../../pipeline/install/render/upstream.ts';
import { FIXTURE, image, rendered } from './example.ts';

describe('vmSettings', () => {
  it('takes the user over upstream over the release, and says which', async () => {
    const upstream = { ...(await readUpstream(FIXTURE, rendered.upstream)), cpus: undefined };
    const vm = vmSettings({ ...image.vm, memoryMiB: 4096 }, rendered, upstream, 'kvm');
    expect(vm).toMatchObject({ memoryMiB: 4096, diskMiB: 6144, cpus: 8, installTimeoutS: 2700 });
    expect(vm.settings).toMatchObject({
      memoryMiB: { value: '4096', from: 'config' },
      diskBytes: { value: String(6 * 1024 ** 3), from: 'upstream' },
      cpus: { value: '8', from: 'template' },
    });
  });

  it('waits longer under emulation, but never other than the user says', () => {
    const made = vmSettings(image.vm, rendered, undefined, 'tcg');
    const settings = { value: String(5400 * 4), from: 'template' };
    expect(installTimeout(null, made)).toMatchObject({
      installTimeoutS: 5400 * 4,
      settings: { installTimeoutS: settings },
    });
    expect(installTimeout(60, made)).toEqual({
      installTimeoutS: 60,
      settings: { ...made.settings, installTimeoutS: { value: '60', from: 'config' } },
    });
    expect(made.settings.installTimeoutS).toEqual(settings);
  });
});

describe("Packer's units", () => {
  it.each([
    ['9G', 9 * 1024 ** 3],
    ['40960', 40960 * 1024 ** 2],
    ['512m', 512 * 1024 ** 2],
    ['six', undefined],
    ['9GB', undefined],
  ])('size %s', (text, bytes) => expect(diskSize(text)).toBe(bytes));

  it.each([
    ['90m', 5400],
    ['1h30m', 5400],
    ['500ms', 0.5],
    ['3s', 3],
    ['3', undefined],
    ['soon', undefined],
  ])('duration %s', (text, seconds) => expect(goDuration(text)).toBe(seconds));
});

describe('kernelWord', () => {
  it.each(['dgx 1', 'dgx"1', 'a<enter>', 'dgx\n1', 'dgx€', ''])('refuses %j', (text) =>
    expect(() => kernelWord(text, 'The platform')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    ),
  );
});
