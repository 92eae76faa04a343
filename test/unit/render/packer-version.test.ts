import { describe, expect, it } from 'vitest';
import { atLeast, declaresPlugins, parseVersion } from '../../../pipeline/install/render/packer-version.ts';

describe('the version of Packer', () => {
  it.each([
    ['1.6.6', [1, 6, 6]],
    ['v1.11.0-dev', [1, 11, 0]],
    ['1.7', undefined],
    ['', undefined],
  ])('%j', (text, parts) => expect(parseVersion(text)).toEqual(parts));

  it('compares numbers, not text', () => {
    expect(atLeast('1.10.0', '1.9.0')).toBe(true);
    expect(atLeast('1.6.6', '1.7.0')).toBe(false);
    expect(atLeast('2.0.0', '1.9.9')).toBe(true);
    expect(atLeast('1.7.0', '1.7.0')).toBe(true);
    expect(atLeast('unreadable', '1.0.0')).toBe(false);
  });

  it('declares plugins from 1.7 on', () => {
    expect(['1.6.6', '1.7.0', '1.15.1'].map(declaresPlugins)).toEqual([false, true, true]);
  });
});
