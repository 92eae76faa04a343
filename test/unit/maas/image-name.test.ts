import { describe, expect, test } from 'vitest';
import { nameProblem } from '../../../pipeline/config/image-name.ts';

describe('names that MAAS takes and deploys', () => {
  test.each([
    'custom/dgx1-5.0',
    'dgx1-5.0',
    'custom/dgx1-5.0-20261122-1a2b3c4',
    'custom/DGX-1',
    'custom/a',
    '5.0',
    'custom/x_y+z~1',
    // MAAS compares letter by letter.
    'custom/Ubuntu',
    'custom/centos100',
    'custom/ubuntu-focal',
    `custom/${'a'.repeat(248)}`,
  ])('%s', (name) => expect(nameProblem(name)).toBeUndefined());
});

// From the forms of 2.8, 3.1, 3.5.13 and 3.8 (clean_name), and get_working_kernel, get_curtin_image for what deploys.
describe('names that it refuses, fails on, or takes and cannot deploy', () => {
  test.each([
    ['ubuntu/x', /Ubuntu's own images.*never deploys/, 'custom/x'],
    ['ubuntu/focal', /never deploys/, 'custom/focal-1'],
    ['Ubuntu/x', /never deploys/, 'custom/x'],
    ['centos/x', /rules of centos/, 'custom/x'],
    ['rhel/8', /rules of rhel/, 'custom/8'],
    ['windows/x', /rules of windows/, 'custom/x'],
    ['ol/9', /rules of ol/, 'custom/9'],
    ['esxi/7.0', /rules of esxi/, 'custom/7.0'],
    ['suse/sles15', /rules of suse/, 'custom/sles15'],
    ['ubuntu-core/x', /rules of ubuntu-core/, 'custom/x'],
    ['caringo/x', /rules of caringo/, 'custom/x'],
    ['onie/x', /rules of onie/, 'custom/x'],
    ['bootloader/x', /rules of bootloader/, 'custom/x'],
    ['foo/bar', /no operating system "foo"/, 'custom/bar'],
    ['CUSTOM/x', /lower case/, 'custom/x'],
    ['custom/x/y', /2 slashes.*fails/, 'custom/y'],
    ['custom/x/', /2 slashes/, 'custom/x'],
    ['custom//x', /2 slashes/, 'custom/x'],
    ['custom/', /ends with a slash/, 'custom/dgx1-5.0'],
    ['x/', /ends with a slash/, 'custom/x'],
    ['/x', /no operating system ""/, 'custom/x'],
    ['', /needs a name/, 'custom/dgx1-5.0'],
    ['   ', /needs a name/, 'custom/dgx1-5.0'],
    ['a b', /letters, digits/, 'custom/a-b'],
    ['custom/my image', /letters, digits/, 'custom/my-image'],
    ['custom/a\tb', /letters, digits/, 'custom/a-b'],
    ['custom/a:b', /letters, digits/, 'custom/a-b'],
    ['custom/a*', /letters, digits/, 'custom/a'],
    ['custom/a%20b', /letters, digits/, 'custom/a-20b'],
    ['custom/a?b#c', /letters, digits/, 'custom/a-b-c'],
    ['custom/grüße', /letters, digits/, 'custom/gr-e'],
    ['custom/..', /letters, digits/, 'custom/dgx-1'],
    ['custom/-x', /letters, digits/, 'custom/x'],
    ['ubuntu', /reserves the name/, 'custom/ubuntu-1'],
    ['custom/custom', /reserves the name/, 'custom/dgx1-5.0'],
    ['custom/jammy', /reserves the name/, 'custom/jammy-1'],
    ['custom/windows', /reserves the name/, 'custom/windows-1'],
    ['centos7', /reserves the name/, 'custom/centos7-1'],
    ['custom/centos79', /reserves the name/, 'custom/centos79-1'],
    [`custom/${'a'.repeat(249)}`, /256 characters/, `custom/${'a'.repeat(200)}`],
  ])('%j', (name, message, better) => {
    expect(nameProblem(name)?.message).toMatch(message);
    expect(nameProblem(name)?.better).toBe(better);
    expect(nameProblem(better)).toBeUndefined();
  });
});
