import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import fc from '../../property.ts';
import { folder, load, SHA256 } from './written.ts';

// Every input gives a configuration or a fault with a position, never a crash.

const NAMES = [
  ...[
    'images',
    'targets',
    'workspace',
    'dgx1',
    'lab',
    'release',
    'platform',
    'version',
    'iso',
    'source',
    'sha256',
    'vm',
  ],
  ...[
    'disk_size',
    'boot',
    'packages',
    'late_commands',
    'files',
    'path',
    'resource',
    'name',
    'upload',
    'url',
    'key',
  ],
  ...['__proto__', 'constructor', 'toString', '<<', '', 'a.b', '0'],
];
const VALUES = [
  'dgxos5',
  'demo',
  'direct',
  '9G',
  'custom/{x}',
  '/etc/motd',
  'http://m/MAAS',
  'a@b',
  SHA256,
  '',
  null,
  0,
  true,
];

const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom(...VALUES),
    tie('map'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
  map: fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 6, noNullPrototype: true }),
}));

async function outcome(text: string): Promise<Fault | null> {
  return load(text, { cwd: dir }).then(
    () => null,
    (error: unknown) => {
      if (error instanceof Fault) return error;
      throw error;
    },
  );
}

let dir = '';

it('any YAML leads to a configuration or to a fault of the configuration with its place', async () => {
  dir = folder();
  await fc.assert(
    fc.asyncProperty(anything.map, async (data) => {
      const fault = await outcome(stringify(data));
      if (fault) expect(fault).toMatchObject({ exitCode: 3, where: { file: 'dgxos-maas.yaml' } });
    }),
    { numRuns: 60 },
  );
});

it('an image with any one part replaced by anything', async () => {
  dir = folder();
  const image: Record<string, unknown> = {
    release: 'dgxos5',
    platform: 'dgx1',
    version: '5.0',
    iso: { source: 'a', sha256: SHA256 },
    vm: { disk_size: '9G', memory: '2G' },
    files: [{ source: 'a', path: '/a' }],
    late_commands: { '50_a': ['true'] },
    resource: { name: 'custom/{platform}' },
    upload: [],
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(image)), anything.value, async (key, value) => {
      const fault = await outcome(stringify({ images: { dgx1: { ...image, [key]: value } } }));
      if (fault) expect(fault.where?.line).toBeGreaterThan(1);
    }),
    { numRuns: 60 },
  );
});

it('any text at all', async () => {
  dir = folder();
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom(...'ab:-[]{}&*!|>\'"%@`#, \n\t?<') }),
      async (text) => {
        const fault = await outcome(text);
        if (fault) expect(fault.code).toMatch(/^CONFIG_/);
      },
    ),
    { numRuns: 100 },
  );
});
