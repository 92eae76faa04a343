import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { showConfig } from '../../../pipeline/config/show.ts';
import { parseDuration, parseSize, sizeText, timeText } from '../../../pipeline/config/units.ts';
import fc from '../../property.ts';
import { folder, load, SHA256 } from './written.ts';

const time = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.constantFrom('s', 'm', 'h'))
  .map(([n, unit]) => `${n}${unit}`);
const size = fc
  .tuple(fc.integer({ min: 64, max: 9999 }), fc.constantFrom('M', 'G', 'GiB'))
  .map(([n, unit]) => `${n}${unit}`);
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/).filter((text) => text !== '__proto__');
const path = fc
  .stringMatching(/^[a-z~ .#:'"{}é-]{1,12}$/)
  .filter((text) => !text.includes('://') && text.trim() !== '');
const part = <T extends Record<string, fc.Arbitrary<unknown>>>(
  model: T,
  requiredKeys: (keyof T & string)[] = [],
) => fc.record(model, { requiredKeys });
const acceptance = part({
  machines: fc.uniqueArray(name, { maxLength: 3 }),
  tags: fc.uniqueArray(name, { maxLength: 3 }),
  checks: path,
  wait: time,
  ssh: part({
    user: fc.constant('admin'),
    port: fc.integer({ min: 1, max: 65535 }),
    key_file: path,
    timeout: time,
  }),
});
const image = part(
  {
    release: fc.constant('dgxos5'),
    platform: fc.constantFrom('dgx1', 'dgx_a100'),
    version: fc.constantFrom('5.0', '1e3', '007', 'null', '1_0'),
    iso: fc.record({ source: path, sha256: fc.constant(SHA256) }),
    vm: part({
      disk_size: size,
      memory: size,
      cpus: fc.integer({ min: 1, max: 255 }),
      headless: fc.boolean(),
      install_timeout: time,
    }),
    packages: fc.array(fc.constantFrom('htop', 'vim=2:8.2', 'off'.padEnd(4, 'x'))),
    late_commands: fc.dictionary(
      fc.stringMatching(/^[0-9]{2}_[a-z]{1,4}$/),
      fc.oneof(fc.string({ minLength: 1 }), fc.array(fc.string(), { minLength: 1 })),
    ),
    files: fc.uniqueArray(
      fc.record({
        source: path,
        path: name.map((one) => `/etc/${one}x`),
        mode: fc.constantFrom('644', '0755'),
      }),
      { selector: (file) => file.path, maxLength: 2 },
    ),
    compression: fc.oneof(
      fc.constantFrom('fast', 'small'),
      part({ level: fc.constantFrom('fast', 'normal'), members: fc.constantFrom('many', 'single') }),
    ),
    acceptance,
  },
  ['release', 'platform', 'version', 'iso'],
);
const written = part({
  workspace: path,
  waivers: path,
  sign: fc.record({ key_file: path }),
  verify: fc.record({ public_key: path }),
  images: fc.dictionary(name, image, { maxKeys: 3 }),
  targets: fc.dictionary(
    name,
    part(
      {
        url: fc.constant('http://maas:5240/MAAS'),
        key: fc.oneof(fc.record({ file: path }), fc.record({ profile: fc.string({ minLength: 1 }) })),
        patience: time,
      },
      ['url', 'key'],
    ),
    { maxKeys: 3 },
  ),
  acceptance,
  machines: part({
    concurrency: fc.integer({ min: 1, max: 1000 }),
    timeouts: part({ testing: time, other: time }),
  }),
  retention: part({ keep: fc.integer({ min: 1, max: 99 }) }),
  nightly: part({
    jobs: fc.integer({ min: 1, max: 64 }),
    rebuild_after: fc.constantFrom('never', '1d', '90m'),
  }),
});

describe('the shown values', () => {
  it('loads, somewhere else, as the same configuration, with origins and without', async () => {
    const [cwd, other] = [folder(), folder()];
    await fc.assert(
      fc.asyncProperty(written, fc.boolean(), async (config, origin) => {
        const env = { XDG_CACHE_HOME: '/c' };
        const first = await load(stringify(config), { cwd, env });
        const second = await load(showConfig(first, { origin, cwd }), { cwd: other, env });
        expect({ ...second.config, file: null }).toEqual({ ...first.config, file: null });
      }),
      { numRuns: 120 },
    );
    // 240 configurations: seconds, and more where other work is done beside it.
  }, 60_000);

  it('values of flags and the environment are shown as if the file had them', async () => {
    const env = { MAAS_API_URL: 'http://m:5240', DGXOS_MAAS_WORKSPACE: '/w', XDG_CACHE_HOME: '/c' };
    const first = await load('', { env });
    const { config } = await load(showConfig(first, { origin: true, cwd: '/' }), {
      env: { XDG_CACHE_HOME: '/c' },
    });
    expect({ ...config, file: null }).toEqual({ ...first.config, file: null });
  });
});

describe('units', () => {
  it('are written as they are read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), (n) => {
        expect(parseDuration(timeText(n))).toBe(n);
        expect(parseSize(sizeText(n * 2 ** 20))).toBe(n * 2 ** 20);
      }),
    );
    expect([
      timeText(86_400),
      timeText(90),
      timeText(5400),
      sizeText(2 ** 30),
      sizeText(3 * 2 ** 29),
    ]).toEqual(['24h', '90s', '90m', '1G', '1536M']);
  });
});
