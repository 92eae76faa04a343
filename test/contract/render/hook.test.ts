import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from '../process/run-tool.ts';

const HOOK = fileURLToPath(new URL('../../../templates/hooks/curtin-hooks', import.meta.url));
const RECORDED = join(import.meta.dirname, 'curtin-recorded');

interface Curtin {
  name: string;
  pythonPath: string;
  env: Record<string, string>;
}

/**
 * The curtin interfaces that the hook is run with: recordings of four versions, and every real curtin whose folder (a checkout,
 * the one that holds `curtin/`) stands in DGXOS_MAAS_CURTIN, separated by colons. Run with 21.2, release/23.1 and main of
 * canonical/curtin: `DGXOS_MAAS_CURTIN=a:b:c npx vitest run --project contract test/contract/render/hook.test.ts`.
 */
const CURTINS: Curtin[] = [
  ...['21.2', '23.1', '24.0', '24.1'].map((version) => ({
    name: `recorded ${version}`,
    pythonPath: RECORDED,
    env: { RECORDED_CURTIN: version },
  })),
  ...(process.env.DGXOS_MAAS_CURTIN ?? '')
    .split(':')
    .filter(Boolean)
    .map((dir) => ({ name: `real ${basename(dir)}`, pythonPath: dir, env: {} })),
];

interface Kernel {
  version: string;
  provides?: string;
  indexed?: boolean;
  initrd?: boolean;
}

interface Target {
  kernels?: Kernel[];
  /** dpkg's words for the state. */
  packages?: Record<string, string>;
  /** Files of the target: path to text; programs are executable. */
  files?: Record<string, string>;
  config?: object;
  verbosity?: string;
  /** The version of a kernel that an upgrade of the system brings. */
  brings?: string;
  without?: string[];
}

const INSTALLED = 'install ok installed';
const HELD = 'hold ok installed';
const ESSENTIAL = ['grub-pc', 'grub-efi-amd64', 'grub-efi-amd64-signed', 'shim-signed', 'efibootmgr'];

function put(root: string, path: string, text = '', mode = 0o755): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text, { mode });
}

