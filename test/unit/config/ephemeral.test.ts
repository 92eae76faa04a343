import { describe, expect, it } from 'vitest';
import { ephemeral } from '../../../pipeline/config/settings/ephemeral.ts';
import { load } from './written.ts';

const MIRROR = 'http://images.maas.io/ephemeral-v3/stable';
const none = { series: null, subarch: null, version: null };

type Written = Parameters<typeof ephemeral.read>[0];

describe('rehearsal.ephemeral', () => {
  it.each<[Written, object]>([
    [
      { kernel: 'k', initrd: '/i', squashfs: 's' },
      { kernel: '/base/k', initrd: '/i', squashfs: '/base/s' },
    ],
    [{ mirror: `${MIRROR}/` }, { from: 'mirror', mirror: MIRROR, keyring: null, ...none }],
    // As MAAS' own boot sources may name it.
    [
      { mirror: `${MIRROR}/streams/v1/index.sjson` },
      { from: 'mirror', mirror: MIRROR, keyring: null, ...none },
    ],
    [
      { mirror: MIRROR, keyring: 'k.gpg', series: 'jammy', subarch: 'hwe-22.04', version: '20260801.1' },
      {
        from: 'mirror',
        mirror: MIRROR,
        keyring: '/base/k.gpg',
        series: 'jammy',
        subarch: 'hwe-22.04',
        version: '20260801.1',
      },
    ],
    [
      { mirror: MIRROR, keyring: 'none' },
      { from: 'mirror', mirror: MIRROR, keyring: 'none', ...none },
    ],
    [{ maas: 'lab' }, { from: 'maas', target: 'lab', ...none }],
    [
      { maas: '', version: '1' },
      { from: 'maas', target: null, ...none, version: '1' },
    ],
  ])('%j', (written, value) => {
    expect(ephemeral.problems?.(written, ['ephemeral'])).toEqual([]);
    const read = ephemeral.read(written, '/base');
    expect(read).toEqual(value);
    expect(ephemeral.read(ephemeral.write(read), '/other')).toEqual(value);
  });

  it.each<[Written, string]>([
    [{}, 'none of the three ways'],
    [{ version: '1' }, 'none of the three ways'],
    [{ kernel: 'k' }, 'initrd and squashfs missing'],
    [{ kernel: 'k', mirror: MIRROR }, 'more than one way'],
    [{ maas: 'lab', mirror: MIRROR }, 'more than one way'],
    [{ kernel: 'k', initrd: 'i', squashfs: 's', version: '1' }, 'version is for mirror and maas'],
    [{ kernel: 'k', initrd: 'i', squashfs: 's', keyring: 'none' }, 'keyring is for mirror'],
    [{ maas: 'lab', keyring: 'k.gpg' }, 'keyring is for mirror'],
    [{ mirror: 'images.maas.io' }, 'not such a URL'],
    [{ mirror: 'ftp://images.maas.io' }, 'not such a URL'],
    [{ mirror: 'file:///srv/mirror' }, 'not such a URL'],
    [{ mirror: 'https://user:secret@mirror/x' }, 'not such a URL'],
    [{ mirror: `${MIRROR}?token=secret` }, 'not such a URL'],
    [{ mirror: MIRROR, series: '../jammy' }, 'not such a name'],
    [{ mirror: MIRROR, subarch: 'a/b' }, 'not such a name'],
    [{ mirror: MIRROR, version: '1 2' }, 'not such a name'],
  ])('%j is refused: %s', (written, said) => {
    const [problem] = ephemeral.problems!(written, ['ephemeral']);
    expect(problem?.message).toContain(said);
    expect(problem?.message).not.toContain('secret');
  });

  it.each([
    [`{ mirror: "${MIRROR}", keyrng: x }`, /keyrng/],
    ['{ maas: lap }', /there is no target "lap"/],
  ])('%s in the file is refused with its line', async (written, said) => {
    const text = `images: {}\ntargets:\n  lab: { url: "http://maas:5240/MAAS" }\nrehearsal:\n  ephemeral: ${written}\n`;
    const error = await load(text).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', where: { line: 5 } });
    expect((error as Error).message).toMatch(said);
  });
});

describe('--ephemeral', () => {
  it.each<[string, Written | undefined]>([
    ['kernel=k,initrd=i,squashfs=s', { kernel: 'k', initrd: 'i', squashfs: 's' }],
    [`mirror=${MIRROR}`, { mirror: MIRROR }],
    [`mirror=${MIRROR},keyring=none,version=1`, { mirror: MIRROR, keyring: 'none', version: '1' }],
    ['maas=lab,subarch=ga-22.04', { maas: 'lab', subarch: 'ga-22.04' }],
    ['maas', { maas: '' }],
    ['maas,series=jammy', { maas: '', series: 'jammy' }],
    ['maas=', undefined],
    ['kernel=k', undefined],
    ['mirror', undefined],
    ['mirror=x', undefined],
    ['maas=a,maas=b', undefined],
    ['constructor=x', undefined],
    ['', undefined],
  ])('%s', (given, written) => {
    expect(ephemeral.parse?.(given)).toEqual(written);
  });
});
