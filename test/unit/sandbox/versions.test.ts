import { describe, expect, test } from 'vitest';
import { traitsOf, VERSIONS } from '../../../sandbox/versions.ts';

describe('the versions of MAAS', () => {
  test('run from 2.8 to 3.8', () => {
    expect(VERSIONS).toEqual(['2.8', '2.9', '3.0', '3.1', '3.2', '3.3', '3.4', '3.5', '3.6', '3.7', '3.8']);
    for (const version of VERSIONS) expect(traitsOf(version).release.startsWith(`${version}.`)).toBe(true);
  });

  test('keep images as large objects, then as files, then as files that are appended to', () => {
    const storages = VERSIONS.map((version) => traitsOf(version).storage);
    expect(storages).toEqual([...Array(7).fill('shared'), 'partial', 'partial', 'partial', 'appended']);
  });

  test('a release can be named: 3.5.0 and 3.5.1 do not show the name on disk', () => {
    expect(traitsOf('3.4.10')).toMatchObject({ release: '3.4.10', version: '3.4' });
    const shown = ['3.4', '3.5.0', '3.5.1', '3.5.2', '3.5.3', '3.5', '3.6.0', '3.7'];
    expect(shown.filter((version) => traitsOf(version).filenameOnDisk)).toEqual(shown.slice(3));
  });

  test.each(['', '3', '3.4.99', '3.5.x', '3.5.3.1', '4.0.0', 'latest', 'constructor'])(
    '%j is none of them',
    (version) => {
      expect(() => traitsOf(version)).toThrow('does not know MAAS');
    },
  );
});
