import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { Command, Option } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { program } from '../../../pipeline/cli/main.ts';
import { configSchema, configSchemaText } from '../../../pipeline/config/config-schema.ts';
import { flagHelp } from '../../../pipeline/config/describe.ts';
import { everySetting, type PlacedSetting } from '../../../pipeline/config/every-setting.ts';
import { flagName, variableOf } from '../../../pipeline/config/given.ts';
import { initialConfig } from '../../../pipeline/config/init.ts';
import { locatedValues } from '../../../pipeline/config/located-values.ts';
import { settingFacts, settingsPage } from '../../../pipeline/config/reference.ts';
import { SETTINGS } from '../../../pipeline/config/settings/table.ts';
import { configAsWritten, originsAsWritten } from '../../../pipeline/config/show.ts';
import { folder, load, uncommented } from './written.ts';

const ROOT = join(import.meta.dirname, '../../..');
const published = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const EVERY = everySetting(SETTINGS);
const rows: [name: string, setting: PlacedSetting][] = EVERY.map((one) => [one.path.join('.'), one]);
/** A release whose image has a setting, and the name that `init` gives the image: what is of archives only needs one without an ISO. */
const homeOf = ({ path }: PlacedSetting) =>
  path[2] === 'archive' || path[2] === 'preview' ? ['dgxos8', 'dgx_h100'] : ['dgxos5', 'dgx1'];
/** The place of a setting in the file that `init` writes. */
const placeOf = (one: PlacedSetting) =>
  one.path.map((step, i) =>
    step !== '*' ? step : one.path[i - 1] === 'images' ? (homeOf(one)[1] as string) : 'lab',
  );
/** Of a section of an image that overrides the file's own. */
const isInherited = (path: readonly string[]) =>
  ['images.*.acceptance', 'images.*.rehearsal'].includes(path.slice(0, 3).join('.'));
const HOMES = ['dgxos5', 'dgxos8'];
const ofHome = (home: string) => EVERY.filter((one) => homeOf(one)[0] === home);
const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, step) => (inner as Record<string, unknown> | undefined)?.[step], value);

describe('the published table of settings is the one that is made of the rows', () => {
  it('the schema; after a change: npx dgxos-maas config schema > schema/dgxos-maas.schema.json', () => {
    expect(published('schema/dgxos-maas.schema.json')).toBe(configSchemaText());
  });

  it('the page; after a change: npx dgxos-maas config settings --markdown > docs/configuration.md', () => {
    expect(published('docs/configuration.md')).toBe(settingsPage());
  });
});

describe('every setting', () => {
  it.each(rows)('%s has a sentence of help', (_, { row }) => {
    expect(row.help).toMatch(/^\S.{3,90}\.$/);
    expect(row.kind.accepts).not.toBe('');
    if (row.flag ?? row.variable) expect(row.kind.parse).toBeDefined();
    expect(row.details ?? 'X.').toMatch(/[.)]$/);
  });

  it.each(rows)('%s is in the schema, with its help', (_, { path, row }) => {
    const inner = path.flatMap((step) => (step === '*' ? ['additionalProperties'] : ['properties', step]));
    const schema = inner.reduce<unknown>(
      (mapping, step) => at(mapping, [step]) ?? at(mapping, ['then', step]),
      configSchema(),
    );
    expect(schema).toMatchObject({ description: expect.stringContaining(row.help), ...row.kind.schema });
  });

  it.each(HOMES)(
    'is in what init writes, where it belongs, with a value that is accepted: %s',
    async (home) => {
      const cwd = folder();
      const text = uncommented(await initialConfig(home, join(cwd, 'dgxos-maas.yaml')));
      const written = parse(text);
      // An image's own acceptance and rehearsal have the settings of the file's, which are there.
      const missing = ofHome(home)
        .filter(({ path }) => !isInherited(path))
        .filter((one) => at(written, placeOf(one)) === undefined);
      expect(missing.map(({ path }) => path.join('.'))).toEqual([]);
      await load(text, { cwd });
    },
  );

  it.each(HOMES)('is in config show, and with --origin it has one: %s', async (home) => {
    const cwd = folder();
    const text = uncommented(await initialConfig(home, join(cwd, 'dgxos-maas.yaml')));
    const loaded = await load(text, { cwd });
    const [shown, origins] = [configAsWritten(loaded), originsAsWritten(loaded)];
    for (const one of ofHome(home)) {
      const place = placeOf(one);
      expect(at(shown, place), place.join('.')).toBeDefined();
      expect(origins[place.join('.')], place.join('.')).toBeDefined();
    }
  });

  it('is in config settings', () => {
    expect(settingFacts().map(({ name }) => name)).toEqual(rows.map(([name]) => name));
  });

  it('with a fixed default has it where the file says nothing', async () => {
    const cwd = folder();
    const plain = await load(await initialConfig('dgxos5', join(cwd, 'dgxos-maas.yaml')), { cwd });
    const byPlace = new Map(locatedValues(plain.config).map((one) => [one.path.join('.'), one.value]));
    const fixed = EVERY.filter(({ row }) => ['string', 'number', 'boolean'].includes(typeof row.default));
    const checked = fixed.filter(
      (one) => one.path[0] !== 'targets' && one.path.at(-1) !== 'source' && homeOf(one)[0] === 'dgxos5',
    );
    expect(checked.length).toBeGreaterThan(20);
    for (const one of checked)
      expect(byPlace.get(placeOf(one).join('.')), one.path.join('.')).toEqual(
        one.row.kind.write(one.row.default),
      );
  });
});

