import { expect, test } from 'vitest';
import { parseVersion } from '../../../pipeline/maas/api/version.ts';
import { type Renewal, renewalOf, warningOf } from '../../../pipeline/maas/images/renew.ts';
import type { StoredSet } from '../../../pipeline/maas/images/stored.ts';
import type { LedgerEntry } from '../../../pipeline/workspace/ledger/ledger.ts';
import { inMaas, noted, TARGET } from './entries.ts';

const set = (version: string, sha256: string, complete = true): StoredSet => ({
  ...{ version, sha256, complete },
  size: 1000,
  stored: 1000,
});
const NEW = set('20261122', 'new');
const OLD = set('20261101', 'old');
const promoted = (sha256: string, more: Partial<LedgerEntry> = {}) =>
  noted('dgx1-stable', 1, { did: 'promoted', sha256, of: 'dgx1-5.0', ...more });

/** The renewal of a channel that has these sets, beside an image that has others. */
const renewal = (version: string, sets: StoredSet[], beside: StoredSet[], ledger = [promoted('new')]) => {
  const channel = inMaas('dgx1-stable', 1, { sets });
  return renewalOf(
    channel,
    [channel, inMaas('dgx1-5.0', 2, { sets: beside })],
    ledger,
    TARGET,
    parseVersion(version)!,
  );
};

const SHARED =
  'MAAS 3.8 would write the shared file of this data again: no image that shares it could be deployed meanwhile';
const ALONE = 'its data is not complete under another name that could be deployed meanwhile';
const STRANGE = 'the current build was not promoted from this host';

test.each<[string, Parameters<typeof renewal>, Partial<Renewal> | undefined]>([
  ['up to 3.4', ['3.4.9', [NEW, OLD], []], { oldSets: 1, frees: 1000, how: 'at-once' }],
  [
    'from 3.5, where its data is under another name',
    ['3.5.0', [NEW, OLD], [NEW]],
    { oldSets: 1, frees: 1000, how: 'sent-again' },
  ],
  ['to 3.7', ['3.7.5', [NEW, OLD], [NEW]], { oldSets: 1, frees: 1000, how: 'sent-again' }],
  ['not from 3.5 without another name', ['3.5.0', [NEW, OLD], []], { how: 'never', why: ALONE }],
  [
    'not where the other name has it in part',
    ['3.5.0', [NEW, OLD], [set('1', 'new', false)]],
    { how: 'never', why: ALONE },
  ],
  ['not where the other name has other data', ['3.5.0', [NEW, OLD], [OLD]], { how: 'never', why: ALONE }],
  ['not from 3.8', ['3.8.0', [NEW, OLD], [NEW]], { how: 'never', why: SHARED }],
  [
    'not with data of another host',
    ['3.4.0', [NEW, OLD], [], [promoted('other')]],
    { how: 'never', why: STRANGE },
  ],
  [
    'by the last promotion',
    ['3.4.0', [NEW, OLD], [], [promoted('old'), promoted('new')]],
    { how: 'at-once' },
  ],
  ['not without a promotion', ['3.4.0', [NEW, OLD], [], []], undefined],
  ['not with one set', ['3.4.0', [NEW], []], undefined],
  [
    'not with two of which none is complete',
    ['3.4.0', [set('2', 'new', false), set('1', 'old', false)], []],
    undefined,
  ],
])('a channel is renewed: %s', (_how, given, expected) => {
  const found = renewal(...given);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(expected);
});

test('a warning comes only where the channel is empty meanwhile', () => {
  const image = inMaas('dgx1-stable', 1, { size: 5_000_000 });
  const warning = (how: Renewal['how'], oldSets: number) =>
    warningOf(image, { how, oldSets, frees: 2_000_000 });
  expect(warning('at-once', 1)).toBeUndefined();
  expect(warning('never', 1)).toBeUndefined();
  expect(warning('sent-again', 1)).toMatch(
    /^dgx1-stable: 1 old set is deleted \(2\.0 MB\)\. Until 5\.0 MB are sent again the channel cannot be deployed/,
  );
  expect(warning('sent-again', 2)).toMatch(/^dgx1-stable: 2 old sets are deleted/);
});
