import { expect, test } from 'vitest';
import { redact } from '../../../pipeline/core/secrets/registry.ts';
import { parseSource } from '../../../pipeline/install/iso/source.ts';
import fc from '../../property.ts';

test('credentials of a URL go into a header and are never shown', () => {
  const url = 'https://jo:pass%40word%2F1@host:8443/isos/DGXOS-5.0.0.iso?token=0123456789abcdef0123#x';
  const source = parseSource(url);
  expect(source).toEqual({
    kind: 'url',
    url: 'https://host:8443/isos/DGXOS-5.0.0.iso?token=0123456789abcdef0123',
    shown: 'https://host:8443/isos/DGXOS-5.0.0.iso',
    name: 'DGXOS-5.0.0.iso',
    headers: { Authorization: `Basic ${Buffer.from('jo:pass@word/1').toString('base64')}` },
  });
  expect(redact(`${JSON.stringify(source)} pass@word/1`)).not.toMatch(/pass@word|0123456789abcdef|am86/);
});

test('file: URLs and paths', () => {
  expect(parseSource('file:///srv/a%20b.iso')).toEqual({ kind: 'path', path: '/srv/a b.iso' });
  expect(parseSource('C.iso')).toEqual({ kind: 'path', path: 'C.iso' });
});

test('an invalid URL is refused without repeating it; a stray percent sign is none', () => {
  expect(() => parseSource('https://jo:secretword@[/x')).toThrow(
    expect.objectContaining({ code: 'ISO_NOT_FOUND', message: expect.not.stringContaining('secretword') }),
  );
  expect(parseSource('http://u%zz:p@h/100%.iso')).toMatchObject({ name: '100_.iso' });
});

test('any URL gives one safe file name', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), fc.string({ unit: 'binary' }), (url, tail) => {
      const source = parseSource(`${url.split('?')[0]}/${encodeURIComponent(tail)}`);
      if (source.kind !== 'url') throw new Error('a URL');
      expect(source.name).toMatch(/^[\w.+-]+$/);
      expect(source.name).not.toMatch(/^\.+$/);
    }),
  );
});
