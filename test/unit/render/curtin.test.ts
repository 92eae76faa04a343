import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { composeCurtin } from '../../../pipeline/install/render/curtin.ts';
import { renderBuild } from '../../../pipeline/install/render/render.ts';
import { CREDENTIAL_TOKEN, type RenderInput } from '../../../pipeline/install/render/types.ts';
import { example, FIXTURE, image, rendered } from './example.ts';

type Late = Record<string, string | string[]>;

async function curtinOf(input: RenderInput) {
  const { httpDir } = await renderBuild(input);
  // The reader that curtin uses knows YAML 1.1.
  return parse(readFileSync(join(httpDir, 'curtin.yaml'), 'utf8'), { version: '1.1' }) as Record<
    string,
    unknown
  > & { late_commands: Late };
}

const upstream = parse(readFileSync(join(FIXTURE, 'dgxos5/http/curtin.yaml'), 'utf8'), { version: '1.1' });
const hash = ['sh', '-c', `echo 'root:${CREDENTIAL_TOKEN}' | chpasswd -e`];

describe('the curtin configuration', () => {
  it("keeps upstream's settings and commands", async () => {
    const curtin = await curtinOf(example());
    const { late_commands, ...rest } = upstream;
    expect(curtin).toMatchObject(rest);
    for (const key of ['20_sources', '21_install', '92_ssh', '93_wait'])
      expect(curtin.late_commands[key]).toEqual(late_commands[key]);
  });

  it("puts the run's password in the place of a known one", async () => {
    expect((await curtinOf(example())).late_commands['91_password']).toEqual(hash);
  });

  it('cleans the target after everything is installed and before ssh lets Packer in', async () => {
    const input = example({
      image: { packages: ['jq', "o'dd"], lateCommands: { '50_b': 'echo b', '10_a': ['echo', 'a'] } },
    });
    const source = join(dirname(input.dir), 'motd');
    writeFileSync(source, 'hello');
    input.image.files = [{ source, path: "/etc/it's", mode: '0640', owner: 'root:adm' }];
    const { late_commands: late } = await curtinOf(input);
    // curtin runs commands in the order of their keys.
    const keys = Object.keys(late).sort();
    expect(Object.keys(late)).toEqual(keys);
    const at = (key: string) => keys.indexOf(key);
    const order = [
      '21_install',
      '51_build_packages',
      '52_build_file_000',
      '52_build_file_001',
      '54_user_000_10_a',
      '54_user_001_50_b',
      '60_apt_sources',
      '65_ssh_host_keys',
      '80_resolv_conf',
      '88_build_target',
      '91_password',
      '92_ssh',
    ];
    expect(order.map(at)).toEqual([...order.map(at)].sort((a, b) => a - b));
    expect(order.map(at)).not.toContain(-1);
    expect(late['51_build_packages']?.at(-1)).toContain(`install --no-install-recommends 'jq' 'o'\\''dd'`);
    expect(late['54_user_000_10_a']).toEqual(['echo', 'a']);
    expect(late['52_build_file_000']?.[2]).toContain(
      `install -D -o 'root' -g 'adm' -m '0640' /var/tmp/build-file '/etc/it'\\''s'`,
    );
    expect(late['52_build_file_001']?.[2]).toContain(`-m '0755' /var/tmp/build-file '/curtin/curtin-hooks'`);
  });

  it('holds the installer until the build ends the VM', async () => {
    const { late_commands: late } = await curtinOf(example());
    expect(Object.keys(late).sort().at(-1)).toBe('99_build_hold');
    expect(late['99_build_hold']).toEqual(['sleep', '86400']);
  });

  it('leaves a token that the installer replaces on a line of its own', async () => {
    const { httpDir } = await renderBuild(example());
    const lines = readFileSync(join(httpDir, 'curtin.yaml'), 'utf8').split('\n');
    expect(lines.filter((line) => line.includes('CHANGE_INSTALL_PKGS'))).toEqual([
      expect.stringContaining('apt-get -y install CHANGE_INSTALL_PKGS'),
    ]);
  });

  it('survives texts that YAML 1.1 would read as something else', async () => {
    const odd = { '10_a': ['yes', '0755', '1:20', '~', 'a: b', '# c', 'two\nlines', '"', ' '] };
    expect(
      (await curtinOf(example({ image: { lateCommands: odd } }))).late_commands['54_user_000_10_a'],
    ).toEqual(odd['10_a']);
  });
});

describe('composeCurtin', () => {
  const compose = async (base: Record<string, unknown>) =>
    parse(
      (await composeCurtin({ image, release: rendered, base, name: 'base.yaml', files: [], way: 'vm' }))
        .curtin,
    ) as {
      early_commands?: Late;
      late_commands: Late;
    };

  it('sets a password where the base sets none', async () => {
    const { late_commands } = await compose({ late_commands: { '90_ssh': ['systemctl', 'start', 'ssh'] } });
    expect(late_commands['89_build_password']).toEqual(hash);
  });

  it('replaces a password that an early command sets, and none inside the target', async () => {
    const target = ['curtin', 'in-target', '--', 'sh', '-c', 'echo user:x | chpasswd'];
    const { early_commands, late_commands } = await compose({
      early_commands: { '01_pw': 'echo root:root | chpasswd' },
      late_commands: { '30_user': target, '90_ssh': 'systemctl start sshd' },
    });
    expect(early_commands?.['01_pw']).toEqual(hash);
    expect(late_commands['30_user']).toEqual(target);
    expect(late_commands['89_build_password']).toBeUndefined();
  });

  it.each([
    [
      'an install after our steps',
      { '85_install': ['curtin', 'in-target', '--', 'true'], '90_ssh': ['systemctl', 'start', 'ssh'] },
    ],
    ['an ssh start before them', { '70_ssh': ['systemctl', 'start', 'ssh'] }],
  ])('refuses %s', async (_, late_commands) => {
    await expect(compose({ late_commands })).rejects.toMatchObject({
      code: 'SUBMODULE_UNREADABLE',
      message: expect.stringContaining('base.yaml'),
    });
  });

  it('refuses a command that is none', async () => {
    await expect(compose({ late_commands: { '10_x': { a: 1 } } })).rejects.toMatchObject({
      code: 'SUBMODULE_UNREADABLE',
    });
  });
});
