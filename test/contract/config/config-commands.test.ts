import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, folder } from './cli.ts';

describe('init', () => {
  it('writes a file that config validate accepts, once', async () => {
    const cwd = folder();
    expect((await cli(cwd, ['init'])).code).toBe(0);
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

  it('--stdout leaves files alone', async () => {
    const cwd = folder();
    const { stdout } = await cli(cwd, ['init', '--stdout']);
    expect(stdout).toContain('# yaml-language-server: $schema=');
    expect((await cli(cwd, ['config', 'validate'])).code).toBe(3);
  });

  it('an unknown release is a configuration error that names the others', async () => {
    const { code, stderr } = await cli(folder(), ['init', '--release', 'dgxos6']);
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
    expect(stdout).toMatch(/^images\.dgx1\.vm\.accelerator: "tcg" +# environment DGXOS_MAAS_ACCELERATOR$/m);
    expect(stdout).toMatch(/^images\.dgx1\.platform: "dgx1" +# dgxos-maas\.yaml:12$/m);
    expect(stdout).toMatch(/^images\.dgx1\.pack: "guest" +# default$/m);
    expect(stdout).toMatch(
      /^targets\.default\.url: "http:\/\/maas:5240\/MAAS" +# environment MAAS_API_URL$/m,
    );

    const object = JSON.parse((await cli(cwd, ['--json', 'config', 'show', '--origin'], env)).stdout);
    expect(object.config.images.dgx1.vm.accelerator).toBe('tcg');
    expect(object.origins['images.dgx1.vm.accelerator']).toMatchObject({ from: 'environment', value: 'tcg' });
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
    expect(stderr).toContain('dgxos-maas.yaml:3:3: images.dgx1: iso is missing');
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

  it('schema is JSON schema draft-07', async () => {
    const { stdout } = await cli(folder(), ['config', 'schema']);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' });
  });
});
