import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import { MachinesFile } from '../../../pipeline/maas/machines/machines-file.ts';
import type { PowerField, PowerType } from '../../../pipeline/maas/machines/power-types.ts';

const dir = mkdtempSync(join(tmpdir(), 'machines-file-'));
const text: Omit<PowerField, 'name'> = {
  label: '',
  kind: 'text',
  required: false,
  choices: [],
  fallback: '',
};
const TYPES: PowerType[] = [
  {
    name: 'ipmi',
    title: 'IPMI',
    fields: [
      { ...text, name: 'power_address', required: true },
      { ...text, name: 'power_user' },
      { ...text, name: 'power_pass', kind: 'secret' },
    ],
  },
  { name: 'manual', title: 'Manual', fields: [] },
];

async function read(content: string, env: NodeJS.ProcessEnv = { BMC: 'sesame-sesame' }) {
  writeFileSync(join(dir, 'machines.yaml'), content);
  return (await MachinesFile.read('machines.yaml', dir)).machines(TYPES, env);
}

const MAC = '48:b0:2d:00:00:01';

test('defaults and what machines say differently', async () => {
  writeFileSync(join(dir, 'password'), 'from-a-file\n');
  const machines = await read(`
defaults:
  tags: [dgx]
  pool: gpu
  power:
    type: ipmi
    parameters: { power_user: admin }
    password: { environment: BMC }
machines:
  gpu01:
    macs: ["48-B0-2D-00-00-01", "48:b0:2d:00:00:02"]
    power: { parameters: { power_address: 10.0.0.1 } }
  gpu02:
    architecture: arm64
    macs: ["48:b0:2d:00:00:03"]
    tags: [test]
    power:
      type: manual
  gpu03:
    macs: ["48:b0:2d:00:00:04"]
    power:
      parameters: { power_address: 10.0.0.3, power_user: root }
      password: { file: password }
`);
  expect(machines).toEqual([
    {
      hostname: 'gpu01',
      architecture: 'amd64/generic',
      macs: ['48:b0:2d:00:00:01', '48:b0:2d:00:00:02'],
      power: {
        type: 'ipmi',
        parameters: { power_user: 'admin', power_address: '10.0.0.1' },
        password: 'sesame-sesame',
        secrets: {},
      },
      pool: 'gpu',
      tags: ['dgx'],
    },
    {
      hostname: 'gpu02',
      architecture: 'arm64/generic',
      macs: ['48:b0:2d:00:00:03'],
      power: { type: 'manual', parameters: {}, secrets: {} },
      pool: 'gpu',
      tags: ['dgx', 'test'],
    },
    {
      hostname: 'gpu03',
      architecture: 'amd64/generic',
      macs: ['48:b0:2d:00:00:04'],
      power: {
        type: 'ipmi',
        parameters: { power_user: 'root', power_address: '10.0.0.3' },
        password: 'from-a-file',
        secrets: {},
      },
      pool: 'gpu',
      tags: ['dgx'],
    },
  ]);
});

