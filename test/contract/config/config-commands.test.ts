import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, folder } from './cli.ts';

describe('init', () => {
  it('writes a file that config validate accepts, once', async () => {
    const cwd = folder();
    expect((await cli(cwd, ['init', '--accept-eula'])).code).toBe(0);
    expect(await cli(cwd, ['config', 'validate'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('images: dgx1'),
    });

    const again = await cli(cwd, ['init']);
    expect(again.code).toBe(3);
    expect(again.stderr).toContain('--force');
    expect((await cli(cwd, ['init', '--force', '--release', 'demo'])).code).toBe(0);
    expect(readFileSync(join(cwd, 'dgxos-maas.yaml'), 'utf8')).toContain('release: demo');
  });

  it('without a terminal leaves the licence to the user, and says so', async () => {
    const cwd = folder();
    const { stdout } = await cli(cwd, ['init']);
    expect(stdout).toMatch(/Set accept_eula, iso\.source and iso\.sha256 in it/);
    expect(await cli(cwd, ['config', 'validate'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('[LICENCE_NOT_ACCEPTED]'),
    });
    const demo = await cli(folder(), ['init', '--release', 'demo']);
    expect(demo.stdout).not.toContain('accept_eula');
  });

  it('--stdout leaves files alone', async () => {
    const cwd = folder();
    const { stdout } = await cli(cwd, ['init', '--stdout']);
    expect(stdout).toContain('# yaml-language-server: $schema=');
    expect((await cli(cwd, ['config', 'validate'])).code).toBe(3);
  });

  it('an unknown release is a configuration error that names the others', async () => {
    const { code, stderr } = await cli(folder(), ['init', '--release', 'dgxos-5']);
    expect(code).toBe(3);
    expect(stderr).toContain('Did you mean "dgxos5"?');
  });
});

describe('config', () => {
  it('show says what is in force, and with --origin where it is from', async () => {
    const cwd = folder();
    await cli(cwd, ['init']);
    const env = { DGXOS_MAAS_ACCELERATOR: 'tcg', MAAS_API_URL: 'http://maas:5240/MAAS/' };
    const { stdout } = await cli(cwd, ['config', 'show', '--origin'], env);
    expect(stdout).toMatch(/^ {6}accelerator: tcg # environment DGXOS_MAAS_ACCELERATOR$/m);
    expect(stdout).toMatch(/^ {4}platform: dgx1 # dgxos-maas\.yaml:12$/m);
    expect(stdout).toMatch(/^ {4}pack: guest # default$/m);
    expect(stdout).toMatch(/^ {4}url: http:\/\/maas:5240\/MAAS # environment MAAS_API_URL$/m);

    const object = JSON.parse((await cli(cwd, ['--json', 'config', 'show', '--origin'], env)).stdout);
    expect(object.config.images.dgx1.vm.accelerator).toBe('tcg');
    expect(object.origins['images.dgx1.vm.accelerator']).toMatchObject({ from: 'environment' });
    expect(object.ok).toBe(true);
  });

  it('show says it in the words and units of the file, so that it can be pasted back', async () => {
    const [cwd, other] = [folder(), folder()];
    const env = { XDG_CACHE_HOME: '/c', HOME: cwd };
    writeFileSync(
      join(cwd, 'dgxos-maas.yaml'),
      `sign: { key_file: keys/release.pem }
images:
  "007":
    release: dgxos5
    platform: dgx1
    version: "5.0"
    iso: { source: dgx.iso, sha256: "${'ab'.repeat(32)}" }
    vm: { disk_size: 12G, memory: 4096M, install_timeout: 90m }
    files: [{ source: a, path: /etc/a, mode: "0600" }]
    late_commands: { 50_a: "echo '#' no comment" }
targets: { lab: { url: "http://maas:5240", key: { file: secrets/lab.key } } }
`,
    );
    const shown = await cli(cwd, ['config', 'show', '--origin'], env);
    for (const line of [
      'disk_size: 12G # dgxos-maas.yaml:8',
      'memory: 4G',
      'install_timeout: 90m',
      `key_file: ${cwd}/keys/release.pem`,
      `file: ${cwd}/secrets/lab.key`,
      'erasing: 24h # default',
    ])
      expect(shown.stdout).toContain(line);
    writeFileSync(join(other, 'dgxos-maas.yaml'), shown.stdout);
    const plain = async (dir: string) => (await cli(dir, ['config', 'show'], env)).stdout;
    expect(await plain(other)).toBe(await plain(cwd));
    const { config } = JSON.parse((await cli(cwd, ['config', 'show', '--json'], env)).stdout);
    expect(config.images['007'].vm).toMatchObject({ disk_size: '12G', boot: 'direct' });
  });

  it('show never shows a key', async () => {
    const key = `${'a1'.repeat(9)}:${'b2'.repeat(9)}:${'c3'.repeat(16)}`;
    const env = { MAAS_API_URL: 'http://maas:5240/MAAS', MAAS_API_KEY: key };
    const { stdout, stderr } = await cli(folder(), ['config', 'show', '--origin'], env);
    for (const part of key.split(':')) expect(stdout + stderr).not.toContain(part);
  });

  it('validate names file, line and column, and shows no stack', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'dgxos-maas.yaml'), '# mine\nimages:\n  dgx1: { relaese: dgxos5 }\n');
    const { code, stderr, stdout } = await cli(cwd, ['config', 'validate']);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain(
      'dgxos-maas.yaml:3:11: images.dgx1: unknown key "relaese". Did you mean "release"?',
    );
    expect(stderr).toContain('dgxos-maas.yaml:3:3: images.dgx1: iso or archive is missing');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('validate reads the file that --config names', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'other.yaml'), 'workspce: x\n');
    expect((await cli(cwd, ['--config', 'other.yaml', 'config', 'validate'])).stderr).toContain(
      'other.yaml:1:1:',
    );
    expect((await cli(cwd, ['-c', 'none.yaml', 'config', 'validate'])).code).toBe(3);
  });

  it('schema with --json has ok', async () => {
    const { stdout } = await cli(folder(), ['config', 'schema', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, schema: { type: 'object' } });
  });

  it('schema is JSON schema draft-07', async () => {
    const { stdout } = await cli(folder(), ['config', 'schema']);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' });
  });
});