/** Runs the hook as curtin does, on a target that is an ordinary folder: `chroot` notes the commands. */
async function hook(curtin: Curtin, of: Target = {}) {
  const { kernels = [{ version: '5.4.0-52-generic', provides: 'fuse-module, linux-image' }], files = {} } =
    of;
  const dir = mkdtempSync(join(tmpdir(), 'hook-'));
  const target = join(dir, 'target');
  const packages: Record<string, string> = { ...of.packages };
  for (const name of ESSENTIAL) packages[name] ??= INSTALLED;
  for (const { version, indexed = true, initrd = true } of kernels) {
    packages[`linux-image-${version}`] ??= INSTALLED;
    put(target, `boot/vmlinuz-${version}`);
    if (initrd) put(target, `boot/initrd.img-${version}`, 'of the build\n');
    if (indexed) put(target, `lib/modules/${version}/modules.dep`);
  }
  for (const folder of ['dev', 'proc', 'sys', 'run', 'tmp', 'etc/apt', 'etc/default', 'boot', 'lib/modules'])
    mkdirSync(join(target, folder), { recursive: true });
  for (const program of ['usr/sbin/update-initramfs', 'usr/bin/dpkg-query', 'usr/bin/lsb_release'])
    if (!of.without?.includes(program)) put(target, program, '#!/bin/sh\n');
  for (const [path, text] of Object.entries(files)) put(target, path, text);
  put(target, 'etc/os-release', 'ID=ubuntu\nVERSION_ID="20.04"\nVERSION_CODENAME=focal\n');
  put(target, 'etc/apt/sources.list', 'deb http://archive.ubuntu.com/ubuntu focal main\n');
  const rows = Object.entries(packages);
  put(
    target,
    'var/lib/dpkg/status',
    rows.map(([name, want]) => `Package: ${name}\nStatus: ${want}\nVersion: 1\n`).join('\n'),
  );
  put(target, 'curtin/other');
  cpSync(HOOK, join(target, 'curtin/curtin-hooks'));
  chmodSync(join(target, 'curtin/curtin-hooks'), 0o755);
  const abbreviated = (want: string) => (want === HELD ? 'hi' : want === INSTALLED ? 'ii' : 'rc');
  put(dir, 'list', rows.map(([name, want]) => `${abbreviated(want)}  ${name} 1 amd64 x\n`).join(''));
  put(
    dir,
    'provides',
    kernels
      .map(
        ({ version, provides = '' }) =>
          `linux-image-${version}/${abbreviated(packages[`linux-image-${version}`]!)} /${provides}\n`,
      )
      .join(''),
  );
  put(dir, 'commands');
  put(dir, 'brings', of.brings);
  put(dir, 'preferences');
  for (const name of ['fstab', 'interfaces']) put(dir, `work/${name}`);
  put(dir, 'work/network', '{version: 2}\n');
  const config = { swap: { size: 0 }, grub: { install_devices: [], update_nvram: false }, ...of.config };
  put(dir, 'config.json', JSON.stringify(config));
  const result = await run([join(target, 'curtin/curtin-hooks')], {
    env: {
      PATH: `${RECORDED}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      PYTHONPATH: curtin.pythonPath,
      PYTHONDONTWRITEBYTECODE: '1',
      TEST_DIR: dir,
      TARGET_MOUNT_POINT: target,
      CONFIG: join(dir, 'config.json'),
      WORKING_DIR: join(dir, 'work'),
      OUTPUT_FSTAB: join(dir, 'work/fstab'),
      OUTPUT_INTERFACES: join(dir, 'work/interfaces'),
      OUTPUT_NETWORK_CONFIG: join(dir, 'work/network'),
      CURTIN_REPORTSTACK: 'cmd-install/stage-curthooks/builtin/cmd-curthooks',
      CURTIN_VERBOSITY: of.verbosity ?? '3',
      ...curtin.env,
    },
  });
  return {
    result,
    target,
    commands: readFileSync(join(dir, 'commands'), 'utf8').trim().split('\n'),
    preferences: readFileSync(join(dir, 'preferences'), 'utf8'),
    initrd: (version = '5.4.0-52-generic') =>
      readFileSync(join(target, `boot/initrd.img-${version}`), 'utf8'),
  };
}

const apt = (commands: string[]) => commands.filter((c) => /apt-get|apt-cache/.test(c));

describe.each(CURTINS)('curtin-hooks with $name', (curtin) => {
  it('keeps the kernel of the image and asks no archive, whatever fallback is configured', async () => {
    const { result, target, commands } = await hook(curtin, {
      config: { kernel: { 'fallback-package': 'linux-generic' } },
    });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(apt(commands)).toEqual([]);
    expect(existsSync(join(target, 'curtin'))).toBe(false);
  });

  it.each([
    ['no kernel key', {}],
    ['kernel: null', { kernel: null }],
    ['a held package of the image', { kernel: { package: 'linux-image-5.4.0-52-generic' } }],
  ])('asks no archive with %s', async (_, config) => {
    const packages = { 'linux-image-5.4.0-52-generic': HELD };
    const { result, commands } = await hook(curtin, { config, packages });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(apt(commands)).toEqual([]);
  });

  it('has curtin install a kernel package that an operator named and the image does not have', async () => {
    const { result, commands } = await hook(curtin, { config: { kernel: { package: 'linux-nvidia' } } });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(apt(commands).join('\n')).toMatch(/install .*linux-nvidia$/m);
    expect(result.stderr).toContain('names the kernel package linux-nvidia, which is not in the image');
  });

  it.each([
    ['the same package in state rc', { 'linux-nvidia': 'deinstall ok config-files' }],
    ['a package with a longer name', { 'linux-nvidia-64k': INSTALLED }],
  ])('is not taken in by %s', async (_, packages: Record<string, string>) => {
    const { commands } = await hook(curtin, { config: { kernel: { package: 'linux-nvidia' } }, packages });
    expect(apt(commands).join('\n')).toMatch(/install .*linux-nvidia$/m);
  });

  describe('an image that is for one kernel', () => {
    const NAME = 'linux-image-5.4.0-52-generic';
    const pin = (text: string, more: Target = {}): Target => ({
      ...more,
      files: { 'curtin/CUSTOM_KERNEL': `${text}\n` },
    });

    it.each([
      ['by name and version', `${NAME}=1`],
      ['by name', NAME],
    ])('(%s) keeps it, whatever kernel the configuration names or removes', async (_, text) => {
      const kernel = { package: 'linux-nvidia', 'fallback-package': 'linux-generic', remove: 'existing' };
      const { result, target, commands } = await hook(curtin, pin(text, { config: { kernel } }));
      expect(result).toMatchObject({ exitCode: 0 });
      expect(apt(commands)).toEqual([]);
      expect(result.stderr).toContain(`linux-nvidia; the image keeps ${text}`);
      expect(existsSync(join(target, 'curtin'))).toBe(false);
    });

    it.each([
      ['that is not there', 'linux-image-6.8.0-1-nvidia', {}, 'and has none of that name'],
      ['of another version', `${NAME}=2`, {}, 'and has 1'],
      ['that was removed', NAME, { packages: { [NAME]: 'deinstall ok config-files' } }, 'none of that name'],
      [
        'without modules, beside another',
        NAME,
        { kernels: [{ version: '5.4.0-52-generic', indexed: false }, { version: '6.2.0' }] },
        'has no kernel with modules',
      ],
    ])('%s is not deployed', async (_, text, more: Target, said) => {
      const { result, commands } = await hook(curtin, pin(text, more));
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain(said);
      expect(commands).toEqual(['']);
    });
  });

  it('keeps apt from other kernels while the system is upgraded, and not afterwards', async () => {
    const { result, target, commands, preferences } = await hook(curtin, {
      config: { system_upgrade: { enabled: true } },
    });
    expect(result).toMatchObject({ exitCode: 0 });
    // Real curtin fetches first, then installs.
    expect(commands.join('\n')).toContain('dist-upgrade');
    expect(preferences).toBe('Package: linux-image-*\nPin: release *\nPin-Priority: -1\n');
    expect(readdirSync(join(target, 'etc/apt/preferences.d'))).toEqual([]);
  });

  it('fails a deployment that brought another kernel all the same', async () => {
    const { result } = await hook(curtin, {
      config: { system_upgrade: { enabled: true } },
      brings: '6.8.0-60-generic',
    });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('it had 5.4.0-52-generic, and has 5.4.0-52-generic, 6.8.0-60-generic');
  });

  it('fails the deployment of an image without a kernel that has modules', async () => {
    const { result, commands } = await hook(curtin, { kernels: [{ version: '6.2.0', indexed: false }] });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('no kernel with modules found');
    expect(commands).toEqual(['']);
  });

  it.each([
    ['provides no linux-image', ''],
    ['provides it only with a version or a suffix', 'linux-image (= 5.4), linux-image-amd64, xlinux-image'],
  ])('has the initrd written anew, once, where the kernel package %s', async (_, provides) => {
    const { commands, initrd } = await hook(curtin, { kernels: [{ version: '5.4.0-52-generic', provides }] });
    expect(initrd()).toBe('by update-initramfs -u -k 5.4.0-52-generic\n');
    expect(commands.filter((c) => c.startsWith('update-initramfs'))).toHaveLength(1);
  });

  it('does not write it twice where curtin has done it', async () => {
    const { commands, initrd } = await hook(curtin);
    expect(initrd()).toMatch(/^by /);
    expect(commands.filter((c) => /^update-initramfs|linux-image-5/.test(c))).toHaveLength(1);
  });

  it('gives an image without an initrd one, and a menu of GRUB that names it', async () => {
    const kernels = [{ version: '5.4.0-52-generic', initrd: false }];
    const { commands, initrd } = await hook(curtin, { kernels });
    expect(initrd()).toBe('by update-initramfs -c -k 5.4.0-52-generic\n');
    const order = commands.filter((c) => /^update-/.test(c)).map((c) => c.split(' ')[0]);
    expect(order.lastIndexOf('update-grub')).toBeGreaterThan(order.indexOf('update-initramfs'));
  });

  it('writes the initrd by dracut in an image that has nothing else', async () => {
    const { result, commands, initrd } = await hook(curtin, {
      kernels: [{ version: '6.8.0-31-generic' }],
      without: ['usr/sbin/update-initramfs'],
      files: { 'usr/bin/dracut': '#!/bin/sh\n' },
    });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(initrd('6.8.0-31-generic')).toBe(
      'by dracut --force /boot/initrd.img-6.8.0-31-generic 6.8.0-31-generic\n',
    );
    expect(commands.filter((c) => c.startsWith('update-initramfs'))).toEqual([]);
  });

  it.each([
    ['an older kdump-tools', { packages: { 'kdump-tools': INSTALLED } }],
    ['a held one', { packages: { 'kdump-tools': HELD } }],
    ['none', {}],
  ])('survives that MAAS wants no crash dumps with %s', async (_, target) => {
    const { result, commands } = await hook(curtin, {
      ...target,
      config: { 'kernel-crash-dumps': { enabled: false } },
    });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(commands.filter((c) => c.includes('kdump'))).toEqual([]);
  });

  it('leaves crash dumps to curtin where kdump-tools can be asked', async () => {
    const { result, commands } = await hook(curtin, {
      packages: { 'kdump-tools': INSTALLED },
      files: { 'usr/share/kdump-tools/kdump_set_default': '#!/bin/sh\n' },
      config: { 'kernel-crash-dumps': { enabled: false } },
    });
    expect(result).toMatchObject({ exitCode: 0 });
    const asked = commands.filter((c) => c.includes('kdump_set_default'));
    // 21.2 does not know the key.
    expect(asked).toEqual(
      curtin.name.endsWith('21.2') ? [] : ['/usr/share/kdump-tools/kdump_set_default false'],
    );
  });

  it("curtin's commands and events are seen while it runs, by CURTIN_VERBOSITY", async () => {
    const config = { reporting: { here: { type: 'print' } } };
    const loud = await hook(curtin, { config });
    expect(loud.result.stderr).toMatch(/Running command \['chroot', .*'update-grub'\]/);
    expect(loud.result.stderr).toContain('curtin-hooks: the image keeps its kernel (5.4.0-52-generic)');
    expect(loud.result.stdout).toMatch(/start: cmd-install\/\S+\/cmd-curthooks\/installing-kernel/);
    const quiet = await hook(curtin, { config, verbosity: '0' });
    expect(quiet.result.stderr).toBe('');
  });

  it('leaves /curtin/finalize, and what it may need, for the stage that runs it', async () => {
    const { target } = await hook(curtin, {
      files: { 'curtin/finalize': '#!/bin/sh\n', 'curtin/lib/helper': 'x' },
    });
    expect(existsSync(join(target, 'curtin/finalize'))).toBe(true);
    expect(existsSync(join(target, 'curtin/lib/helper'))).toBe(true);
    expect(existsSync(join(target, 'curtin/curtin-hooks'))).toBe(false);
  });
});
