import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../../pipeline/doctor/examine.ts';
import { cli, folder } from '../config/cli.ts';
import { qemuPlugin, standIns } from '../vm/stand-ins.ts';

/** The version that each tool of a complete host prints. */
const HOST: Record<string, string> = {
  xorriso: 'xorriso 1.5.4 : RockRidge filesystem manipulator',
  unsquashfs: 'unsquashfs version 4.5.1 (2022/03/17)',
  packer: 'Packer v1.6.6',
  'qemu-system-x86_64': 'QEMU emulator version 7.2.22 (Debian 1:7.2)',
  'qemu-img': 'qemu-img version 7.2.22 (Debian 1:7.2)',
  tar: 'tar (GNU tar) 1.34',
};

/** A PATH with these tools and nothing else. */
function pathOf(dir: string, tools: Record<string, string>): string {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  for (const [name, says] of Object.entries(tools)) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho '${says}'\n`);
    chmodSync(join(bin, name), 0o755);
  }
  symlinkSync(process.execPath, join(bin, 'node'));
  return bin;
}

async function doctor(tools: Record<string, string>, env: NodeJS.ProcessEnv = {}, cwd = folder()) {
  const PATH = pathOf(cwd, tools);
  const { code, stdout } = await cli(cwd, ['--json', 'doctor'], { PATH, ...env });
  const diagnosis = JSON.parse(stdout) as Diagnosis;
  const status = Object.fromEntries(diagnosis.findings.map(({ tool, status }) => [tool, status]));
  return { code, diagnosis, status, PATH, cwd };
}

describe('doctor', () => {
  it('a host with everything that is needed is well, whatever optional tools are missing', async () => {
    const { code, diagnosis, status } = await doctor(HOST);
    expect(diagnosis.findings.filter((finding) => !['ok', 'optional'].includes(finding.status))).toEqual([]);
    expect([code, diagnosis.ok, diagnosis.installCommand]).toEqual([0, true, null]);
    expect(status).toMatchObject({ packer: 'ok', mmdebstrap: 'optional', 'libdeflate-gzip': 'optional' });
  });

  it.each(Object.keys(HOST).filter((tool) => tool !== 'tar'))(
    '%s is missing: exit code 4 and the command that installs it',
    async (tool) => {
      const { [tool]: _, ...rest } = HOST;
      const { code, diagnosis, status } = await doctor(rest);
      expect([code, status[tool]]).toEqual([4, 'missing']);
      const finding = diagnosis.findings.find((one) => one.tool === tool)!;
      expect(diagnosis.installCommand).toMatch(new RegExp(`^(sudo )?apt-get install -y ${finding.package}$`));
      expect(finding.fix).toContain(finding.package);
    },
  );

  it('on a bare host one line installs all of it, each package once', async () => {
    const { code, diagnosis, PATH, cwd } = await doctor({});
    expect(code).toBe(4);
    const packages = diagnosis.installCommand!.replace(/^.*install -y /, '').split(' ');
    expect(packages).toEqual(['xorriso', 'squashfs-tools', 'packer', 'qemu-system-x86', 'qemu-utils']);
    const { stdout, code: fixCode } = await cli(cwd, ['doctor', '--fix-command'], { PATH });
    expect([stdout, fixCode]).toEqual([`${diagnosis.installCommand}\n`, 0]);
    expect((await cli(cwd, ['doctor'], { PATH })).stdout.trimEnd().split('\n').at(-1)).toBe(
      `Install: ${diagnosis.installCommand}`,
    );
  });

  it('ssh is named where the configuration has machines to try images on', async () => {
    const cwd = folder();
    expect((await doctor(HOST, {}, cwd)).status.ssh).toBeUndefined();
    const image = `{ release: demo, platform: demo1, version: "1.0", iso: { source: no.iso, sha256: ${'a'.repeat(64)} } }`;
    writeFileSync(
      join(cwd, 'dgxos-maas.yaml'),
      `images: { demo: ${image} }\nacceptance: { tags: [image-test] }\n`,
    );
    const ask = async () =>
      JSON.parse((await cli(cwd, ['--json', 'doctor'], { PATH: join(cwd, 'bin') })).stdout) as Diagnosis;
    expect(await ask()).toMatchObject({
      ok: false,
      installCommand: expect.stringContaining('openssh-client'),
      findings: expect.arrayContaining([expect.objectContaining({ tool: 'ssh', status: 'missing' })]),
    });
    writeFileSync(join(cwd, 'bin', 'ssh'), '#!/bin/sh\necho "OpenSSH_9.2p1 Debian-2, OpenSSL 3" >&2\n');
    chmodSync(join(cwd, 'bin', 'ssh'), 0o755);
    expect((await ask()).findings.find(({ tool }) => tool === 'ssh')).toMatchObject({
      status: 'ok',
      found: '9.2p1',
    });
  });

  it('a Packer or QEMU that is too old', async () => {
    const { code, status } = await doctor({
      ...HOST,
      packer: 'Packer v1.5.4',
      'qemu-system-x86_64': 'QEMU emulator version 2.11.1',
    });
    expect([code, status.packer, status['qemu-system-x86_64']]).toEqual([4, 'too-old', 'too-old']);
  });

  it('another tar is distinguished from GNU tar', async () => {
    const { diagnosis } = await doctor({ ...HOST, tar: 'bsdtar 3.6.2 - libarchive 3.6.2' });
    expect(diagnosis.findings.find(({ tool }) => tool === 'tar')).toMatchObject({
      status: 'optional',
      found: 'a different tool of that name',
    });
  });
});

describe('the qemu plugin, in the environment that a build has', () => {
  /** A host with a Packer that looks where the real one of that version looks. */
  async function plugin(version: string, env: NodeJS.ProcessEnv = {}, cwd = folder()) {
    const { packer: _, ...others } = HOST;
    const PATH = `${standIns(join(cwd, 'packer'), { version, builds: [] })}:${pathOf(cwd, others)}`;
    const home = { HOME: cwd, XDG_CONFIG_HOME: '', PACKER_PLUGIN_PATH: '', PACKER_CONFIG_DIR: '' };
    const { code, stdout } = await cli(cwd, ['--json', 'doctor'], { PATH, ...home, ...env });
    rmSync(join(cwd, 'bin'), { recursive: true });
    const { findings } = JSON.parse(stdout) as Diagnosis;
    return { code, ...findings.find(({ tool }) => tool === 'packer-plugin-qemu') };
  }

  it('is not required for Packer 1.6', async () => {
    expect((await plugin('1.6.6')).status).toBeUndefined();
  });

  it.each([
    ['1.7.0', '.packer.d/plugins', 'packer init '],
    ['1.8.7', '.config/packer/plugins', 'packer plugins install github.com/hashicorp/qemu'],
    ['1.11.2', '.config/packer/plugins', 'packer plugins install github.com/hashicorp/qemu'],
  ])(
    'Packer %s: missing, without its checksum, of another plugin, too old, and there',
    async (version, place, fix) => {
      const cwd = folder();
      const at = join(cwd, place);
      expect(await plugin(version, {}, cwd)).toMatchObject({
        code: 4,
        status: 'missing',
        found: `none in ${at}`,
        fix: expect.stringContaining(fix),
      });
      qemuPlugin(at, '1.1.4', 'linux_s390x');
      expect(await plugin(version, {}, cwd)).toMatchObject({
        found: expect.stringContaining('it is for linux_s390x'),
      });
      qemuPlugin(at, '1.1.2');
      rmSync(join(at, 'github.com/hashicorp/qemu/packer-plugin-qemu_v1.1.4_x5.0_linux_s390x'));
      expect(await plugin(version, {}, cwd)).toMatchObject({
        code: 4,
        status: 'too-old',
        found: expect.stringContaining('1.1.3 or newer is needed'),
      });
      const file = qemuPlugin(at, '1.1.3');
      writeFileSync(file, 'another');
      expect(await plugin(version, {}, cwd)).toMatchObject({
        status: 'unusable',
        found: expect.stringContaining('belongs to another'),
      });
      rmSync(`${file}_SHA256SUM`);
      expect(await plugin(version, {}, cwd)).toMatchObject({
        status: 'unusable',
        found: expect.stringContaining('_SHA256SUM'),
      });
      qemuPlugin(at, '1.1.3');
      expect(await plugin(version, {}, cwd)).toMatchObject({
        code: 0,
        status: 'ok',
        found: `1.1.3 in ${at}`,
      });
    },
  );

  it('PACKER_PLUGIN_PATH: a list up to 1.10, one folder from 1.11 on', async () => {
    const cwd = folder();
    qemuPlugin(join(cwd, 'b'), '1.1.4');
    const env = { PACKER_PLUGIN_PATH: 'a:b' };
    expect(await plugin('1.10.3', env, cwd)).toMatchObject({
      status: 'ok',
      found: `1.1.4 in ${join(cwd, 'b')}`,
    });
    expect(await plugin('1.11.0', env, cwd)).toMatchObject({
      status: 'unusable',
      found: expect.stringContaining('several folders'),
      fix: `export PACKER_PLUGIN_PATH=${join(cwd, 'b')}`,
    });
    expect(await plugin('1.16.0', { PACKER_PLUGIN_PATH: 'b' }, cwd)).toMatchObject({ status: 'ok' });
  });
});

/** Sets something of the VM in the file that init wrote. */
function withVm(cwd: string, setting: string): void {
  const file = join(cwd, 'dgxos-maas.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('    # vm:', `    vm: { ${setting} }`));
}

describe('the project', () => {
  it('a configuration that is wrong is shown with its place', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'dgxos-maas.yaml'), 'imags: {}\n');
    const { code, diagnosis } = await doctor(HOST, {}, cwd);
    expect(code).toBe(4);
    expect(diagnosis.findings.find(({ tool }) => tool === 'configuration')).toMatchObject({
      status: 'unusable',
      found: 'dgxos-maas.yaml:1:1: The file: unknown key "imags". Did you mean "images"?',
    });
  });

  it('packer-maas not checked out matters to an image that needs it, and comes with the command', async () => {
    const cwd = folder();
    await cli(cwd, ['init']);
    withVm(cwd, 'disk_size: 64M');
    const away = { DGXOS_MAAS_PACKER_MAAS: join(cwd, 'packer-maas') };
    const { code, diagnosis, PATH } = await doctor(HOST, away, cwd);
    expect(code).toBe(4);
    const finding = diagnosis.findings.find(({ tool }) => tool === 'packer-maas')!;
    expect(finding.status).toBe('missing');
    expect(finding.fix).toMatch(
      /^git clone https:\/\/github\.com\/DeepOps\/packer-maas\.git .* checkout fdc5d72/,
    );

    mkdirSync(join(cwd, 'packer-maas/dgxos5/http'), { recursive: true });
    writeFileSync(join(cwd, 'packer-maas/dgxos5/dgxos5.json'), '{}');
    writeFileSync(join(cwd, 'packer-maas/dgxos5/http/curtin.yaml'), '');
    expect((await cli(cwd, ['doctor'], { PATH, ...away })).code).toBe(0);
  });

  it('a disk that is too small for the images', async () => {
    const cwd = folder();
    await cli(cwd, ['init']);
    withVm(cwd, 'disk_size: 900T');
    const { diagnosis } = await doctor(HOST, {}, cwd);
    expect(diagnosis.findings.find(({ tool }) => tool === 'workspace')).toMatchObject({
      status: 'unusable',
      found: expect.stringMatching(/ free, .* may be needed$/),
    });
  });
});
