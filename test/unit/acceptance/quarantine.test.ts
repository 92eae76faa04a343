import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import {
  acceptanceStateOf,
  acceptedBefore,
  checkPromotable,
} from '../../../pipeline/maas/acceptance/quarantine.ts';
import type { LedgerEntry } from '../../../pipeline/workspace/ledger/ledger.ts';

const entry = (did: LedgerEntry['did'], more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...{
    time: '2026-11-23T03:00:00.000Z',
    did,
    target: 'lab',
    resourceId: 1,
    name: 'dgx1-a',
    architecture: 'amd64/generic',
  },
  ...{
    set: '20261123',
    sha256: 'a',
    size: 1,
    title: '',
    baseImage: '',
    filetype: 'tgz',
    file: '/f',
    validated: true,
  },
  ...{ image: 'dgx1', machine: 'gpu-1', checks: 'c' },
  ...more,
});

describe('the state of an artifact', () => {
  it.each([
    ['untried', []],
    ['untried', [entry('completed'), entry('promoted')]],
    ['accepted', [entry('accepted')]],
    ['quarantined', [entry('accepted'), entry('quarantined')]],
    ['accepted', [entry('quarantined'), entry('accepted')]],
    // A failure in the lab is not outweighed by another MAAS.
    ['quarantined', [entry('quarantined'), entry('accepted', { target: 'prod' })]],
    // The content counts, not its name.
    ['quarantined', [entry('quarantined', { name: 'other' })]],
    ['untried', [entry('quarantined', { sha256: 'b' })]],
  ] as const)('%s', (state, ledger) => {
    expect(acceptanceStateOf(ledger, 'a').state).toBe(state);
  });
});

it('the gate says who failed where, and what can be done', () => {
  const ledger = [entry('completed'), entry('quarantined')];
  expect(() => checkPromotable(ledger, entry('completed'), {})).toThrow(
    /dgx1-a failed its acceptance on gpu-1 of lab \(2026-11-23 03:00 UTC\)/,
  );
  try {
    checkPromotable(ledger, entry('completed'), {});
  } catch (error) {
    // The newest upload may be another one by now.
    expect((error as Fault).hint).toContain('accept dgx1 --build dgx1-a --to TARGET');
  }
  checkPromotable(ledger, entry('completed'), { quarantined: true });
  checkPromotable([], entry('completed'), {});
  expect(() => checkPromotable([], entry('completed'), { requireAccepted: true })).toThrow('never tested');
});

it('an acceptance stands for the same content, checks and MAAS, until one fails', () => {
  const wanted = { sha256: 'a', target: 'lab', checks: 'c' };
  expect(acceptedBefore([entry('accepted')], wanted)).toBeDefined();
  expect(acceptedBefore([entry('accepted')], { ...wanted, checks: 'd' })).toBeUndefined();
  expect(acceptedBefore([entry('accepted')], { ...wanted, target: 'prod' })).toBeUndefined();
  expect(acceptedBefore([entry('accepted')], { ...wanted, sha256: 'b' })).toBeUndefined();
  expect(acceptedBefore([entry('accepted'), entry('quarantined')], wanted)).toBeUndefined();
});
