import { describe, expect, test } from 'vitest';
import { urlFault } from '../../../pipeline/maas/site/web-url.ts';
import { isWebUrl } from '../../../sandbox/site/web-url.ts';
import fc from '../../property.ts';

/** Each was given to forms.URLField().clean of Django 3.2.25 as Debian 12 has it (python3-django), the one of MAAS 3.3 to 3.5. */
const ASKED: [string, boolean][] = [
  ['http://proxy:3128', false],
  ['http://proxy:3128/', false],
  ['http://localhost:8000/', true],
  ['http://proxy.example:3128/', true],
  ['http://proxy.lan1:3128/', false],
  ['http://proxy.k8s/', false],
  ['http://10.0.0.1:3128', true],
  ['http://10.0.0.256', false],
  ['http://010.0.0.1/', false],
  ['http://[fe80::1]:3128/', true],
  ['http://[::g]/', false],
  ['http://[::1]', true],
  ['http://proxy.example:', false],
  ['http://proxy.example:1', false],
  ['http://proxy.example:123456', false],
  ['http://proxy_1.example/', false],
  ['http://-a.example/', false],
  ['http://a-.example/', false],
  ['http://a.example-/', false],
  ['http://a.b-c/', true],
  ['http://a.b', false],
  ['http://a.bc', true],
  ['http://a.bc.', true],
  ['http://xn--a.xn--p1ai/', true],
  ['http://user:pw@proxy.example/', true],
  ['http://user:p@w@proxy.example/', false],
  ['http://user:p/w@proxy.example/', false],
  ['http://proxy.example/a b', false],
  ['http://proxy.example?x', true],
  ['http://proxy.example#x', true],
  ['ftp://proxy.example/', true],
  ['socks5://proxy.example/', false],
  ['HTTP://Proxy.Example/', true],
  ['http://é.example/', true],
  ['http://proxy.exampleé/', true],
  ['http://proxy..example/', false],
  ['http://.example/', false],
  ['http://1.2.3/', false],
  ['http://123/', false],
  ['http://1.2.3.4.5/', false],
  ['http://a.1/', false],
  ['http:///x', false],
  ['http://', false],
  ['http://proxy.local', true],
  ['http://proxy.internal:3128', true],
  ['http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/', true],
  ['http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/', false],
  [
    'http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/',
    false,
  ],
  ['http://0.0.0.0/', true],
  ['http://1.2.3.04/', false],
  ['http://user@proxy.example', true],
  ['http://:pw@proxy.example', false],
  ['http://user:@proxy.example/', true],
  ['http://[::ffff:1.2.3.4]/', true],
  ['http://[fe80::1%25eth0]/', false],
  ['http://localhost.', false],
  ['http://LOCALHOST/', true],
  ['http://localhosts/', false],
  ['http://proxy.example:03128/', true],
  ['http://a.b.c.de:80?x', true],
  ['http://proxy.example\\x', false],
  ['http://proxy.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', true],
  ['http://proxy.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false],
  ['http://localhost?@a', true],
  ['http://localhost#@a', true],
  ['http://a.bc?x@y', true],
  ['http://localhost?x:y@a.bc', true],
  ['http://a@localhost?@b', true],
  ['http://proxy.e', false],
  ['http://proxy.e-e', true],
  ['http://proxy.e2e', false],
];

const taken = (url: string) => urlFault(url) === undefined;

describe.each([
  ['the client', taken],
  ['the sandbox', isWebUrl],
])('%s takes a URL where MAAS takes it', (_, takes) => {
  test.each(ASKED)('%s: %s', (url, expected) => expect(takes(url)).toBe(expected));

  test('of any length in time', () => {
    const started = performance.now();
    for (const text of [`http://${'a-'.repeat(1e6)}`, `http://${'a.'.repeat(1e6)}b/`, '@'.repeat(1e6)])
      expect(takes(text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('a URL', () => {
  test('that is not taken: the client says why', () => {
    expect(urlFault('http://proxy:3128/')).toContain('no domain');
    expect(urlFault('http://proxy.lan1/')).toContain('".lan1"');
    expect(urlFault('socks5://proxy.example/')).toContain('socks5://');
  });

  test('is judged by client and sandbox alike, which share no code', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        'b-c',
        'example',
        'xn--p1ai',
        'é',
        'e2e',
        '1',
        '10',
        '-',
        '.',
        '..',
        ':',
        ':80',
        '@',
        '/',
        '?',
        '#',
      ],
      ...['[', ']', '::1', '[::1]', '10.0.0.1', '.example', 'localhost', ' ', '_', '%', '\\'],
    );
    const scheme = fc.constantFrom('http://', 'HTTPS://', 'ftp://', 'socks5://', 'http:/', '');
    fc.assert(
      fc.property(scheme, fc.array(piece, { maxLength: 7 }), (start, pieces) => {
        const url = start + pieces.join('');
        expect(isWebUrl(url), url).toBe(taken(url));
      }),
      { numRuns: 3000 },
    );
  });
});
