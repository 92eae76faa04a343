import { describe, expect, it } from 'vitest';
import { loadPlatforms } from '../../../pipeline/config/releases/platforms.ts';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import { applicable, checksDigest, gpusOf, systemOf } from '../../../pipeline/maas/acceptance/applicable.ts';
import { loadChecks, parseChecks } from '../../../pipeline/maas/acceptance/checks-file.ts';

const check = (more = '') =>
  `checks:\n  - id: a\n    title: t\n    command: "true"\n    why: w\n    fix: f\n${more}`;
const fails = async (text: string): Promise<Fault> =>
  parseChecks(text, 'c.yaml').then(
    () => {
      throw new Error('it was accepted');
    },
    (error: Fault) => error,
  );
const PLATFORMS = { platforms: Object.fromEntries(loadPlatforms()) };
const DGX = {
  ...{ release: 'dgxos5', profile: 'dgxos5', platform: 'dgx_a100' },
  system: systemOf(PLATFORMS, 'dgx_a100'),
};

describe('a checks file with a mistake names its place and what would do', () => {
  it.each([
    ['check: []', 'c.yaml:1:1', 'unknown key "check"', 'Did you mean "checks"'],
    ['checks: {}', 'c.yaml:1:9', 'not a list', ''],
    ['checks:\n  - id: a\n', 'c.yaml:2:5', 'title is missing', ''],
    [check('    severity: block'), 'c.yaml:7:15', '"block" is not accepted', 'blocker'],
    [check('    timeout: 5'), 'c.yaml:7:14', '"5" is not accepted', 'a time in s, m or h'],
    [check('    timeout: 5d'), 'c.yaml:7:14', '"5d" is not accepted', 'a time in s, m or h'],
    [check('    expect: { exit: 256 }'), 'c.yaml:7:21', '<= 254', ''],
    [check('    expect: { stdout: { mathes: x } }'), 'c.yaml:7:25', 'unknown key "mathes"', '"matches"'],
    [
      check('    expect: { stdout: { matches: "(" } }'),
      'c.yaml:7:34',
      'Invalid regular expression',
      'JavaScript',
    ],
    [
      check('    expect: { stdout: { lines: many } }'),
      'c.yaml:7:32',
      '"many" is not a number of lines',
      'platform.gpus',
    ],
    [
      check('    expect: { stdout: { equals: "{image.kernle}" } }'),
      'c.yaml:7:33',
      'no placeholder {image.kernle}',
      '{image.kernel}',
    ],
    [
      check('    expect: { fresh: always }'),
      'c.yaml:7:22',
      '"always" is not accepted',
      'deployment, machine',
    ],
    [check('    when: { releases: [x] }'), 'c.yaml:7:13', 'unknown key "releases"', '"release"'],
    [check('    when: { has: [nvswich] }'), 'c.yaml:7:19', '"nvswich" is not accepted', '"nvswitch"'],
    [check('    when: { has: [] }'), 'c.yaml:7:18', 'must not be empty', ''],
    [`${check()}  - { id: a, title: t, command: x, why: w, fix: f }`, 'c.yaml:7:11', '"a" occurs twice', ''],
    [check().replace('id: a', 'id: A b'), 'c.yaml:2:9', '"A b" is not accepted', 'no-failed-unit'],
    [check().replace('"true"', '[]'), 'c.yaml:4:14', 'must not be empty', ''],
    ['use: [bas]', 'c.yaml:1:7', '"bas" is not accepted', '"base"'],
    ['use: [base]\nwithout: [host-key-fresh]', 'c.yaml:2:11', 'no check "host-key-fresh"', 'host-keys-fresh'],
    ['without: [x]', 'c.yaml:1:11', 'no check "x"', '`use` names no set'],
    ['gpus: { dgx1: eight }', 'c.yaml:1:15', 'not a whole number', ''],
    ['logs:\n  - { id: ../x, command: x }', 'c.yaml:2:11', '"../x" is not accepted', ''],
    ['logs:\n  - { id: x, command: x }\n  - { id: x, command: y }', 'c.yaml:3:11', '"x" occurs twice', ''],
    [check().replace('id: a', 'id: deploys'), 'c.yaml:2:9', 'always runs', 'another id'],
    ['checks: [', 'c.yaml:1:10', 'Invalid YAML', ''],
  ])('%j', async (text, place, message, remedy) => {
    const fault = await fails(text);
    expect(fault.exitCode).toBe(3);
    const { where, hint = '', detail = '' } = fault;
    const said = `${fault.message}\n${hint}\n${detail}`;
    expect(`${where?.file}:${where?.line}:${where?.column}`, said).toBe(place);
    expect(fault.message).toContain(message);
    expect(said).toContain(remedy);
  });

  it('a wrong set hides no other mistake, and makes none of what it would have brought', async () => {
    const fault = await fails('use: [bas]\nwithout: [boots-by-efi]\ngpus: { x: y }');
    expect(fault.detail).toContain('1 more problem:');
    expect(fault.detail).toContain('gpus.x');
  });

  it('beside one of another kind, a check is left out that no set has', async () => {
    const fault = await fails('use: [base]\nwithout: [boots-by-ef]\ngpus: { x: y }');
    expect(fault.message).toContain('the sets in use have no check "boots-by-ef"');
    expect(fault.detail).toContain('gpus.x');
  });

  it.each(['.', 'none.yaml', 'package.json/below'])('there is no file %s', async (file) => {
    await expect(loadChecks(file)).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });

  it('a device is another fault', async () => {
    await expect(loadChecks('/dev/null')).rejects.not.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });

  it('reports all of them at once', async () => {
    const fault = await fails(check('    severity: x\n    timeout: y\n    root: z'));
    expect(fault.detail).toContain('2 more problems');
  });
});

