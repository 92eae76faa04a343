import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storeLogin } from '../../../pipeline/maas/api/logins.ts';
import { chooseTargets, type TargetOptions } from '../../../pipeline/maas/images/choose-targets.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'targets-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const LAB = 'lab: { url: http://lab:5240/MAAS, key: { environment: LAB_KEY } }';
const HOME = 'home: { url: http://home:5240/MAAS, key: { environment: LAB_KEY } }';
const KEY = `${'a'.repeat(18)}:${'b'.repeat(18)}:${'c'.repeat(32)}`;

/** The targets, with these in the configuration, by name and the token of their key. */
async function chosen(
  targets: string[],
  options: TargetOptions = {},
  env: NodeJS.ProcessEnv = { LAB_KEY: KEY },
) {
  const configFile = join(dir, 'dgxos-maas.yaml');
  writeFileSync(configFile, `targets: { ${targets.join(', ')} }\n`);
  const all = await chooseTargets(options, {
    env: { XDG_CONFIG_HOME: dir, XDG_STATE_HOME: dir, HOME: dir, ...env },
    configFile,
    emit() {},
    signal: new AbortController().signal,
  });
  return all.map(({ target, key }) => [target.name, JSON.stringify(key).includes('b'.repeat(18))]);
}

function keyFile(): string {
  const path = join(dir, 'key');
  writeFileSync(path, `${KEY}\n`, { mode: 0o600 });
  return path;
}

describe('the MAAS that a command talks to', () => {
  test('is the only target there is', async () => {
    expect(await chosen([LAB])).toEqual([['lab', true]]);
  });

  test('is chosen with --to where there are several, each once', async () => {
    await expect(chosen([LAB, HOME])).rejects.toMatchObject({
      code: 'USAGE',
      message: 'There are several targets',
      hint: 'Choose with --to: lab, home',
    });
    expect(await chosen([LAB, HOME], { to: ['home'] })).toEqual([['home', true]]);
    expect(await chosen([LAB, HOME], { to: ['home', 'lab', 'home'] })).toEqual([
      ['home', true],
      ['lab', true],
    ]);
    await expect(chosen([LAB], { to: ['hom'] })).rejects.toMatchObject({ code: 'TARGET_UNKNOWN' });
  });

  test('gets the key of --api-key-file, which is one', async () => {
    const apiKeyFile = keyFile();
    expect(await chosen([LAB], { apiKeyFile }, {})).toEqual([['lab', true]]);
    expect(await chosen([LAB, HOME], { apiKeyFile, to: ['lab', 'lab'] }, {})).toEqual([['lab', true]]);
    await expect(chosen([LAB, HOME], { apiKeyFile, to: ['lab', 'home'] }, {})).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--api-key-file has one key'),
    });
    await expect(chosen([LAB], {}, {})).rejects.toMatchObject({ code: 'API_KEY_MISSING' });
  });

  test('is that of --url, whatever the configuration has, and not of --to as well', async () => {
    const url = 'http://other:5240/MAAS';
    expect(await chosen([LAB, HOME], { url, apiKeyFile: keyFile() })).toEqual([['other:5240', true]]);
    for (const more of [{ url }, { maasProfile: 'x' }])
      await expect(chosen([LAB], { ...more, to: ['lab'] })).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('--to selects a target of the configuration'),
      });
  });

  test('must be given where none is known', async () => {
    await expect(chosen([])).rejects.toMatchObject({ code: 'TARGET_UNKNOWN', message: 'No MAAS is given' });
  });
});

describe('the key of a MAAS that the command line names', () => {
  const OTHER = 'http://other:5240/MAAS';
  const keyOf = (letter: string) => `${letter.repeat(18)}:${letter.repeat(18)}:${letter.repeat(32)}`;
  /** The letter of the key that is used for --url. */
  async function letter(env: NodeJS.ProcessEnv, logins: Record<string, string> = {}, url?: string) {
    const all = { XDG_CONFIG_HOME: dir, XDG_STATE_HOME: dir, HOME: dir, ...env };
    for (const [at, key] of Object.entries(logins)) await storeLogin(at, key, all);
    const session = { env: all, configFile: undefined, emit() {}, signal: new AbortController().signal };
    const [{ target, key }] = (await chooseTargets(url ? { url } : {}, session)) as [
      Awaited<ReturnType<typeof chooseTargets>>[0],
    ];
    return [target.url, /([a-z])\1{17}/.exec(JSON.stringify(key))?.[1]];
  }

  test('is that of its login, before the one of the environment', async () => {
    expect(await letter({ MAAS_API_KEY: keyOf('e') }, { [OTHER]: keyOf('k') }, OTHER)).toEqual([OTHER, 'k']);
  });

  test('is that of the environment, unless that is for another MAAS', async () => {
    const env = { MAAS_API_KEY: keyOf('e') };
    expect(await letter(env, {}, OTHER)).toEqual([OTHER, 'e']);
    expect(await letter({ ...env, MAAS_API_URL: `${OTHER}/api/2.0/` }, {}, OTHER)).toEqual([OTHER, 'e']);
    await expect(letter({ ...env, MAAS_API_URL: 'http://mine:5240/MAAS' }, {}, OTHER)).rejects.toMatchObject({
      code: 'API_KEY_MISSING',
    });
  });

  test('is that of the only login where no MAAS is named; several must be chosen from', async () => {
    expect(await letter({}, { [OTHER]: keyOf('k') })).toEqual([OTHER, 'k']);
    await expect(letter({}, { 'http://a:5240/MAAS': keyOf('a') })).rejects.toMatchObject({
      code: 'TARGET_UNKNOWN',
      hint: `There are logins for http://a:5240/MAAS, ${OTHER}: choose one with --url.`,
    });
    rmSync(dir, { recursive: true });
    await expect(letter({})).rejects.toMatchObject({
      code: 'TARGET_UNKNOWN',
      hint: expect.stringMatching(/^Store a key with dgxos-maas login URL/),
    });
    mkdirSync(dir);
  });
});
