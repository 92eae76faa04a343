import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, folder } from './cli.ts';

const SUM = 'a'.repeat(64);
const byIso = `iso: { source: no.iso, sha256: ${SUM} }`;
const byArchive = `archive: { root: { source: no.tar, sha256: ${SUM} }, repository: { source: no.tgz, sha256: ${SUM} } }`;

/** The table's rows are of different lengths. */
const argvOf = (words: readonly (string | undefined)[]) => words.filter((word) => word !== undefined);

/** A folder with a configuration of these images, each a line from the third on. */
function project(...images: string[]): string {
  const cwd = folder();
  writeFileSync(
    join(cwd, 'dgxos-maas.yaml'),
    `# mine\nimages:\n${images.map((one) => `  ${one}\n`).join('')}`,
  );
  return cwd;
}

const image = (name: string, settings: string) => `${name}: { version: "1.0", ${settings} }`;
const dgx7 = (more = '') => image('h100', `release: dgxos7, platform: dgx_h100, ${byArchive}${more}`);
const dgx8 = (more: string) => image('next', `release: dgxos8, platform: neutral, ${byArchive}${more}`);

/** Every command that would make something of an image, or judges the file. */
const EARLY = [
  ['config', 'validate'],
  ['render', 'h100'],
  ['build', 'h100'],
  ['run', 'h100', '--dry-run'],
  ['build', 'h100', '--dry-run'],
  ['render', 'h100', '--dry-run'],
  ['nightly', '--no-upload'],
  ['nightly', '--no-upload', '--dry-run'],
];

describe('a licence that is not accepted', () => {
  it.each(EARLY)('ends %s %s with exit code 3, the place, and where the licence is', async (...words) => {
    const cwd = project(dgx7());
    const { code, stderr, stdout } = await cli(cwd, argvOf(words));
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain(
      'dgxos-maas.yaml:3:3: images.h100: the licence of NVIDIA DGX OS 7 is not accepted',
    );
    expect(stderr).toContain('[LICENCE_NOT_ACCEPTED]');
    expect(stderr).toMatch(/https:\/\/docs\.nvidia\.com\/dgx\/.*accept_eula: true/);
    expect(existsSync(join(cwd, '.dgxos-maas'))).toBe(false);
  });

  it('is shown at the value that says no', async () => {
    const column = 2 + dgx7(', accept_eula: ').lastIndexOf(' }') + 1;
    const { code, stderr } = await cli(project(dgx7(', accept_eula: false')), ['config', 'validate']);
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining(`dgxos-maas.yaml:3:${column}: images.h100: the licence`),
    ]);
  });
});

describe('a preview', () => {
  it.each([
    ['config', 'validate'],
    ['render', 'next'],
  ])('that was not asked for: %s %s', async (...argv) => {
    const cwd = project(dgx8(', accept_eula: true'));
    const { code, stderr } = await cli(cwd, argv);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /dgxos-maas\.yaml:3:3: images\.next: .* is not a finished release \[CONFIG_INVALID\]/,
    );
    expect(stderr).toContain('preview: true');
  });

  it('that was asked for is valid', async () => {
    const cwd = project(dgx8(', accept_eula: true, preview: true'));
    expect(await cli(cwd, ['config', 'validate'])).toMatchObject({ code: 0 });
  });
});

describe('of several images', () => {
  const demo = image('demo', `release: demo, platform: demo1, ${byIso}`);

  it('everything is reported at once, each with its place', async () => {
    const cwd = project(dgx7(), demo, dgx8(''));
    const { code, stderr } = await cli(cwd, ['config', 'validate']);
    expect(code).toBe(3);
    expect(stderr).toContain('2 more problems');
    for (const place of [
      '3:3: images.h100: the licence',
      '5:3: images.next: the licence',
      '5:3: images.next: NVIDIA DGX OS 8',
    ])
      expect(stderr).toContain(`dgxos-maas.yaml:${place}`);
  });

  it('those that are not chosen are not judged', async () => {
    const cwd = project(dgx7(), demo);
    expect((await cli(cwd, ['build', 'demo', '--dry-run'])).stderr).not.toContain('LICENCE');
    expect((await cli(cwd, ['nightly', 'demo', '--no-upload', '--dry-run'])).stderr).not.toContain('LICENCE');
  });

  it('commands that make nothing of them are not kept from working', async () => {
    const cwd = project(dgx7());
    for (const argv of [
      ['config', 'show'],
      ['doctor', '--fix-command'],
    ])
      expect((await cli(cwd, argv)).stderr).not.toContain('LICENCE');
  });

  it('a file that is wrong in another way, too, says that first', async () => {
    const cwd = project(dgx7(', vm: { cpus: no }'));
    expect((await cli(cwd, ['config', 'validate'])).stderr).toContain('[CONFIG_INVALID]');
  });

  it('one that takes it over by a merge key has said it', async () => {
    const merged = 'other: { <<: *all, version: "2.0" }';
    const first = dgx7(', accept_eula: true').replace('h100: ', 'h100: &all ');
    expect(await cli(project(first, merged), ['config', 'validate'])).toMatchObject({ code: 0 });
    const { stderr } = await cli(project(dgx7().replace('h100: ', 'h100: &all '), merged), [
      'config',
      'validate',
    ]);
    expect(stderr).toContain('dgxos-maas.yaml:4:3: images.other: the licence');
  });

  it('JSON has the place in fields of its own', async () => {
    const cwd = project(dgx7());
    const { code, stdout } = await cli(cwd, ['--json', 'config', 'validate']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: {
        code: 'LICENCE_NOT_ACCEPTED',
        exitCode: 3,
        where: { file: 'dgxos-maas.yaml', line: 3, column: 3 },
      },
    });
  });
});
