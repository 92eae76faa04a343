import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { composeCurtin } from '../../../pipeline/install/render/curtin.ts';
import { renderBuild } from '../../../pipeline/install/render/render.ts';
import { example, image, rendered } from './example.ts';

const MEDIUM = {
  install: { log_file: '/var/log/curtin.log', save_install_config: '/var/log/curtin-conf.yaml' },
  sources: { '05_primary': { uri: 'file:///curtin/root.tar.xz', type: 'tgz' } },
  stages: ['early', 'partitioning', 'network', 'extract', 'late'],
  write_files: { one: { path: '/etc/one', content: 'CHANGE_DISTRO' } },
  early_commands: { '10_stop': ['systemctl', 'stop', 'ssh'] },
  late_commands: {
    '24_install': ['curtin', 'in-target', '--', 'apt-get', 'install', 'CHANGE_INSTALL_PKGS'],
    '93_start_ssh': ['systemctl', 'start', 'ssh'],
  },
};

async function compose(base: object = {}, changed: Partial<typeof image> = {}) {
  const { curtin, fromLayer, layer } = await composeCurtin({
    image: { ...image, ...changed },
    release: rendered,
    base: { ...MEDIUM, ...base },
    name: 'base.yaml',
    files: [],
    way: 'namespace',
  });
  const read = (text: string) => parse(text, { version: '1.1' });
  return { whole: read(curtin), fromLayer: fromLayer === null ? null : read(fromLayer), layer };
}

describe('the configuration that goes on from a layer', () => {
  it("unpacks the layer, and has the user's part and no step of the medium's that is in it", async () => {
    const { whole, fromLayer } = await compose({}, { packages: ['tree'] });
    expect(fromLayer.sources).toEqual({ layer: { uri: 'file:///run/build/layer.tar', type: 'tgz' } });
    expect(fromLayer).not.toHaveProperty('write_files');
    expect(fromLayer.early_commands).toEqual(whole.early_commands);
    expect(fromLayer.install).toEqual(whole.install);
    const late = Object.keys(whole.late_commands);
    expect(late.slice(0, 2)).toEqual(['24_install', '49_build_layer']);
    expect(Object.keys(fromLayer.late_commands)).toEqual(late.slice(2));
    for (const key of late.slice(2)) expect(fromLayer.late_commands[key]).toEqual(whole.late_commands[key]);
  });

  it("enters the target once for the steps that follow each other, and for each of the user's", async () => {
    const inTarget = (script: string) => ['curtin', 'in-target', '--', 'sh', '-c', script];
    const { fromLayer } = await compose({}, { lateCommands: { a: inTarget('one'), b: inTarget('two') } });
    const late = fromLayer.late_commands as Record<string, string[]>;
    expect([late['54_user_000_a'], late['54_user_001_b']]).toEqual([inTarget('one'), inTarget('two')]);
    const steps = late['60_apt_sources']!;
    expect(steps.filter((word) => /^\d\d_/.test(word))).toEqual(
      expect.arrayContaining(['60_apt_sources', '61_apt_caches', '66_accounts', '72_temporary']),
    );
    expect(late).not.toHaveProperty('66_accounts');
    // A script with arguments keeps them.
    expect(steps[steps.indexOf('60_apt_sources') + 1]).toMatch(/^set -- 'settle'\n/);
    // The steps run in their order, each in a shell of its own, until one fails.
    const run = (...pairs: string[]) =>
      spawnSync('sh', ['-c', steps[5]!, 'sh', ...pairs], { encoding: 'utf8' });
    expect(run('1_a', 'x=1; exit 0', '2_b', 'echo "[$x]"').stdout).toBe('1_a\n2_b\n[]\n');
    expect(run('1_a', 'exit 3', '2_b', 'echo no')).toMatchObject({ status: 3, stdout: '1_a\n' });
  });

  it("leaves the user's packages under their own names", async () => {
    const { fromLayer } = await compose({}, { packages: ['tree'] });
    const late = fromLayer.late_commands as Record<string, string[]>;
    expect(late['50_build_sources']).toContain('add');
    expect(late['51_build_packages']?.at(-1)).toMatch(/^DEBIAN_FRONTEND=noninteractive apt-get .* 'tree'$/);
  });

  it('leaves the saved configuration out of the layer, wherever the medium has it', async () => {
    const keep = async (install: object) =>
      (await compose({ install })).whole.late_commands['49_build_layer'];
    expect((await keep(MEDIUM.install)).at(-1)).toBe('./var/log/curtin-conf.yaml');
    // The default path of curtin's copy: SAVE_INSTALL_CONFIG of its install.py.
    expect((await keep({})).at(-1)).toBe('./root/curtin-install-cfg.yaml');
  });

  it('is another layer after a change of the medium’s part, and the same after one of the user’s', async () => {
    const first = await compose();
    const user = await compose({}, { packages: ['tree'], lateCommands: { '10_a': 'true' }, name: 'other' });
    expect(user.layer).toEqual(first.layer);
    for (const change of [
      { write_files: {} },
      { early_commands: {} },
      { sources: { '05_primary': { uri: 'file:///curtin/other.tar.xz', type: 'tgz' } } },
      { late_commands: { '24_install': ['curtin', 'in-target', '--', 'true'] } },
      { proxy: { http_proxy: 'http://127.0.0.1:1' } },
    ])
      expect((await compose(change)).layer).not.toEqual(first.layer);
  });
});

describe('a medium of which no layer is safe', () => {
  const late = (command: unknown) => ({ late_commands: { '30_odd': command } });
  it.each([
    ['a command outside of the target', late(['sh', '-c', 'touch /x']), /30_odd may change more/],
    ['a line for a shell outside', late('curtin in-target -- true; touch /x'), /30_odd may change more/],
    ['another target', late(['curtin', 'in-target', '-t', '/mnt', '--', 'true']), /30_odd may change more/],
    ['a stage between extract and late', { stages: ['extract', 'curthooks', 'late'] }, /stage curthooks/],
    ['an extraction of its own', { extract_commands: { a: ['true'] } }, /extract_commands/],
    ['a source from the network', { sources: { a: { uri: 'http://h/a.tgz', type: 'tgz' } } }, /source a /],
    ['a source that is a copy', { sources: { a: 'cp:///media/filesystem' } }, /source a /],
    ['a disk image', { sources: { a: { uri: 'file:///a.img', type: 'dd-img' } } }, /source a /],
    [
      'a command after the place of the layer',
      { late_commands: { '49_z': ['curtin', 'in-target', '--', 'true'] } },
      /49_z comes too late/,
    ],
  ])('%s: the whole installation, and why', async (_, base, why) => {
    const { whole, fromLayer, layer } = await compose(base);
    expect(layer).toEqual({ refusal: expect.stringMatching(why) });
    expect(fromLayer).toBeNull();
    expect(whole.late_commands).not.toHaveProperty('49_build_layer');
    expect(whole.late_commands).toHaveProperty('88_build_target');
  });
});

it('is rendered beside the whole one, for its owner alone; a VM has none', async () => {
  const without = { packerVersion: null, accelerator: null, kernel: null, initrd: null } as const;
  const { httpDir, layer } = await renderBuild(example({ way: 'namespace', ...without }));
  expect(readFileSync(join(httpDir, 'from-layer.yaml'), 'utf8')).toContain('file:///run/build/layer.tar');
  expect(layer).toEqual({ medium: expect.stringMatching(/^[0-9a-f]{64}$/) });
  const vm = await renderBuild(example());
  expect(vm.layer).toBeNull();
  expect(vm.files.map(({ path }) => path)).not.toContain('http/from-layer.yaml');
});
