import { describe, expect, test } from 'vitest';
import { powerOf } from '../../../pipeline/cli/machines/power-flags.ts';
import { redact } from '../../../pipeline/core/secrets/registry.ts';
import {
  looksSecret,
  type Power,
  powerForm,
  powerProblems,
} from '../../../pipeline/maas/machines/power-parameters.ts';
import {
  type PowerField,
  type PowerType,
  passwordField,
} from '../../../pipeline/maas/machines/power-types.ts';

const field = (name: string, more: Partial<PowerField> = {}): PowerField => ({
  ...{ name, label: name, kind: 'text', required: false, choices: [], fallback: '' },
  ...more,
});

/** As MAAS 3.5 describes them, shortened. */
const TYPES: PowerType[] = [
  {
    name: 'ipmi',
    title: 'IPMI',
    fields: [
      field('power_driver', {
        kind: 'choice',
        choices: ['LAN', 'LAN_2_0'],
        required: true,
        fallback: 'LAN_2_0',
      }),
      field('power_address', { required: true }),
      field('power_user'),
      field('power_pass', { kind: 'secret' }),
      field('k_g', { kind: 'secret' }),
      field('workaround_flags', { kind: 'choices', choices: ['opensesspriv', 'authcap'] }),
      field('mac_address', { kind: 'mac' }),
    ],
  },
  {
    name: 'lxd',
    title: 'LXD',
    fields: [
      field('power_address', { required: true }),
      field('instance_name', { required: true }),
      field('password', { kind: 'secret' }),
      field('key', { kind: 'secret' }),
    ],
  },
  {
    name: 'redfish',
    title: 'Redfish',
    fields: [
      field('power_address', { required: true }),
      field('power_user', { required: true }),
      field('power_pass', { kind: 'secret', required: true }),
    ],
  },
  { name: 'manual', title: 'Manual', fields: [] },
];

const problemsOf = (power: Partial<Power>, partial = false) =>
  powerProblems(TYPES, { type: 'ipmi', parameters: { power_address: '10.0.0.7' }, ...power }, partial);

describe('power, checked against what the server can do', () => {
  test('complete parameters have no errors', () => {
    expect(problemsOf({})).toEqual([]);
    expect(problemsOf({ type: 'manual', parameters: {} })).toEqual([]);
  });

  test.each<[string, Partial<Power>, string, string | undefined]>([
    ['a type that is none', { type: 'ipni' }, 'There is no power type "ipni"', 'ipmi'],
    [
      'a parameter that is none',
      { parameters: { power_adress: 'x' } },
      'no parameter power_adress',
      'power_address',
    ],
    [
      'a required one that is missing',
      { parameters: {} },
      'The power type ipmi needs power_address',
      undefined,
    ],
    [
      'a choice that is none',
      { parameters: { power_address: 'x', power_driver: 'LAN_20' } },
      'power_driver: "LAN_20" is not accepted',
      'LAN_2_0',
    ],
    [
      'one of several choices',
      { parameters: { power_address: 'x', workaround_flags: 'authcap,opensespriv' } },
      '"opensespriv" is not accepted',
      'opensesspriv',
    ],
    [
      'an address that is none',
      { parameters: { power_address: 'x', mac_address: 'nonsense' } },
      'mac_address: "nonsense"',
      undefined,
    ],
    [
      'a password that the type does not take',
      { type: 'manual', parameters: {}, password: 'x' },
      'has no password',
      undefined,
    ],
    ['a secret that is none', { secrets: { kg: 'x' } }, 'no parameter kg', 'k_g'],
    [
      'a password that is missing',
      { type: 'redfish', parameters: { power_address: 'x', power_user: 'u' } },
      'The power type redfish needs power_pass',
      undefined,
    ],
  ])('%s', (_, power, message, suggestion) => {
    const [first] = problemsOf(power);
    expect(first?.message).toContain(message);
    expect(first?.suggestion).toBe(suggestion);
  });

  test('of a machine that has power, only what is said is looked at', () => {
    expect(problemsOf({ parameters: {} }, true)).toEqual([]);
    expect(problemsOf({ parameters: { nope: 'x' } }, true)).toHaveLength(1);
  });

  test('the password goes to the field that the type has for it', () => {
    expect(TYPES.map(passwordField).map((one) => one?.name)).toEqual([
      'power_pass',
      'password',
      'power_pass',
      undefined,
    ]);
    expect(
      powerForm(TYPES, {
        type: 'ipmi',
        parameters: { power_address: 'a', workaround_flags: 'authcap, opensesspriv' },
        password: 'pw',
        secrets: { k_g: 'kg' },
      }),
    ).toEqual({
      power_type: 'ipmi',
      power_parameters_power_address: 'a',
      power_parameters_workaround_flags: ['authcap', 'opensesspriv'],
      power_parameters_power_pass: 'pw',
      power_parameters_k_g: 'kg',
    });
  });
});

