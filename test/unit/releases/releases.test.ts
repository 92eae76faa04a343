import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unknownPlaceholders } from '../../../pipeline/config/placeholders.ts';
import { isoOf, listReleases, loadRelease, releaseIds } from '../../../pipeline/config/releases/load.ts';
import { parseRelease } from '../../../pipeline/config/releases/parse-release.ts';
import { packageRoot } from '../../../pipeline/host/process/package-root.ts';

const RELEASES = await releaseIds();

describe('the catalogue', () => {
  it('is the folder of its files', async () => {
    const files = readdirSync(join(packageRoot(), 'templates/releases'));
    expect(await releaseIds()).toEqual(files.flatMap((file) => /^(.+)\.yaml$/.exec(file)?.[1] ?? []).sort());
    expect((await listReleases()).map(({ id }) => id)).toEqual(await releaseIds());
  });

  it('says of dgxos5 what upstream types and where upstream is', async () => {
    const release = await loadRelease('dgxos5');
    expect(release).toMatchObject({
      iso: {
        liveCurtin: {
          installer: 'live-curtin',
          upstream: {
            from: 'packer-maas',
            template: 'dgxos5/dgxos5.json',
            curtin: 'dgxos5/http/curtin.yaml',
          },
          medium: { kernel: 'vmlinuz', initrd: 'initrd', squashfs: 'live/filesystem.squashfs' },
          vm: { diskBytes: 9 * 1024 ** 3, memoryMiB: 2048, cpus: 8, installTimeoutS: 5400 },
        },
        subiquity: null,
      },
      baseImage: 'ubuntu/focal',
      openPlatforms: true,
    });
    const iso = isoOf(release).liveCurtin!;
    const typed = [`${iso.configParameter}=URL`, ...iso.kernelParameters].join(' ');
    expect(iso.typed.before + typed + iso.typed.after).toBe(
      '<down>e<down><down><end> force-curtin=URL force-platform={platform} force-bootdisk={bootdisk} ' +
        'no-mlnx-fw-update start-systemd-networkd<f10>',
    );
  });

  it('never passes the demo off as DGX OS', async () => {
    const { title, defaults } = await loadRelease('demo');
    expect(title).toContain('not DGX OS');
    expect(defaults.title).toContain('not DGX OS');
  });

  it.each(RELEASES)('%s: what it names is there, and its defaults hold known placeholders', async (id) => {
    const release = await loadRelease(id);
    expect(unknownPlaceholders(release.defaults.resourceName + release.defaults.title)).toEqual([]);
    const iso = release.iso?.liveCurtin;
    if (iso) expect(iso.directParameters.at(-1)).toMatch(/^console=ttyS0/);
    const templates = join(packageRoot(), 'templates');
    if (iso?.upstream.from === 'templates')
      expect(existsSync(join(templates, iso.upstream.curtin))).toBe(true);
    if (release.hook) expect(existsSync(join(templates, 'hooks', release.hook))).toBe(true);
  });

  it('an unknown release is named with those that are, and the near one', async () => {
    await expect(loadRelease('dgxos-5')).rejects.toMatchObject({
      code: 'RELEASE_UNKNOWN',
      exitCode: 3,
      message: 'There is no release "dgxos-5". Did you mean "dgxos5"?',
      hint: expect.stringContaining('demo, demo-archive, demo-subiquity, dgxos5'),
    });
    await expect(loadRelease('../dgxos5')).rejects.toMatchObject({ code: 'RELEASE_UNKNOWN' });
  });

  it('a file that does not keep to the schema is refused at the place', () => {
    const text =
      'title: T\niso: { liveCurtin: { upstream: { from: packer-maas, curtin: c }, tcgFactr: 2 } }\n';
    expect(() => parseRelease('x', 'x.yaml', text)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', where: expect.objectContaining({ file: 'x.yaml' }) }),
    );
    expect(() => parseRelease('x', 'x.yaml', text)).toThrow(
      expect.objectContaining({ detail: expect.stringContaining('Did you mean "tcgFactor"?') }),
    );
  });
});