describe('a file that is wrong is named by line, with what would be accepted', () => {
  const one = (more: string) => `machines:\n  gpu01:\n    macs: ["${MAC}"]\n${more}`;
  const WRONG: [what: string, text: string, line: number, says: string | RegExp][] = [
    ['no machines', 'defaults: {}\n', 1, 'machines'],
    ['an empty list of them', 'machines: {}\n', 1, 'must not be empty'],
    ['a machine with nothing but its name', `${one('')}  gpu02:\n`, 4, 'macs is missing'],
    ['no address', 'machines:\n  gpu01: { tags: [a] }\n', 2, 'macs'],
    ['a key that is none', one('    powr: { type: manual }\n'), 4, 'Did you mean "power"?'],
    ['an address that is none', 'machines:\n  gpu01:\n    macs: ["48:b0"]\n', 3, '48:b0'],
    ['a host name that is none', `machines:\n  GPU_1:\n    macs: ["${MAC}"]\n`, 2, 'GPU_1'],
    [
      'an address that two have',
      `${one('')}  gpu02:\n    macs: ["${MAC.toUpperCase()}"]\n`,
      5,
      'belongs to gpu01 already',
    ],
    [
      'an address twice',
      `machines:\n  gpu01:\n    macs:\n      - ${MAC}\n      - ${MAC}\n`,
      5,
      'this machine twice',
    ],
    ['a tag that is none', one('    tags: ["two words"]\n'), 4, 'two words'],
    ['a power type that is none', one('    power:\n      type: ipni\n'), 5, 'Did you mean "ipmi"?'],
    [
      'a power parameter that is none',
      one('    power:\n      type: ipmi\n      parameters:\n        power_adress: 10.0.0.1\n'),
      7,
      'Did you mean "power_address"?',
    ],
    [
      'a power parameter that is missing',
      one('    power:\n      type: ipmi\n      parameters: { power_user: a }\n'),
      4,
      'needs power_address',
    ],
    [
      'a power parameter of the defaults that is none',
      `defaults:\n  power:\n    type: ipmi\n    parameters:\n      power_usr: a\n${one('')}`,
      5,
      'power_usr',
    ],
    ['a tab', 'machines:\n\tgpu01: {}\n', 2, 'tab'],
  ];
  test.each(WRONG)('%s', async (_, content, line, says) => {
    const fault: Fault = await read(content).then(
      () => expect.fail('it was accepted'),
      (error) => error,
    );
    expect(fault.exitCode).toBe(3);
    expect(fault.where).toMatchObject({ file: 'machines.yaml', line });
    expect(`${fault.message}\n${fault.detail}`).toMatch(says);
  });

  const SECRETS: [what: string, power: string, line: number][] = [
    ['among the parameters', '{ type: ipmi, parameters: { power_pass: pw } }', 4],
    ['as the password', '{ type: ipmi, password: s3same-open }', 4],
    ['among the secrets', '{ type: ipmi, secrets: { k_g: s3same-open } }', 4],
    ['as a number', '{ type: ipmi, parameters: { power_pass: 12345 } }', 4],
  ];
  test.each(SECRETS)('a password written down %s is refused and not repeated', async (_, power, line) => {
    const fault: Fault = await read(one(`    power: ${power}\n`)).then(
      () => expect.fail('it was accepted'),
      (error) => error,
    );
    expect(fault).toMatchObject({ code: 'MACHINES_FILE_INVALID', where: { line } });
    expect(fault.message).toContain('this file must not contain a password');
    expect(JSON.stringify(fault.toJSON())).not.toMatch(/s3same-open|12345|power_pass: pw|"pw"/);
  });

  test('a password that is not in the environment names its variable and its machine', () =>
    expect(
      read(
        one('    power: { type: ipmi, parameters: { power_address: a }, password: { environment: BMC } }\n'),
        {},
      ),
    ).rejects.toMatchObject({
      code: 'MACHINES_FILE_INVALID',
      where: { line: 4 },
      message: expect.stringMatching(/gpu01.*BMC is not set/),
    }));

  test('settings that all machines take from the defaults are said once, beside everything else', async () => {
    const fault: Fault = await read(
      `defaults:
  power: { type: ipmi, parameters: { power_address: a, power_usr: b }, password: { environment: BMC } }
machines:
${Array.from({ length: 9 }, (_, i) => `  gpu0${i}: { macs: ["48:b0:2d:00:00:0${i}"] }\n`).join('')}`,
      {},
    ).then(
      () => expect.fail('it was accepted'),
      (error) => error,
    );
    const said = `${fault.message}\n${fault.detail}`;
    expect(said.match(/power_usr\. Did/g)).toHaveLength(1);
    expect(said.match(/BMC is not set/g)).toHaveLength(1);
  });

  test('a file that is not there', () =>
    expect(MachinesFile.read('nowhere.yaml', dir)).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' }));
});

test('numbers keep the form in which they are written', async () => {
  const [machine] = await read(`
defaults: { pool: 010, zone: 1_0, tags: [0150] }
machines:
  gpu01:
    macs: ["${MAC}"]
    description: 0x1F
    power: { type: ipmi, parameters: { power_address: 10.10, power_user: 007 } }
`);
  expect(machine).toMatchObject({
    pool: '010',
    zone: '1_0',
    tags: ['0150'],
    description: '0x1F',
    power: { parameters: { power_address: '10.10', power_user: '007' } },
  });
});

test('a list of values reaches the power type as a list', async () => {
  const [machine] = await read(`
machines:
  gpu01:
    macs: ["${MAC}"]
    power: { type: ipmi, parameters: { power_address: a, power_user: [a, b] } }
`).catch((fault: Fault) => [fault]);
  expect((machine as Fault).message).toContain('power_user has one value');
});

test('a machine with ipmi needs neither addresses nor an architecture; any other does', async () => {
  const power = (type: string) =>
    `power: { type: ${type}, parameters: ${type === 'ipmi' ? '{ power_address: a }' : '{}'} }`;
  const [bare, arm, usual] = await read(`
machines:
  gpu01: { ${power('ipmi')} }
  gpu02: { architecture: arm64, ${power('ipmi')} }
  gpu03: { macs: ["${MAC}"] }
`);
  expect(bare).toMatchObject({ macs: [], architecture: null });
  expect(arm).toMatchObject({ macs: [], architecture: 'arm64/generic' });
  expect(usual).toMatchObject({ architecture: 'amd64/generic' });
  await expect(read(`machines:\n  gpu01: { ${power('manual')} }\n`)).rejects.toMatchObject({
    code: 'MACHINES_FILE_INVALID',
    message: expect.stringContaining('machines.gpu01: macs is missing'),
  });
  await expect(read('machines:\n  gpu01:\n  gpu02: {}\n')).rejects.toMatchObject({
    detail: expect.stringContaining('machines.gpu02: macs is missing'),
  });
});
