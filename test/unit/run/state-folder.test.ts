import { homedir } from 'node:os';
import { expect, test } from 'vitest';
import { canonical } from '../../../pipeline/workspace/fingerprint.ts';
import { stateDir } from '../../../pipeline/workspace/layout.ts';

test.each<[NodeJS.ProcessEnv, string]>([
  [{ XDG_STATE_HOME: '/s', HOME: '/h' }, '/s/dgxos-maas'],
  [{ XDG_STATE_HOME: '', HOME: '/h' }, '/h/.local/state/dgxos-maas'],
  [{ HOME: '/h' }, '/h/.local/state/dgxos-maas'],
  [{ HOME: '' }, `${homedir()}/.local/state/dgxos-maas`],
  [{}, `${homedir()}/.local/state/dgxos-maas`],
])('the state of %j is in %s', (env, dir) => expect(stateDir(env)).toBe(dir));

test.each([
  [[1, [2], {}], '[1,[2],{}]'],
  [{ b: 1, a: { d: null, c: 'x' } }, '{"a":{"c":"x","d":null},"b":1}'],
  [{ a: undefined, b: [] }, '{"b":[]}'],
  [undefined, 'null'],
  [null, 'null'],
])('%j counts as %s', (value, text) => expect(canonical(value as never)).toBe(text));
