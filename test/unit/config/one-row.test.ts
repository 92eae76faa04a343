import { join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { configSchemaText } from '../../../pipeline/config/config-schema.ts';
import { initialConfig } from '../../../pipeline/config/init.ts';
import { choice, count, duration, text } from '../../../pipeline/config/kinds.ts';
import { settingFacts, settingsPage } from '../../../pipeline/config/reference.ts';
import { type Raw, type Resolved, section, setting } from '../../../pipeline/config/setting.ts';
import { RETENTION } from '../../../pipeline/config/settings/retention.ts';
import { showConfig } from '../../../pipeline/config/show.ts';
import { faultOf, folder, load } from './written.ts';

// A setting is one row: nothing else is changed here.
const PROBE = {
  probe_days: setting({
    kind: count(2, 9, 'days'),
    default: 4,
    help: 'Days of a setting that a test adds.',
    flag: '--probe-days <days>',
    variable: 'DGXOS_MAAS_PROBE_DAYS',
  }),
};

beforeAll(() => {
  Object.assign(RETENTION, PROBE);
});

const resolved = async (...given: Parameters<typeof load>) =>
  (await load(...given)).config.retention as unknown as Resolved<typeof PROBE>;

describe('a row that is added to the table', () => {
  it('is read from the file, with its default, unit and limits', async () => {
    expect((await resolved('')).probeDays).toBe(4);
    expect((await resolved('retention: { probe_days: 7 }\n')).probeDays).toBe(7);
    const fault = await faultOf('retention:\n  probe_days: 1\n');
    expect(fault.message).toBe('retention.probe_days: must be >= 2');
    expect(fault.where).toMatchObject({ line: 2, column: 15 });
    expect((await faultOf('retention: { probe-days: 7 }\n')).message).toContain('Did you mean "probe_days"?');
  });

  it('is set by its variable and its flag, which are judged and named', async () => {
    const { NIGHTLY_SETTINGS, overridesOf, withSettings } = await import(
      '../../../pipeline/cli/setting-options.ts'
    );
    const command = withSettings(new Command(), NIGHTLY_SETTINGS)
      .exitOverride()
      .configureOutput({ writeErr() {} });
    const env = { DGXOS_MAAS_PROBE_DAYS: '8' };
    expect((await resolved('retention: { probe_days: 7 }\n', { env })).probeDays).toBe(8);
    expect((await faultOf('', { env: { DGXOS_MAAS_PROBE_DAYS: '80' } })).message).toBe(
      'DGXOS_MAAS_PROBE_DAYS: "80" is not accepted',
    );
    command.parse(['--probe-days', '9'], { from: 'user' });
    const overrides = overridesOf(command.opts(), NIGHTLY_SETTINGS);
    expect((await resolved('retention: { probe_days: 7 }\n', { env, overrides })).probeDays).toBe(9);
    expect(() => command.parse(['--probe-days', '1'], { from: 'user' })).toThrow(
      'a whole number of days, at least 2',
    );
    expect(command.helpInformation().replace(/\s+/g, ' ')).toContain(
      '--probe-days <days> days of a setting that a test adds (default: as configured, else 4)',
    );
  });

  it('is in config show with its origin, in what init writes, in the schema and on the page', async () => {
    const cwd = folder();
    const loaded = await load('retention: { probe_days: 7 }\n', { cwd });
    expect(showConfig(loaded, { origin: true, cwd })).toContain('  probe_days: 7 # dgxos-maas.yaml:1\n');
    const written = await initialConfig('dgxos5', join(cwd, 'dgxos-maas.yaml'));
    expect(written).toMatch(/^# {3}probe_days: 4 +# Days of a setting that a test adds\.$/m);
    expect(configSchemaText()).toContain('"probe_days": {');
    expect(settingsPage()).toContain('| `probe_days` | a whole number of days, at least 2, at most 9 | 4 |');
    expect(settingFacts().find(({ name }) => name === 'retention.probe_days')).toMatchObject({
      flag: '--probe-days',
      environment: 'DGXOS_MAAS_PROBE_DAYS',
    });
  });
});

describe('the types follow from the rows', () => {
  const help = 'For the types.';
  const rows = {
    wait_for: setting({ kind: duration(), as: 'waitS', default: 60, help }),
    file_name: setting({ kind: text(), default: null, help }),
    way: setting({ kind: choice('a', 'b'), required: true, help }),
    inner: section({ help, fields: { two_words: setting({ kind: count(1, 2), default: 1, help }) } }),
    flat: section({
      help,
      inline: true,
      shorthand: 'level',
      fields: { level: setting({ kind: choice('low', 'high'), as: 'flatLevel', default: 'low', help }) },
    }),
  };

  it('of what is resolved', () => {
    expectTypeOf<Resolved<typeof rows>['waitS']>().toEqualTypeOf<number>();
    expectTypeOf<Resolved<typeof rows>['fileName']>().toEqualTypeOf<string | null>();
    expectTypeOf<Resolved<typeof rows>['way']>().toEqualTypeOf<'a' | 'b'>();
    expectTypeOf<Resolved<typeof rows>['inner']['twoWords']>().toEqualTypeOf<number>();
    expectTypeOf<Resolved<typeof rows>['flatLevel']>().toEqualTypeOf<'low' | 'high'>();
    expectTypeOf<keyof Resolved<typeof rows>>().toEqualTypeOf<
      'waitS' | 'fileName' | 'way' | 'inner' | 'flatLevel'
    >();
  });

  it('of what is written', () => {
    expectTypeOf<Raw<typeof rows>['wait_for']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Raw<typeof rows>['flat']>().toEqualTypeOf<
      'low' | 'high' | { level?: 'low' | 'high' } | undefined
    >();
  });

  it('a default of another type is refused by the compiler', () => {
    // @ts-expect-error text where a number is counted
    setting({ kind: count(1, 2), default: 'two', help });
    // @ts-expect-error none of the choices
    setting({ kind: choice('a', 'b'), default: 'c', help });
    // @ts-expect-error an example is what the file would say
    setting({ kind: duration(), default: 60, example: 60, help });
  });
});
