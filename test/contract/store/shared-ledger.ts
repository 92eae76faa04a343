import { expect } from 'vitest';
import { readLedger, record } from '../../../pipeline/workspace/ledger/ledger.ts';
import { exchangeLedger } from '../../../pipeline/workspace/ledger/shared.ts';

/** Two builders that write at the same time have the entries of both. Both ledgers are shared by one store. */
export async function expectSharedEntries(one: NodeJS.ProcessEnv, two: NodeJS.ProcessEnv): Promise<void> {
  const entry = {
    ...{ did: 'completed', target: 'http://m/MAAS', name: 'img', architecture: 'a', set: 's', file: '/x' },
    sha256: 'a'.repeat(64),
  };
  await Promise.all([
    record(entry as never, one, () => {}),
    record({ ...entry, name: 'other' } as never, two, () => {}),
  ]);
  for (const env of [one, two]) {
    await exchangeLedger(env, 'now');
    expect((await readLedger(env)).map(({ name }) => name).sort()).toEqual(['img', 'other']);
  }
}
