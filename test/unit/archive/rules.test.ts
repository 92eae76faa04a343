import { expect, it } from 'vitest';
import { faultOf, load, SHA256 } from '../config/written.ts';

const FILES = `archive: { root: { source: r.tar, sha256: "${SHA256}" }, repository: { source: f.tgz, sha256: "${SHA256}" } }`;
const image = (...lines: string[]) =>
  [
    'images:',
    '  one:',
    '    release: dgxos8',
    '    platform: neutral',
    '    version: "8"',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');

it('an image from archives is for the processor of its platform, and its name carries it', async () => {
  const { config } = await load(image(FILES).replace('neutral', 'dgx_gb300'));
  expect(config.images.one?.resource).toMatchObject({
    architecture: 'arm64/generic',
    name: 'custom/{platform}-{version}-{architecture}-{date}-{digest}',
  });
  await load(image(FILES, 'resource: { architecture: arm64/generic }'));
});

it.each([
  ['nothing to install from', image(), 'iso or archive is missing'],
  ['both', image(FILES, `iso: { source: a.iso, sha256: "${SHA256}" }`), 'has iso: and archive:'],
  [
    'no sum of the repository files',
    image(FILES.replace(/(f\.tgz), sha256: "\w+"/, '$1')),
    'sha256 is missing',
  ],
  [
    'neither a sum of the root nor a keyring',
    image(FILES.replace(/(r\.tar), sha256: "\w+"/, '$1, keyring: none')),
    'sha256: it is needed with keyring: none',
  ],
  ['a wrong sum', image(FILES.replace(SHA256, 'abc')), '"abc" is not accepted'],
  ['no repository files', image(FILES.replace(/, repository:.*$/, ' }')), 'repository is missing'],
  [
    'an ISO of a release without one',
    image(`iso: { source: a.iso, sha256: "${SHA256}" }`),
    'not installed from an ISO',
  ],
  [
    'archives of a release by ISO only',
    image(FILES).replace('dgxos8', 'dgxos5').replace('neutral', 'dgx1'),
    'not installed from archives',
  ],
  ['a platform of another release', image(FILES).replace('neutral', 'dgx1'), 'no platform of dgxos8 "dgx1"'],
  ['a VM', image(FILES, 'install: vm'), 'not possible for an image with archive:'],
  ['the disk of a VM', image(FILES, 'pack: packer-maas'), 'needs a VM'],
  [
    'another processor',
    image(FILES, 'resource: { architecture: arm64/generic }').replace('neutral', 'dgx_h100'),
    'is not for "arm64/generic"',
  ],
  [
    'a mirror with a password',
    image(FILES, 'mirrors: { "http://a": "http://u:secret@m" }'),
    'the mirror is not such a URL',
  ],
  [
    'a mirror of a folder',
    image(FILES, 'mirrors: { "http://a": /srv/mirror }'),
    'the mirror is not such a URL',
  ],
  [
    'a mirror of no URL',
    image(FILES, 'mirrors: { ubuntu: "http://m" }'),
    'the key is not the URL of an archive',
  ],
  [
    'a mirror that a script would read',
    image(FILES, `mirrors: { "http://a": "http://m/$(id)" }`),
    'the mirror is not such a URL',
  ],
])('%s is refused at its place', async (_, text, said) => {
  const fault = await faultOf(text);
  expect(`${fault.message}\n${fault.detail}`).toContain(said);
  expect(fault).toMatchObject({ exitCode: 3, where: { line: expect.any(Number) } });
  expect(`${fault.message}\n${fault.detail}`).not.toContain('u:secret@m');
});
