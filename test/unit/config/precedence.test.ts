import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { overridesOf, RUN_SETTINGS } from '../../../pipeline/cli/setting-options.ts';
import { loadConfig, selectImage, selectTarget } from '../../../pipeline/config/load.ts';
import { folder, load, SHA256, withImage } from './written.ts';

describe('flag before environment before file before default', () => {
  it('for every setting that all four can make', async () => {
    const cwd = folder();
    const text = `workspace: from-file\n${withImage('vm: { accelerator: tcg }')}`;
    const env = {
      DGXOS_MAAS_WORKSPACE: 'from-env',
      DGXOS_MAAS_ACCELERATOR: 'kvm',
      DGXOS_MAAS_ISO_DGX1: 'env.iso',
    };
    const flags = { workspace: 'from-flag', accelerator: 'auto', iso: 'http://host/flag.iso' };
    const overrides = overridesOf(flags, RUN_SETTINGS, 'dgx1');

    const byDefault = await load(withImage(), { cwd });
    const byFile = await load(text, { cwd });
    const byEnv = await load(text, { cwd, env });
    const byFlag = await load(text, { cwd, env, overrides });

    const read = ({ config, origins }: typeof byFile) => ({
      workspace: [config.workspace, origins.get('workspace')?.from],
      accelerator: [config.images.dgx1?.vm.accelerator, origins.get('images.dgx1.vm.accelerator')?.from],
      iso: [config.images.dgx1?.iso.source, origins.get('images.dgx1.iso.source')?.from],
    });
    expect(read(byDefault)).toEqual({
      workspace: [join(cwd, '.dgxos-maas'), 'default'],
      accelerator: ['auto', 'default'],
      iso: [join(cwd, 'dgx.iso'), 'file'],
    });
    expect(read(byFile)).toEqual({
      workspace: [join(cwd, 'from-file'), 'file'],
      accelerator: ['tcg', 'file'],
      iso: [join(cwd, 'dgx.iso'), 'file'],
    });
    expect(read(byEnv)).toEqual({
      workspace: [join(cwd, 'from-env'), 'environment'],
      accelerator: ['kvm', 'environment'],
      iso: [join(cwd, 'env.iso'), 'environment'],
    });
    expect(read(byFlag)).toEqual({
      workspace: [join(cwd, 'from-flag'), 'flag'],
      accelerator: ['auto', 'flag'],
      iso: ['http://host/flag.iso', 'flag'],
    });
  });

  it('compression in detail, and as one word', async () => {
    const { config } = await load(withImage('compression: {level: small, members: single}'));
    expect(config.images.dgx1).toMatchObject({ compression: 'small', gzipMembers: 'single' });
    const { config: half } = await load(withImage('compression: {members: single}'));
    expect(half.images.dgx1).toMatchObject({ compression: 'normal', gzipMembers: 'single' });
    await expect(load(withImage('compression: {members: two}'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(load(withImage('compression: {speed: 1}'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('a value from the file is reported with its line', async () => {
    const { origins, config } = await load(withImage('pack: guest', 'compression: small'));
    expect(origins.get('images.dgx1.compression')).toEqual({
      from: 'file',
      file: config.file,
      line: 8,
      value: 'small',
    });
  });

  it('a variable that is set to nothing counts as not set', async () => {
    const { config } = await load('workspace: w\n', {
      env: { DGXOS_MAAS_WORKSPACE: '', DGXOS_MAAS_CONFIG: '' },
    });
    expect(config.workspace).toBe(join(config.file!, '..', 'w'));
  });

  it('every resolved value has an origin', async () => {
    const { config, origins } = await load(`${withImage()}targets: { lab: { url: "http://m/MAAS" } }\n`);
    const leaves = (value: unknown, key: string): string[] =>
      origins.has(key) || typeof value !== 'object' || value === null
        ? [key]
        : Object.entries(value).flatMap(([name, inner]) => leaves(inner, key ? `${key}.${name}` : name));
    const named = ['file', 'images.dgx1.name', 'targets.lab.name'];
    expect(
      leaves(config, '')
        .filter((key) => !named.includes(key))
        .sort(),
    ).toEqual([...origins.keys()].sort());
  });
});

describe('the path of the file', () => {
  it('the nearest one upward, and its paths start from it', async () => {
    const top = folder();
    const deep = join(top, 'a/b');
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(top, 'dgxos-maas.yaml'), `workspace: ./w\n${withImage()}`);
    const { config } = await loadConfig({ env: {}, cwd: deep });
    expect(config).toMatchObject({ file: join(top, 'dgxos-maas.yaml'), workspace: join(top, 'w') });
    expect(config.images.dgx1?.iso.source).toBe(join(top, 'dgx.iso'));
  });

  it('the one given overrides DGXOS_MAAS_CONFIG, which overrides the search', async () => {
    const cwd = folder();
    for (const name of ['dgxos-maas', 'env', 'flag']) writeFileSync(join(cwd, `${name}.yaml`), '');
    const env = { DGXOS_MAAS_CONFIG: 'env.yaml' };
    expect((await loadConfig({ env: {}, cwd })).config.file).toBe(join(cwd, 'dgxos-maas.yaml'));
    expect((await loadConfig({ env, cwd })).config.file).toBe(join(cwd, 'env.yaml'));
    expect((await loadConfig({ env, cwd, file: 'flag.yaml' })).config.file).toBe(join(cwd, 'flag.yaml'));
  });

  it('one that was named and is not there is an error', async () => {
    const cwd = folder();
    await expect(loadConfig({ env: {}, cwd, file: 'no.yaml' })).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      exitCode: 3,
    });
    await expect(loadConfig({ env: {}, cwd, file: '.' })).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });

  it('without any, defaults and the environment are enough until an image is asked for', async () => {
    const cwd = folder();
    const env = {
      MAAS_API_URL: 'http://m:5240/MAAS/api/2.0/',
      MAAS_API_CACERT: 'ca.pem',
      XDG_CACHE_HOME: '/c',
    };
    const { config } = await loadConfig({ env, cwd });
    expect(config).toMatchObject({
      file: null,
      workspace: join(cwd, '.dgxos-maas'),
      cache: '/c/dgxos-maas',
      images: {},
    });
    expect(config.targets.default).toEqual({
      name: 'default',
      url: 'http://m:5240/MAAS',
      key: { from: 'environment', variable: 'MAAS_API_KEY' },
      caCert: join(cwd, 'ca.pem'),
      patienceS: 7200,
    });
    expect(() => selectImage(config, 'dgx1')).toThrow(expect.objectContaining({ code: 'CONFIG_NOT_FOUND' }));
  });
});

describe('resolved values', () => {
  it('an image with everything set', async () => {
    const { config } = await load(
      `${withImage(
        'vm: { disk_size: 12G, memory: 4GiB, cpus: 4, headless: false, boot: typed, install_timeout: 2h }',
        'packages: [htop]',
        'late_commands: { 50_a: "true", 60_b: [sh, -c, "true"] }',
        'files: [{ source: ~/motd, path: /etc/motd, mode: "600", owner: "root:adm" }, { source: b, path: /b }]',
        'pack: packer-maas',
        'compression: fast',
        'resource: { name: "custom/x-{digest}", title: T, architecture: arm64/generic, base_image: ubuntu/noble }',
        'upload: [b]',
        'acceptance: { tags: [t], ssh: { port: 2222 } }',
        'rehearsal: { layouts: [raid1] }',
      )}acceptance: { tags: [of-all], checks: c.yaml, ssh: { user: admin, key_file: k } }\nrehearsal: { curtin: c1, layouts: [lvm], memory: 4G }\ntargets:\n  a: { url: "https://a/MAAS/", key: { profile: p }, patience: 10m }\n  b: { url: "http://b:5240", key: { file: k } , ca_cert: ca.pem }\n`,
    );
    const base = join(config.file!, '..');
    expect(config.images.dgx1).toEqual({
      name: 'dgx1',
      release: 'dgxos5',
      platform: 'dgx1',
      version: '5.0',
      iso: { source: join(base, 'dgx.iso'), sha256: SHA256 },
      archive: {
        root: { source: null, sha256: null, keyring: null },
        repository: { source: null, sha256: null },
        lock: null,
      },
      mirrors: {},
      acceptEula: false,
      preview: false,
      install: 'auto',
      vm: {
        diskBytes: 12 * 1024 ** 3,
        memoryMiB: 4096,
        cpus: 4,
        accelerator: 'auto',
        headless: false,
        boot: 'typed',
        installTimeoutS: 7200,
      },
      packages: ['htop'],
      lateCommands: { '50_a': 'true', '60_b': ['sh', '-c', 'true'] },
      files: [
        { source: join(homedir(), 'motd'), path: '/etc/motd', mode: '0600', owner: 'root:adm' },
        { source: join(base, 'b'), path: '/b', mode: '0644', owner: '0:0' },
      ],
      pack: 'packer-maas',
      compression: 'fast',
      gzipMembers: 'many',
      resource: {
        name: 'custom/x-{digest}',
        title: 'T',
        architecture: 'arm64/generic',
        baseImage: 'ubuntu/noble',
      },
      upload: ['b'],
      acceptance: {
        machines: [],
        tags: ['t'],
        checksFile: join(base, 'c.yaml'),
        waitS: 1800,
        ssh: { user: 'admin', port: 2222, keyFile: join(base, 'k'), bastion: null, timeoutS: 900 },
      },
      rehearsal: {
        ...{
          curtin: { from: 'folder', path: join(base, 'c1') },
          ephemeral: null,
          layouts: ['raid1'],
          kernelOptions: '',
          secureBoot: false,
        },
        ...{ memoryMiB: 4096, disks: 1, diskBytes: null, accelerator: 'auto', until: 'accepted' },
      },
    });
    expect(config.targets).toEqual({
      a: {
        name: 'a',
        url: 'https://a/MAAS',
        key: { from: 'profile', profile: 'p' },
        caCert: null,
        patienceS: 600,
      },
      b: {
        name: 'b',
        url: 'http://b:5240/MAAS',
        key: { from: 'file', path: join(base, 'k') },
        caCert: join(base, 'ca.pem'),
        patienceS: 7200,
      },
    });
  });

  it('uploads go to the only target, and to none of several unasked', async () => {
    const one = await load(`${withImage()}targets: { lab: { url: "http://m/MAAS" } }\n`);
    expect(one.config.images.dgx1?.upload).toEqual(['lab']);
    const two = await load(
      `${withImage()}targets: { a: { url: "http://a/MAAS" }, b: { url: "http://b/MAAS" } }\n`,
    );
    expect(two.config.images.dgx1?.upload).toEqual([]);
    const implied = await load(withImage(), { env: { MAAS_API_URL: 'http://m/MAAS' } });
    expect(implied.config.images.dgx1?.upload).toEqual(['default']);
  });

  it('a retry budget of no time is one: what fails once is given up', async () => {
    const { config } = await load('targets: { lab: { url: "http://m/MAAS", patience: 0s } }\n');
    expect(config.targets.lab?.patienceS).toBe(0);
  });

  it('an ISO may come from the environment alone', async () => {
    const text = withImage().replace('source: dgx.iso, ', '');
    const { config } = await load(text, { env: { DGXOS_MAAS_ISO_DGX1: '/isos/dgx.iso' } });
    expect(config.images.dgx1?.iso.source).toBe('/isos/dgx.iso');
  });

  it('warns of a variable for no image and of MAAS_API_URL without effect', async () => {
    const text = `${withImage()}targets: { lab: { url: "http://m/MAAS" } }\n`;
    const { warnings } = await load(text, {
      env: { DGXOS_MAAS_ISO_DGX2: 'x', MAAS_API_URL: 'http://other/MAAS' },
    });
    expect(warnings).toEqual([
      'DGXOS_MAAS_ISO_DGX2 matches no image; did you mean DGXOS_MAAS_ISO_DGX1?',
      'MAAS_API_URL is not used: dgxos-maas.yaml names its own targets (lab)',
    ]);
  });
});

describe('an image or a target by name', () => {
  it('one that is not there is named with those that are', async () => {
    const { config } = await load(`${withImage()}targets: { lab: { url: "http://m/MAAS" } }\n`);
    expect(selectImage(config, 'dgx1').name).toBe('dgx1');
    expect(selectTarget(config, 'lab').url).toBe('http://m/MAAS');
    expect(() => selectImage(config, 'dgx-2')).toThrow(
      expect.objectContaining({
        code: 'IMAGE_UNKNOWN',
        message: 'There is no image "dgx-2". Did you mean "dgx1"?',
      }),
    );
    expect(() => selectTarget(config, 'x')).toThrow(expect.objectContaining({ code: 'TARGET_UNKNOWN' }));
    expect(() => selectImage(config, 'constructor')).toThrow(
      expect.objectContaining({ code: 'IMAGE_UNKNOWN' }),
    );
  });
});
