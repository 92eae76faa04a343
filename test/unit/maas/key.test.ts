import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TargetConfig } from '../../../pipeline/config/types.ts';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { redact } from '../../../pipeline/core/secrets/registry.ts';
import { resolveApiKey } from '../../../pipeline/maas/api/key.ts';
import { storeLogin } from '../../../pipeline/maas/api/logins.ts';
import { loginsFile } from '../../../pipeline/workspace/layout.ts';

const URL = 'http://maas:5240/MAAS';
let dir: string;
let env: NodeJS.ProcessEnv;

/** A key that no other test has registered as a secret. */
const keyOf = (letter: string) => [18, 18, 32].map((length) => letter.repeat(length)).join(':');

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'key-'));
  env = { HOME: dir, XDG_STATE_HOME: join(dir, 'state') };
});
afterEach(() => rm(dir, { recursive: true }));

const target = (key: TargetConfig['key']): TargetConfig => ({
  name: 'lab',
  url: `${URL}/`,
  key,
  caCert: null,
  patienceS: 1,
});
const fromEnvironment = target({ from: 'environment', variable: 'LAB_KEY' });

describe('the environment', () => {
  test('names the variable that it is read from', async () => {
    expect((await resolveApiKey(fromEnvironment, { ...env, LAB_KEY: keyOf('d') })).tokenSecret).toBe(
      'd'.repeat(32),
    );
    expect(redact(`x${'d'.repeat(32)}x`)).toBe('x***x');
    await expect(resolveApiKey(fromEnvironment, { ...env, LAB_KEY: 'nonsense' })).rejects.toThrow(
      'The API key in LAB_KEY is not valid',
    );
  });

  test('without it the kept login of that MAAS counts, and no other', async () => {
    await storeLogin('http://other/MAAS', keyOf('e'), env);
    const missing = resolveApiKey(fromEnvironment, env);
    await expect(missing).rejects.toMatchObject({ code: 'API_KEY_MISSING', exitCode: 3 });
    await expect(missing).rejects.toThrow('LAB_KEY is not set');
    await storeLogin(URL, keyOf('f'), env);
    expect((await resolveApiKey(fromEnvironment, env)).consumerKey).toBe('f'.repeat(18));
    expect((await resolveApiKey({ ...fromEnvironment, url: 'http://other/MAAS' }, env)).consumerKey).toBe(
      'e'.repeat(18),
    );
  });
});

describe('kept logins', () => {
  test('only their owner may read them', async () => {
    await storeLogin(URL, keyOf('g'), env);
    expect((await stat(loginsFile(env))).mode & 0o777).toBe(0o600);
  });

  test('a damaged file is an error that says what to do', async () => {
    await storeLogin(URL, keyOf('g'), env);
    await writeFile(loginsFile(env), '{');
    await expect(resolveApiKey(fromEnvironment, env)).rejects.toMatchObject({
      code: 'API_KEY_MISSING',
      hint: expect.stringContaining('dgxos-maas login'),
    });
  });
});

describe('a file', () => {
  test('is read, and others being able to read it is a warning', async () => {
    const path = join(dir, 'key');
    await writeFile(path, `${keyOf('h')}\n`, { mode: 0o600 });
    const events: Event[] = [];
    const from = target({ from: 'file', path });
    expect((await resolveApiKey(from, env, (event) => events.push(event))).tokenKey).toBe('h'.repeat(18));
    expect(events).toEqual([]);
    await chmod(path, 0o644);
    await resolveApiKey(from, env, (event) => events.push(event));
    expect(events).toMatchObject([{ level: 'warning', hint: `chmod 600 ${path}` }]);
  });

  test('that is missing is named', async () => {
    const missing = resolveApiKey(target({ from: 'file', path: join(dir, 'none') }), env);
    await expect(missing).rejects.toMatchObject({ code: 'API_KEY_MISSING' });
  });
});

describe('a profile of the maas command', () => {
  const profile = (name: string) => target({ from: 'profile', profile: name });

  function makeProfiles(): void {
    const database = new DatabaseSync(join(dir, '.maascli.db'));
    database.exec('CREATE TABLE profiles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, data BLOB)');
    const insert = database.prepare('INSERT INTO profiles (name, data) VALUES (?, ?)');
    const credentials = keyOf('k').split(':');
    insert.run('lab', JSON.stringify({ name: 'lab', url: `${URL}/api/2.0/`, credentials, description: {} }));
    insert.run('nobody', JSON.stringify({ name: 'nobody', url: URL, credentials: null }));
    database.close();
  }

  test('is read from its database', async () => {
    makeProfiles();
    expect((await resolveApiKey(profile('lab'), env)).tokenSecret).toBe('k'.repeat(32));
  });

  test('that does not exist: those that do are named', async () => {
    makeProfiles();
    await expect(resolveApiKey(profile('site'), env)).rejects.toMatchObject({
      hint: 'There are: lab, nobody',
    });
    await expect(resolveApiKey(profile('nobody'), env)).rejects.toThrow('holds no credentials');
  });

  test('without any profiles', async () => {
    await expect(resolveApiKey(profile('lab'), env)).rejects.toThrow('there is no');
  });
});
