import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEvidence } from '../../../pipeline/image/artifact.ts';
import { configuredImage } from '../../../pipeline/image/checks/configured-image.ts';
import { siteWaivers } from '../../../pipeline/image/checks/site-waivers.ts';
import { imageFolder } from '../../../pipeline/workspace/layout.ts';
import { writeRecord } from '../../../pipeline/workspace/record.ts';
import { folder, withImage } from '../config/written.ts';

/** A folder with a configuration that has these lines. */
function configured(...lines: string[]) {
  const dir = folder();
  const configFile = join(dir, 'dgxos-maas.yaml');
  writeFileSync(configFile, `workspace: ${dir}\n${lines.map((line) => `${line}\n`).join('')}${withImage()}`);
  return { dir, options: { env: {}, configFile } };
}

test('an image of the configuration is its artifact, and what it is judged by', async () => {
  const { dir, options } = configured();
  await expect(configuredImage('dgx1', options)).rejects.toMatchObject({ code: 'IMAGE_NOT_BUILT' });
  const image = imageFolder(dir, 'dgx1');
  mkdirSync(image, { recursive: true });
  await writeRecord(image, {
    ...{ stage: 'pack', fingerprint: 'x', inputs: {} as never, files: [], summary: 'x', seconds: 1 },
    ...{ data: { artifact: { path: join(image, 'x.tar.gz') } }, finishedAt: '2026-01-01T00:00:00.000Z' },
  });
  expect(await configuredImage('dgx1', options)).toMatchObject({
    ...{ path: join(image, 'x.tar.gz'), profile: 'dgxos5', platform: 'dgx1' },
    ...{ architecture: 'amd64/generic', baseImage: 'ubuntu/focal' },
  });
});

test.each(['-', './dgx1', 'https://host/dgx1', import.meta.filename, 'other', 'toString'])(
  '%s is not an image of the configuration',
  async (name) => {
    expect(await configuredImage(name, configured().options)).toBe(undefined);
  },
);

test('a file of the current folder precedes an image of its name', async () => {
  const before = process.cwd();
  const { dir, options } = configured();
  writeFileSync(join(dir, 'dgx1'), '');
  process.chdir(dir);
  try {
    expect(await configuredImage('dgx1', options)).toBe(undefined);
  } finally {
    process.chdir(before);
  }
});

test('waivers are those of a file that is named, else of the configuration, else none', async () => {
  const waivers = (check: string) => `- check: ${check}\n  reason: a\n  until: 2999-01-01\n`;
  const { dir, options } = configured('waivers: site.yaml');
  for (const check of ['sshd', 'proxies'])
    writeFileSync(join(dir, check === 'sshd' ? 'site.yaml' : 'other.yaml'), waivers(check));
  expect(await siteWaivers(undefined, options)).toMatchObject([{ check: 'sshd' }]);
  expect(await siteWaivers(join(dir, 'other.yaml'), options)).toMatchObject([{ check: 'proxies' }]);
  expect(await siteWaivers(undefined, configured().options)).toEqual([]);
});

test.each([
  ['none', 'NO_SUCH', 'PATH_UNUSABLE', /reading /],
  ['{', 'facts.json', 'IMAGE_UNREADABLE', /^The facts of the image cannot be used/],
  ['{}', 'facts.json', 'IMAGE_UNREADABLE', /^The facts of the image cannot be used/],
])('evidence of %j in %s is a fault', async (text, name, code, message) => {
  const dir = folder();
  writeFileSync(join(dir, 'facts.json'), text);
  await expect(readEvidence(join(dir, name))).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});
