import { describe, expect, it } from 'vitest';
import { curtin, curtinOfWords } from '../../../pipeline/config/settings/curtin.ts';
import { load } from './written.ts';

const SUM = 'a'.repeat(64);
const MIRROR = 'http://archive.ubuntu.com/ubuntu';
const archive = { from: 'archive', mirror: MIRROR, keyring: null };

describe('rehearsal.curtin', () => {
  it.each([
    ['a/curtin', { from: 'folder', path: '/base/a/curtin' }],
    [['a'], { from: 'folder', path: '/base/a' }],
    [{ path: '/abs' }, { from: 'folder', path: '/abs' }],
    ['p.deb', { from: 'debs', debs: [{ at: '/base/p.deb', sha256: null }] }],
    [{ deb: 'p.deb' }, { from: 'debs', debs: [{ at: '/base/p.deb', sha256: null }] }],
    [
      ['p.deb', `http://m/c.deb#sha256=${SUM}`],
      {
        from: 'debs',
        debs: [
          { at: '/base/p.deb', sha256: null },
          { at: 'http://m/c.deb', sha256: SUM },
        ],
      },
    ],
    [{ deb: 'https://m/p.deb' }, { from: 'debs', debs: [{ at: 'https://m/p.deb', sha256: null }] }],
    [
      { version: '23.1.1-0ubuntu1~22.04.1', mirror: `${MIRROR}/`, suite: 'jammy-updates' },
      { ...archive, version: '23.1.1-0ubuntu1~22.04.1', suites: ['jammy-updates'] },
    ],
    [
      { version: '1:2', mirror: MIRROR, suite: ['noble', 'noble-updates'], keyring: 'k.gpg' },
      { ...archive, version: '1:2', suites: ['noble', 'noble-updates'], keyring: '/base/k.gpg' },
    ],
    [
      { version: '2', mirror: MIRROR, suite: 'noble', keyring: 'none' },
      { ...archive, version: '2', suites: ['noble'], keyring: 'none' },
    ],
  ] as const)('%j', (written, value) => {
    const given = written as Parameters<typeof curtin.read>[0];
    expect(curtin.problems?.(given, ['curtin'])).toEqual([]);
    const read = curtin.read(given, '/base');
    expect(read).toEqual(value);
    expect(curtin.read(curtin.write(read), '/other')).toEqual(value);
  });

  it.each([
    ['http://m/p.deb', 'needs its sum'],
    ['https://m/p.deb#sha256=AB', '64 hexadecimal digits'],
    ['https://m/curtin.tar', 'not that of a .deb file'],
    [['a', 'b.deb'], 'a is not a .deb file'],
    [['a', 'b'], 'a is not a .deb file'],
    [{}, 'none of them'],
    [{ path: 'a', deb: 'b.deb' }, 'more than one'],
    [{ path: 'a', mirror: MIRROR }, 'are for version'],
    [{ deb: 'a' }, 'not a .deb file'],
    [{ version: '1' }, 'needs a mirror'],
    [{ version: '1', mirror: MIRROR }, 'needs a suite'],
    [{ version: 'a b', mirror: MIRROR, suite: 'noble' }, 'not a version'],
    [{ version: '1', mirror: 'http://user:secret@m/ubuntu', suite: 'noble' }, 'not such a URL'],
    [{ version: '1', mirror: `${MIRROR} noble main\ndeb x`, suite: 'noble' }, 'not such a URL'],
    [{ version: '1', mirror: MIRROR, suite: ['noble', 'a b'] }, 'not a name'],
  ] as const)('%j is refused: %s', (written, said) => {
    const [problem] = curtin.problems!(written as Parameters<typeof curtin.read>[0], ['curtin']);
    expect(problem?.message).toContain(said);
    expect(problem?.message).not.toContain('secret');
  });

  it('of the file is refused with its line', async () => {
    const text = `images: {}\nrehearsal:\n  curtin: { version: "1" }\n`;
    await expect(load(text)).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: { line: 3 } });
  });
});

describe('--curtin', () => {
  it.each([
    [['a'], ['a']],
    [
      ['p.deb', 'c.deb'],
      ['p.deb', 'c.deb'],
    ],
    [[`version=23,mirror=${MIRROR},suite=noble`], { version: '23', mirror: MIRROR, suite: ['noble'] }],
    [
      ['version=23', `mirror=${MIRROR}`, 'suite=noble', 'suite=jammy', 'keyring=k'],
      { version: '23', mirror: MIRROR, suite: ['noble', 'jammy'], keyring: 'k' },
    ],
    [['version=23'], undefined],
    [['version=23,version=24', `mirror=${MIRROR}`, 'suite=noble'], undefined],
    [['version=23,constructor=1'], undefined],
    [['a', 'b'], undefined],
  ] as const)('%j', (words, written) => {
    expect(curtinOfWords(words)).toEqual(written);
  });

  it('the variable takes the first of several folders, and a version', () => {
    expect(curtin.parse?.('/a:/b')).toBe('/a');
    expect(curtin.parse?.(`version=23,mirror=${MIRROR},suite=noble`)).toMatchObject({ version: '23' });
    expect(curtin.parse?.('http://m/p.deb')).toBeUndefined();
  });
});