/** Values one of which every setting accepts. */
const OTHER: unknown[] = [
  ...[
    '77m',
    '77G',
    'tcg',
    'typed',
    'deployed',
    'namespace',
    'packer-maas',
    'store',
    'small',
    'single',
    'dgx2',
    'other',
    'custom/other',
    'arm64/generic',
  ],
  ...[
    'ubuntu/noble',
    'a@b',
    'c'.repeat(64),
    'http://other.example/MAAS',
    'redis://other.example',
    5,
    false,
    true,
  ],
  ...[
    ['other'],
    ['lab'],
    [{ source: 's', path: '/p' }],
    { '60_other': 'true' },
    { profile: 'p' },
    { file: 'p' },
    ['raid1'],
    { kernel: 'k', initrd: 'i', squashfs: 's' },
  ],
  { 'http://a.example/ubuntu': 'http://b.example/ubuntu' },
];

/** A copy of the data with a value at a place. */
function withValue(data: object, place: readonly string[], value: unknown): object {
  const [step, ...rest] = place as [string, ...string[]];
  const inner = (data as Record<string, object>)[step] ?? {};
  return { ...data, [step]: rest.length === 0 ? value : withValue(inner, rest, value) };
}

describe('a setting that the file changes', () => {
  const INHERITED = ['images.dgx1.acceptance.', 'images.dgx1.rehearsal.'];
  const cwd = mkdtempSync(join(tmpdir(), 'dgxos-maas-config-'));
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));
  const homes = new Map<string, { base: object; before: Awaited<ReturnType<typeof load>> }>();
  beforeAll(async () => {
    for (const home of HOMES) {
      const image = parse(await initialConfig(home, join(cwd, 'dgxos-maas.yaml')));
      const base = { ...image, targets: { lab: { url: 'http://m/MAAS' }, b: { url: 'http://n/MAAS' } } };
      homes.set(home, { base, before: await load(stringify(base), { cwd }) });
    }
  });
  const ajv = new Ajv({ strict: false });

  it.each(rows.filter(([name]) => name !== 'images.*.release'))(
    '%s changes its own value and no other',
    async (name, one) => {
      const { base, before } = homes.get(homeOf(one)[0] as string)!;
      const changed = new Set<string>();
      // Loading costs more than looking at the shape first.
      for (const value of OTHER.filter((value) => ajv.validate(one.row.kind.schema, value))) {
        const text = stringify(withValue(base, placeOf(one), value));
        const after = await load(text, { cwd }).catch(() => null);
        for (const [key, { value: now }] of after?.origins ?? [])
          if (JSON.stringify(now) !== JSON.stringify(before.origins.get(key)?.value)) changed.add(key);
      }
      // An image takes from the file's own acceptance and rehearsal what its own do not say.
      const inherited = (key: string) => INHERITED.some((prefix) => key.startsWith(prefix));
      const keys = [...changed].filter((key) => !inherited(key) || name.startsWith('images.'));
      expect(keys).toHaveLength(1);
    },
  );
});

describe('flags and variables of the table', () => {
  const options = (command: Command): Option[] => [
    ...command.options,
    ...command.commands.flatMap((sub) => options(sub)),
  ];
  const flagged = EVERY.filter(({ row, path }) => row.flag && !isInherited(path));

  it.each(flagged.map(({ row }) => [flagName(row), row] as const))(
    '%s is an option of a command, with the help of its row',
    async (flag, row) => {
      const found = options(await program()).filter(
        ({ long, description }) => long === flag && description === flagHelp(row),
      );
      expect(found.length).toBeGreaterThan(0);
    },
  );

  it.each(
    EVERY.filter(({ row }) => row.variable).map(
      ({ row, path }) => [row.variable as string, row, path] as const,
    ),
  )('%s overrides the file, and is named as the origin', async (variable, row, path) => {
    const cwd = folder();
    const text = await initialConfig('dgxos5', join(cwd, 'dgxos-maas.yaml'));
    const anyPath = 'elsewhere';
    const taken =
      row.kind.choices?.at(-1) ?? (row.kind.parse?.(anyPath) === undefined ? 'redis://elsewhere' : undefined);
    const given = taken ?? anyPath;
    const name = variableOf(variable, 'dgx1');
    const loaded = await load(text, { cwd, env: { [name]: given } });
    const place = placeOf({ row, path }).join('.');
    expect(originsAsWritten(loaded)[place]).toEqual({ from: 'environment', name });
    expect(at(configAsWritten(loaded), place.split('.'))).toBe(taken ?? join(cwd, given));
  });
});