describe('a password on the command line', () => {
  test.each(['power_pass', 'password', 'k_g', 'key', 'power_token', 'ipmi_password'])(
    '%s is refused',
    async (name) => {
      expect(looksSecret(name)).toBe(true);
      const refused = powerOf({ powerType: 'ipmi', power: [`${name}=hunter2hunter2`] }, {});
      await expect(refused).rejects.toMatchObject({
        code: 'USAGE',
        exitCode: 2,
        message: `${name} is a secret and is not accepted on the command line`,
        hint: expect.stringContaining('--power-password-env'),
      });
      await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
      expect(redact('said hunter2hunter2')).toBe('said ***');
    },
  );

  test('names that only sound so are not', () =>
    expect(['power_address', 'power_user', 'power_driver', 'keyboard'].filter(looksSecret)).toEqual([]));

  test('it comes from the environment, and is a secret from then on', async () => {
    const power = await powerOf(
      { powerType: 'ipmi', powerPasswordEnv: 'BMC', powerSecret: ['k_g=env:KG'] },
      { BMC: 'correct-horse', KG: 'battery-staple' },
    );
    expect(power).toMatchObject({ password: 'correct-horse', secrets: { k_g: 'battery-staple' } });
    expect(redact('correct-horse battery-staple')).toBe('*** ***');
  });

  test.each([
    [{ powerPasswordEnv: 'UNSET' }, 'UNSET is not set'],
    [{ powerPasswordFile: '/nowhere/at/all' }, 'cannot be read'],
    [{ powerPasswordEnv: 'A', powerPasswordFile: 'b' }, 'not both'],
    [{ powerSecret: ['k_g=itself-the-secret'] }, 'takes the location of the secret'],
    [{ power: ['power_address'] }, '--power takes NAME=VALUE'],
  ])('%j: %s', async (flags, message) =>
    expect(powerOf({ powerType: 'ipmi', ...flags }, {})).rejects.toThrow(message),
  );
});

describe('the part of a name and a password that a BMC keeps', () => {
  test.each([
    [{ parameters: { power_address: '10.0.0.7', power_user: 'a'.repeat(16) } }, []],
    [
      { parameters: { power_address: '10.0.0.7', power_user: 'a'.repeat(17) } },
      [/power_user has 17 bytes; IPMI allows 16/],
    ],
    // Bytes count, not characters.
    [{ parameters: { power_address: '10.0.0.7', power_user: 'é'.repeat(9) } }, [/power_user has 18 bytes/]],
    [{ password: 'p'.repeat(20) }, []],
    [{ password: 'p'.repeat(21) }, [/power_pass has 21 bytes; IPMI allows 20/]],
    [{ secrets: { k_g: `0x${'0f'.repeat(20)}` } }, []],
    [{ secrets: { k_g: 'k'.repeat(21) } }, [/k_g has 21 bytes/]],
    [
      {
        type: 'redfish',
        parameters: { power_address: 'x', power_user: 'a'.repeat(40) },
        password: 'p'.repeat(40),
      },
      [],
    ],
  ])('%#', (power, messages) => {
    const problems = problemsOf(power);
    expect(problems.map(({ message }) => message)).toEqual(messages.map((m) => expect.stringMatching(m)));
    expect(JSON.stringify(problems)).not.toContain('ppppp');
  });
});

describe('a parameter that takes several values', () => {
  test.each([['opensesspriv,authcap'], [['opensesspriv', 'authcap']]])(
    'is a list to MAAS: %j',
    (workaround_flags) => {
      const power = { type: 'ipmi', parameters: { power_address: '10.0.0.7', workaround_flags } };
      expect(powerProblems(TYPES, power)).toEqual([]);
      expect(powerForm(TYPES, power)).toMatchObject({
        power_parameters_workaround_flags: ['opensesspriv', 'authcap'],
      });
    },
  );

  test('is checked value by value', () => {
    const [problem] = problemsOf({
      parameters: { power_address: '10.0.0.7', workaround_flags: ['authcap', 'authcape'] },
    });
    expect(problem).toMatchObject({
      message: 'workaround_flags: "authcape" is not accepted',
      suggestion: 'authcap',
    });
  });

  test('is not any other one', () => {
    const [problem] = problemsOf({ parameters: { power_address: ['10.0.0.7', '10.0.0.8'] } });
    expect(problem?.message).toBe('power_address has one value');
  });
});
