import { describe, expect, test } from 'vitest';
import {
  channelHistory,
  channelName,
  channelNames,
  channelsOf,
  checkChannel,
  emptyChannel,
  shownInstead,
  shownSince,
} from '../../../pipeline/workspace/ledger/channel.ts';
import { uploadOf } from '../../../pipeline/workspace/ledger/upload-of.ts';
import { noted, TARGET } from '../images/entries.ts';

const IMAGE = {
  ...{ name: 'dgx1', release: 'dgxos5', platform: 'dgx1', version: '5.0' },
  resource: { name: 'custom/dgx1-{version}-{date}.{digest}', architecture: 'amd64/generic' },
};
const STABLE = 'dgx1-5.0-stable';
const shown = (sha256: string, more: object = {}) => noted(STABLE, 9, { did: 'promoted', sha256, ...more });
const back = (more: object = {}) => noted(STABLE, 9, { did: 'rolled-back', ...more });
const ELSEWHERE = { target: 'http://elsewhere/MAAS' };

describe('a channel', () => {
  test('has a name of the image without what differs from build to build', () => {
    expect(channelName(IMAGE, 'stable')).toBe(STABLE);
    for (const bad of ['', 'Stable', '.x', 'a b', 'a-b'])
      expect(() => checkChannel(bad)).toThrow('not a name');
    for (const good of ['stable', '5.1', 'a_b']) checkChannel(good);
  });

  test('shows what was promoted last, and going back takes that away', () => {
    const history = (...ledger: ReturnType<typeof noted>[]) =>
      channelHistory(ledger, TARGET, STABLE).map(({ sha256 }) => sha256);
    expect(history(shown('a'), shown('b'), shown('b'))).toEqual(['a', 'b']);
    expect(history(shown('a'), shown('b'), back())).toEqual(['a']);
    expect(history(shown('a'), shown('b'), back(), back(), back(), shown('c'))).toEqual(['c']);
    expect(history(shown('a'), shown('b', ELSEWHERE), back(ELSEWHERE), shown('c', { name: 'x' }))).toEqual([
      'a',
    ]);
    expect(history(shown('a'), noted(STABLE, 9, { sha256: 'b' }))).toEqual(['a']);
  });

  test('is known by what was promoted on that MAAS from that image', () => {
    const ledger = [
      shown('a'),
      shown('b', { name: 'dgx1-5.0-beta' }),
      shown('b', { name: 'other-stable', image: 'other' }),
      shown('b', { name: 'dgx1-4.0-old' }),
      shown('b', { name: 'dgx1-5.0-elsewhere', ...ELSEWHERE }),
      noted('dgx1-5.0-upload', 1),
    ];
    expect(channelsOf(ledger, TARGET, IMAGE)).toEqual(['beta', 'stable']);
    expect([...channelNames(ledger, TARGET)]).toEqual([
      STABLE,
      'dgx1-5.0-beta',
      'other-stable',
      'dgx1-4.0-old',
    ]);
  });

  test('that has nothing says what was meant, and which there are', () => {
    expect(emptyChannel([shown('a')], TARGET, IMAGE, 'stabel')).toMatchObject({
      code: 'MAAS_NOT_FOUND',
      message: expect.stringMatching(/\. Did you mean "stable"\?$/),
      hint: expect.stringContaining('The channels of dgx1 on it: stable.'),
    });
    expect(emptyChannel([shown('a')], TARGET, IMAGE, 'stable').message).not.toContain('Did you mean');
    expect(emptyChannel([], TARGET, IMAGE, 'stable').hint).toContain('dgx1 has no channel on it yet.');
  });

  test('holds now another build than one that it has held before', () => {
    const ledger = [shown('a'), shown('b')];
    const now = (sha256: string, all = ledger) => [
      shownSince(all, TARGET, STABLE, sha256)?.sha256,
      shownInstead(all, TARGET, STABLE, sha256)?.sha256,
    ];
    expect(now('a')).toEqual(['b', 'b']);
    expect(now('b')).toEqual(['b', undefined]);
    expect(now('c')).toEqual([undefined, undefined]);
    expect(now('a', [shown('a', ELSEWHERE), shown('b')])).toEqual([undefined, undefined]);
    expect(now('a', [shown('a', { name: 'x' }), shown('b')])).toEqual([undefined, undefined]);
    expect(now('a', [noted(STABLE, 9, { sha256: 'a' }), shown('b')])).toEqual([undefined, undefined]);
  });
});

describe('the upload of an image', () => {
  const LEDGER = [
    noted('dgx1-5.0-a', 1),
    noted('dgx1-5.0-b', 2, { did: 'found' }),
    noted('dgx1-5.0-c', 3, { did: 'started' }),
    noted('dgx1-5.0-d', 4, ELSEWHERE),
    noted('other', 5, { image: 'other' }),
    noted(STABLE, 6),
    shown('x'),
  ];
  const name = (version?: string) => uploadOf(LEDGER, TARGET, 'dgx1', version).name;

  test('is the newest that is whole, and no channel', () => expect(name()).toBe('dgx1-5.0-b'));

  test('is the one that is named, also when it is a channel', () => {
    expect(name('dgx1-5.0-a')).toBe('dgx1-5.0-a');
    expect(name('custom/dgx1-5.0-a')).toBe('dgx1-5.0-a');
    expect(name(STABLE)).toBe(STABLE);
  });

  test.each(['dgx1-5.0-c', 'dgx1-5.0-d', 'other'])('is not %s', (version) => {
    expect(() => name(version)).toThrow(`no record of an upload of dgx1 as ${version} to ${TARGET}`);
  });

  test('names those there are, or how to make one', () => {
    const fault = (ledger: typeof LEDGER) => {
      try {
        return uploadOf(ledger, TARGET, 'dgx1', 'x');
      } catch (error) {
        return error;
      }
    };
    expect(fault(LEDGER)).toMatchObject({ hint: `There are: dgx1-5.0-a, dgx1-5.0-b, ${STABLE}` });
    expect(fault([])).toMatchObject({ hint: 'dgxos-maas upload dgx1' });
  });
});
