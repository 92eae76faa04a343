import { expect, test } from 'vitest';
import { apiUrl, endpointOf, maasUrl } from '../../../pipeline/config/maas-url.ts';

test.each([
  'http://maas:5240/MAAS',
  'http://maas:5240/MAAS/',
  'http://maas:5240/MAAS/api/2.0',
  'http://maas:5240/MAAS/api/2.0/',
  'http://maas:5240',
  'http://maas:5240/',
  ' http://maas:5240/MAAS// ',
])('%s is one and the same MAAS', (text) => {
  expect(maasUrl(text)).toBe('http://maas:5240/MAAS');
});

test('a MAAS behind a path of its own keeps it', () => {
  expect(maasUrl('https://site/r2/MAAS/')).toBe('https://site/r2/MAAS');
});

test.each(['maas:5240/MAAS', 'ftp://maas/MAAS', 'http://me:pw@maas/MAAS', 'http://maas/MAAS?x=1', ''])(
  '%s is refused',
  (text) => {
    expect(() => maasUrl(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  },
);

test('an upload_uri is followed below our own URL, wherever the server thinks it stands', () => {
  const path = endpointOf('/MAAS/api/2.0/boot-resources/3/upload/9/');
  expect(apiUrl('https://site/r2/MAAS', path)).toBe(
    'https://site/r2/MAAS/api/2.0/boot-resources/3/upload/9/',
  );
  expect(apiUrl('http://maas/MAAS', endpointOf('http://evil/MAAS/api/2.0/x/'))).toBe(
    'http://maas/MAAS/api/2.0/x/',
  );
});