describe('the checks that come with the program', () => {
  it('are valid, and each has an id of its own', async () => {
    const { checks, logs } = await loadChecks(null);
    expect(checks.length).toBeGreaterThan(8);
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
    expect(new Set(logs.map(({ id }) => id)).size).toBe(logs.length);
    await parseChecks('use: [base, dgx]', 'c.yaml');
  });

  it.each<[string, string, number | null, string[]]>([
    ['dgxos5', 'dgx1', 8, []],
    ['dgxos5', 'dgx2', 16, ['fabric-manager']],
    ['dgxos5', 'dgx_a100', 8, ['fabric-manager']],
    ['dgxos5', 'dgxstation', null, []],
    ['dgxos5', 'dgx_a800', null, ['fabric-manager']],
    ['dgxos7', 'dgx_station_a100', 4, []],
    ['dgxos6', 'dgx_h100', 8, ['fabric-manager']],
    ['dgxos6', 'dgx_h200', 8, ['fabric-manager']],
    ['dgxos7', 'dgx_b200', 8, ['fabric-manager', 'subnet-manager']],
    ['dgxos8', 'dgx_b300', 8, ['fabric-manager', 'subnet-manager']],
    ['dgxos7', 'dgx_gb200', 4, ['imex', 'no-fabric-manager']],
    ['dgxos8', 'dgx_gb300', 4, ['imex', 'no-fabric-manager']],
    ['dgxos7', 'dgx_station_gb300', null, []],
    ['dgxos7', 'dgx_spark', 1, []],
    ['dgxos7', 'neutral', null, []],
    // Only an ISO knows it.
    ['dgxos5', 'dgx_other', null, []],
  ])('look on %s, %s at %s GPUs and %j', async (profile, platform, gpus, fabric) => {
    const all = await loadChecks(null);
    const subject = { release: profile, profile, platform, system: systemOf(PLATFORMS, platform) };
    const ids = applicable(all, subject).checks.map(({ id }) => id);
    expect(ids.slice(ids.indexOf('gpus'))).toEqual(['gpus', ...fabric, 'dcgm-level-1']);
    expect(gpusOf(all, subject)).toBe(gpus);
    expect(gpusOf({ ...all, gpus: { [platform]: 3 } }, subject)).toBe(3);
  });

  it('look at no GPUs beside DGX OS', async () => {
    const all = await loadChecks(null);
    const ids = applicable(all, { ...DGX, profile: 'demo' }).checks.map(({ id }) => id);
    expect(ids).not.toContain('gpus');
    expect(ids).toContain('host-keys-fresh');
  });
});

describe('a file of one’s own', () => {
  it('replaces, leaves out and adds', async () => {
    const { checks, gpus } = await parseChecks(
      `use: [base]\nwithout: [boots-by-efi]\ngpus: { mine: 2 }\n${check().replace('id: a', 'id: no-failed-unit')}  - { id: b, title: t, command: [b], why: w, fix: f, severity: warning }`,
      'c.yaml',
    );
    const ids = checks.map(({ id }) => id);
    expect(ids).not.toContain('boots-by-efi');
    expect(ids.at(-1)).toBe('b');
    expect(checks.find(({ id }) => id === 'no-failed-unit')?.command).toBe('true');
    expect(gpus).toEqual({ mine: 2 });
  });

  it('gives each command a minute, unless it says how long', async () => {
    const times = async (more: string) => (await parseChecks(check(more), 'c')).checks[0]!.timeoutS;
    expect([await times(''), await times('    timeout: 5s'), await times('    timeout: 2m')]).toEqual([
      60, 5, 120,
    ]);
  });

  it('has a fingerprint of what decides, and of nothing else', async () => {
    const digest = async (text: string, subject = DGX) =>
      checksDigest(await parseChecks(text, 'c.yaml'), subject);
    const one = await digest(check());
    expect(await digest(`# a comment\n${check('    severity: blocker')}`)).toBe(one);
    expect(await digest(`${check()}logs: [{ id: x, command: y }]`)).toBe(one);
    expect(
      await digest(
        `${check()}  - { id: b, title: t, command: x, why: w, fix: f, when: { platform: [dgx1] } }`,
      ),
    ).toBe(one);
    expect(await digest(check('    root: true'))).not.toBe(one);
    expect(await digest(`gpus: { dgx_a100: 4 }\n${check()}`)).not.toBe(one);
  });
});

it.each([
  ['{ has_lines: a }', { hasLines: 'a' }],
  ['{ not_matches: bad }', { notMatches: 'bad' }],
  ['{ matches: good }', { matches: 'good' }],
  ['{}', {}],
])('the expectations of an output are those that are written: %s', async (written, expected) => {
  const list = await parseChecks(check(`    expect: { stdout: ${written}, stderr: ${written} }`), 'c.yaml');
  expect(list.checks[0]?.expect).toStrictEqual({ exit: 0, stdout: expected, stderr: expected, fresh: null });
});
