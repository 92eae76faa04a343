import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aptState, installed, parseDpkgStatus } from '../../../pipeline/image/parsers/dpkg-status.ts';
import { AptRoot } from './apt-root.ts';

let root: AptRoot;
beforeAll(() => {
  root = new AptRoot();
});
afterAll(() => root.remove());

const STATES = [
  'half-installed',
  'unpacked',
  'half-configured',
  'triggers-awaited',
  'triggers-pending',
  'installed',
  'config-files',
];
const MATRIX = STATES.flatMap((state) =>
  ['install ok', 'install reinstreq', 'hold ok', 'deinstall ok'].map((want) => `${want} ${state}`),
);

describe('a package that is', () => {
  it.each(MATRIX)('%s stands with apt-get as we say', (status) => {
    const stanza = (name: string, is: string) =>
      `Package: ${name}\nStatus: ${is}\nArchitecture: amd64\nVersion: 1\nMaintainer: a\nConfig-Version: 1\nDescription: x\n\n`;
    root.put('var/lib/dpkg/status', stanza('x', status) + stanza('y', 'install ok installed'));
    const check = root.run('apt-get', 'check');
    const next = root.run('apt-get', '-s', 'install', 'y');
    const [x] = parseDpkgStatus(stanza('x', status));
    const state = aptState(x!);
    expect(check.ok, check.out).toBe(state !== 'stops');
    // Of a package on hold that is half-installed apt says nothing.
    if (check.ok && status !== 'hold ok half-installed')
      expect(/1 not fully installed/.test(next.out)).toBe(state === 'unfinished');
    if (installed(x!)) expect(next.out).not.toContain('not fully');
  });
});
