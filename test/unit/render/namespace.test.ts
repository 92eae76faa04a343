import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderBuild } from '../../../pipeline/install/render/render.ts';
import { example } from './example.ts';

type Change = NonNullable<Parameters<typeof example>[0]>;

async function rendered(change: Change = {}) {
  const { packerDir, httpDir, settings, files } = await renderBuild(
    example({
      way: 'namespace',
      packerVersion: null,
      accelerator: null,
      kernel: null,
      initrd: null,
      ...change,
    }),
  );
  const read = (name: string) => readFileSync(join(packerDir, name), 'utf8');
  const curtin = parse(readFileSync(join(httpDir, 'curtin.yaml'), 'utf8'), { version: '1.1' });
  return { packerDir, read, curtin, settings, files };
}

describe('an installation without a VM', () => {
  it('has curtin install to a folder, without disks, networks, passwords and waiting', async () => {
    const { curtin } = await rendered();
    expect(curtin.install).toMatchObject({ target: '/target', log_file: expect.any(String) });
    // Real curtin unmounts and writes its log to /root unless the configuration says otherwise.
    expect(curtin.install).toMatchObject({
      unmount: 'disabled',
      save_install_log: '/run/curtin-install.log',
    });
    expect(curtin.stages).toEqual(expect.arrayContaining(['early', 'extract', 'late']));
    expect(curtin.stages).not.toEqual(expect.arrayContaining(['partitioning']));
    expect(curtin.stages).not.toEqual(expect.arrayContaining(['network']));
    const late = Object.keys(curtin.late_commands);
    expect(late.filter((key) => key > '88_build_target')).toEqual([]);
    expect(late).toEqual(expect.arrayContaining(['20_sources', '21_install', '88_build_target']));
    expect(JSON.stringify(curtin)).not.toContain('BUILD_PASSWORD_HASH');
  });

  it("puts upstream's and the release's parameters on the command line, but those that only a machine can obey", async () => {
    const { read } = await rendered();
    const line = /printf '%s\\n' '([^']*)' > "\$root\/run\/build\/cmdline"/.exec(read('inside.sh'))?.[1];
    expect(line?.split(' ')).toEqual(
      expect.arrayContaining([
        'force-curtin=http://127.0.0.1:8089/curtin.yaml',
        'force-platform=dgx1',
        'force-bootdisk=vda',
        'boot=live',
      ]),
    );
    expect(line).not.toContain('start-systemd-networkd');
  });

  it('reads the squashfs where it lies, or copies it where it lies in pieces', async () => {
    const whole = (await rendered()).read('inside.sh');
    expect(whole).toContain('unsquash -offset 10479616 "$ISO"');
    expect(whole).not.toContain('xorriso');
    const pieces = (await rendered({ squashfs: { path: 'live/a.squashfs', offset: null } })).read(
      'inside.sh',
    );
    expect(pieces).toContain("-extract '/live/a.squashfs'");
  });

  it("names the medium's archives, which an installation from a layer does not unpack", async () => {
    const { read } = await rendered();
    expect(read('inside.sh')).toMatch(/^replaced=\('curtin\/[^/' ]*-root\.tar\.\w+'\)$/m);
  });

  it('quotes what comes from outside', async () => {
    const odd = "live/it's $(here).squashfs";
    const { read, packerDir } = await rendered({ squashfs: { path: odd, offset: null } });
    for (const name of ['build.sh', 'inside.sh', 'system.sh'])
      execFileSync('bash', ['-n', join(packerDir, name)]);
    expect(read('inside.sh')).toContain("'/live/it'\\''s $(here).squashfs'");
  });

  it('is made of the same files each time, and asks for no plugin', async () => {
    const [first, second] = [await rendered(), await rendered()];
    const names = first.files.map(({ path }) => path);
    expect(names).toEqual(
      expect.arrayContaining([
        'http/curtin.yaml',
        'packer/build.sh',
        'packer/servers.py',
        'packer/interpreter/main.py',
      ]),
    );
    expect(names).not.toContain('packer/plugins.pkr.hcl');
    expect(second.files).toEqual(first.files);
    expect(Object.keys(first.settings)).toEqual(['installTimeoutS']);
  });
});
