import { describe, expect, test } from 'vitest';
import { rangeHeaders, readRange } from '../../../pipeline/host/http/range.ts';
import { nextHop } from '../../../pipeline/host/http/redirect.ts';
import { retryAfterS } from '../../../pipeline/host/http/retry-budget.ts';

const head = (status: number, headers: Record<string, string>) => ({
  status,
  headers: { get: (name: string) => headers[name] ?? null },
});

test.each([
  [{ etag: '"a"', lastModified: 'd' }, '"a"'],
  [{ etag: 'W/"a"', lastModified: 'd' }, 'd'],
  [{ etag: 'W/"a"', lastModified: null }, undefined],
  [{ etag: null, lastModified: null }, undefined],
  [undefined, undefined],
])('If-Range is a strong ETag, else the date: %j', (known, sent) => {
  expect(rangeHeaders(7, known)).toEqual({ Range: 'bytes=7-', ...(sent ? { 'If-Range': sent } : {}) });
  expect(rangeHeaders(0, known)).toEqual({});
});

const KNOWN = { etag: '"a"', lastModified: 'd' };
test.each<[number, Record<string, string>, typeof KNOWN | undefined, object | undefined]>([
  [200, { 'content-length': '9' }, KNOWN, { part: 'whole', total: 9 }],
  [200, {}, KNOWN, { part: 'whole', total: undefined }],
  [206, { 'content-range': 'bytes 5-8/9' }, KNOWN, { part: 'rest', total: 9 }],
  [206, { 'content-range': 'bytes 5-6/9' }, KNOWN, { part: 'rest', total: 9 }],
  [206, { 'content-range': 'bytes 5-8/*' }, KNOWN, { part: 'rest', total: undefined }],
  [206, { 'content-range': 'bytes 4-8/9' }, KNOWN, { part: 'other' }],
  [206, { 'content-range': 'bytes 5-4/9' }, KNOWN, { part: 'other' }],
  [206, { 'content-range': 'bytes 5-9/9' }, KNOWN, { part: 'other' }],
  [206, { 'content-range': 'bytes */9' }, KNOWN, { part: 'other' }],
  [206, { 'content-range': 'items 5-8/9' }, KNOWN, { part: 'other' }],
  [206, {}, KNOWN, { part: 'other' }],
  [206, { 'content-range': 'bytes 5-8/9', etag: '"b"' }, KNOWN, { part: 'other' }],
  [206, { 'content-range': 'bytes 5-8/9', etag: '"a"', 'last-modified': 'e' }, KNOWN, { part: 'rest' }],
  [206, { 'content-range': 'bytes 5-8/9', 'last-modified': 'e' }, KNOWN, { part: 'other' }],
  [206, { 'content-range': 'bytes 5-8/9', etag: '"b"' }, undefined, { part: 'rest' }],
  [416, { 'content-range': 'bytes */5' }, KNOWN, { part: 'nothing' }],
  [416, { 'content-range': 'bytes */7' }, KNOWN, { part: 'other' }],
  [416, {}, KNOWN, { part: 'other' }],
  [404, {}, KNOWN, undefined],
  [204, {}, KNOWN, undefined],
])('%i %j to bytes=5-', (status, headers, known, read) => {
  const found = readRange(head(status, headers), 5, known);
  if (read === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(read);
});

test.each([
  ['3', 3],
  ['0', 0],
  [new Date(Date.now() + 60_500).toUTCString(), 60],
  [new Date(0).toUTCString(), 0],
  ['soon', undefined],
  ['-1', undefined],
  ['', undefined],
  [null, undefined],
])('Retry-After %s', (header, seconds) => {
  const found = retryAfterS(header);
  if (seconds === undefined) expect(found).toBeUndefined();
  else expect(Math.abs(found! - seconds)).toBeLessThan(2);
});

describe('redirects', () => {
  const from = (url: string) => ({
    url: new URL(url),
    headers: { Authorization: 'Basic eDp5', cookie: 'c', Accept: 'a' },
  });
  const to = (url: string, location: string, status = 302) => nextHop(from(url), head(status, { location }));

  test.each([
    ['http://h/a', '/b', 'http://h/b', true],
    ['http://h/a', 'http://h:80/b', 'http://h/b', true],
    ['http://h/a', 'http://h:81/b', 'http://h:81/b', false],
    ['http://h/a', 'http://sub.h/b', 'http://sub.h/b', false],
    ['http://h/a', 'https://h/b', 'https://h/b', false],
    ['https://h/a', '//other/b', 'https://other/b', false],
    ['http://h/a', 'HTTP://H/b', 'http://h/b', true],
    ['http://h/a', '?x=1#f', 'http://h/a?x=1', true],
  ])('%s to %s: credentials %s', (url, location, next, kept) => {
    expect(to(url, location)).toEqual({
      url: new URL(next),
      headers: kept ? from(url).headers : { Accept: 'a' },
    });
  });

  test('credentials in the new place are for it', () => {
    expect(to('http://h/a', 'http://jo:hunter2@other/b')).toEqual({
      url: new URL('http://other/b'),
      headers: { Accept: 'a', Authorization: `Basic ${Buffer.from('jo:hunter2').toString('base64')}` },
    });
  });

  test.each([
    ['https://h/a', 'http://h/b', 'from https to http'],
    ['https://h/a', 'http://other/b', 'from https to http'],
    ['http://h/a', 'ftp://h/b', 'to ftp:'],
    ['http://h/a', 'file:///etc/passwd', 'to file:'],
    ['http://h/a', 'http://', 'not a URL'],
  ])('%s to %s is not followed', (url, location, why) => {
    expect(to(url, location)).toMatchObject({ kind: 'redirect', message: expect.stringContaining(why) });
  });

  test.each([200, 300, 304, 305, 404])('%i with a Location is an answer', (status) => {
    expect(to('http://h/a', '/b', status)).toBeUndefined();
  });
});
