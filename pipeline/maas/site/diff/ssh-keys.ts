import type { Path } from '../../../config/yaml/problem.ts';
import type { Change, Comparison } from '../change.ts';
import { keyIdentity, keyName } from '../public-key.ts';

/** Keys of the user whose API key is used. An account's keys are imported once, when there is none of it yet. */
export function sshKeyChanges({ site, current }: Comparison): Change[] {
  if (!site.sshKeys) return [];
  const keys = site.sshKeys.flatMap(({ key, path }) => (key === null ? [] : [{ key, path }]));
  const sources = site.sshKeys.flatMap(({ source, path }) => (source === null ? [] : [{ source, path }]));
  const have = new Set(current.sshKeys.map(({ key }) => keyIdentity(key)));
  const wanted = new Map(keys.map((one) => [keyIdentity(one.key), one]));
  const old = current.sshKeys.filter(
    ({ key, source }) =>
      site.prune.has('ssh_keys') &&
      !wanted.has(keyIdentity(key)) &&
      !sources.some((one) => one.source === source),
  );
  return [
    ...[...wanted].filter(([identity]) => !have.has(identity)).map(([, one]) => upload(one)),
    ...sources.filter(({ source }) => !current.sshKeys.some((key) => key.source === source)).map(importOf),
    ...old.map(
      ({ id, key }): Change => ({
        kind: 'delete',
        phase: 'old ssh keys',
        name: `SSH key ${keyName(key)}`,
        fields: [],
        run: ({ client }) => client.delete(`account/prefs/sshkeys/${id}/`),
      }),
    ),
  ];
}

const upload = ({ key, path }: { key: string; path: Path }): Change => ({
  kind: 'create',
  phase: 'ssh keys',
  name: `SSH key ${keyName(key)}`,
  fields: [],
  path,
  async run({ client }) {
    await client.post('account/prefs/sshkeys/', { key });
  },
});

const importOf = ({ source, path }: { source: string; path: Path }): Change => ({
  kind: 'create',
  phase: 'ssh keys',
  name: `SSH keys of ${source}`,
  fields: [],
  path,
  keys: { protocol: [...path, 'import'], keysource: [...path, 'import'] },
  async run({ client }) {
    await client.call('account/prefs/sshkeys/?op=import', { keysource: source });
  },
});
