import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { STORE } from '../../../pipeline/config/settings/store.ts';
import { s3Address } from '../../../pipeline/store/s3/address.ts';
import { errorCode, explainS3 } from '../../../pipeline/store/s3/explain.ts';
import { signatureOf } from '../../../pipeline/store/s3/sign.ts';

// The examples that AWS publishes ("Signature Calculations for the Authorization Header", Amazon S3 API Reference).
const KEYS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
};
const AT = new Date('2013-05-24T00:00:00Z');
const HOST = 'https://examplebucket.s3.amazonaws.com';
const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const signed = (method: string, url: string, headers = {}, sha256?: string) =>
  signatureOf({ method, url: new URL(url), headers, sha256 }, KEYS, 'us-east-1', AT).Authorization;

describe('a signature', () => {
  it.each([
    [
      'of a PUT',
      'PUT',
      '/test$file.text',
      { Date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      digest('Welcome to Amazon S3.'),
      /98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd$/,
    ],
    [
      'of a bucket',
      'GET',
      '/?lifecycle',
      {},
      undefined,
      /fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543$/,
    ],
    [
      'of a listing',
      'GET',
      '/?max-keys=2&prefix=J',
      {},
      undefined,
      /34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/,
    ],
  ])('%s is that of the published example', (_, method, path, headers, sha256, expected) => {
    const header = signed(method, `${HOST}${path}`, headers, sha256);
    expect(header).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/20130524\/us-east-1\/s3\/aws4_request, /,
    );
    expect(header).toMatch(expected);
  });

  it('has the token of a session, and no header of the connection', () => {
    const headers = signatureOf(
      { method: 'PUT', url: new URL(`${HOST}/x`), headers: { 'If-None-Match': '*' }, sha256: digest('x') },
      { ...KEYS, sessionToken: 'a-token' },
      'us-east-1',
    );
    expect(
      Object.keys(headers)
        .map((name) => name.toLowerCase())
        .sort(),
    ).toEqual([...['authorization', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token']]);
    expect(headers.Authorization).toContain('if-none-match');
    expect(JSON.stringify(headers)).not.toContain(KEYS.secretAccessKey);
  });
});

describe('an address', () => {
  const none = { endpoint: null, region: 'eu-central-1', pathStyle: null };
  it.each([
    ['s3://cache/a/b', none, 'https://cache.s3.eu-central-1.amazonaws.com', 'a/b/'],
    ['s3://cache', none, 'https://cache.s3.eu-central-1.amazonaws.com', ''],
    ['s3://cache/', none, 'https://cache.s3.eu-central-1.amazonaws.com', ''],
    [
      'S3://cache/a/',
      { ...none, region: 'cn-north-1' },
      'https://cache.s3.cn-north-1.amazonaws.com.cn',
      'a/',
    ],
    // The certificate of AWS is not for names with more dots.
    ['s3://my.cache/a', none, 'https://s3.eu-central-1.amazonaws.com/my.cache', 'a/'],
    ['s3://cache/a', { ...none, pathStyle: true }, 'https://s3.eu-central-1.amazonaws.com/cache', 'a/'],
    ['s3://cache/a', { ...none, endpoint: 'http://minio:9000/' }, 'http://minio:9000/cache', 'a/'],
    [
      's3://cache/a',
      { ...none, endpoint: 'https://host/storage/v1/s3' },
      'https://host/storage/v1/s3/cache',
      'a/',
    ],
    [
      's3://cache/a',
      { ...none, endpoint: 'https://s3.example:8443', pathStyle: false },
      'https://cache.s3.example:8443',
      'a/',
    ],
  ])('%s with %j is %s', (place, settings, bucket, prefix) => {
    expect(s3Address(place, settings)).toMatchObject({ bucket, prefix });
  });

  it.each([
    ['s3://cache', true],
    ['s3://Old_Bucket.name/a-b/c.d/', true],
    ["s3://cache/a!b/(c)'*", true],
    ['s3://', false],
    ['s3://c', false],
    ['s3:///a', false],
    ['s3://cache/../x', false],
    ['s3://cache/./x', false],
    ['s3://cache//x', false],
    ['s3://cache/a b', false],
    ['s3://cache/a%2fb', false],
    ['s3://cache/a?b', false],
    ['s3://cache/a#b', false],
    ['s3://key:secret@cache/a', false],
    ['s3://cache:9000/a', false],
    ['s3://cache/\u00e4', false],
    ['gs://cache/a', false],
  ])('%j is accepted: %s', (place, accepted) => {
    expect(STORE.place.kind.parse?.(place) === place).toBe(accepted);
  });
});

describe('an answer', () => {
  const explained = (status: number, code: string | null, headers: Record<string, string> = {}, more = '') =>
    explainS3(
      { status, headers: { get: (name: string) => headers[name] ?? null } },
      code === null
        ? ''
        : `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>M</Message>${more}</Error>`,
    );

  it.each([
    [301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-3' }, '', /region: eu-west-3/],
    // HEAD has no body.
    [301, null, { 'x-amz-bucket-region': 'eu-west-3' }, '', /region: eu-west-3/],
    [400, 'AuthorizationHeaderMalformed', {}, '<Region>us-west-2</Region>', /region: us-west-2/],
    [307, 'TemporaryRedirect', {}, '', /to the region of the bucket/],
    [301, 'PermanentRedirect', { 'x-amz-bucket-region': '`rm -rf`' }, '', /to the region of the bucket/],
    [403, 'AccessDenied', {}, '', /s3:ListBucket/],
    [403, null, {}, '', /s3:ListBucket/],
    [403, 'SignatureDoesNotMatch', {}, '', /secret/],
    [400, 'ExpiredToken', {}, '', /last as long as the longest build/],
    [403, 'RequestTimeTooSkewed', {}, '', /by more than 15 minutes/],
  ])('%i %s has a hint', (status, code, headers, more, hint) => {
    const { hint: given, temporary } = explained(status, code, headers, more);
    expect(given).toMatch(hint);
    expect(temporary).toBeUndefined();
  });

  it.each(['SlowDown', 'RequestTimeout', 'OperationAborted', 'ConditionalRequestConflict', 'InternalError'])(
    '%s passes, whatever its status is',
    (code) => {
      expect(explained(400, code).temporary).toBe(true);
    },
  );

  it('of a full server, or of a missing bucket, is not that of a file', () => {
    expect(explained(403, 'QuotaExceeded').full).toBe(true);
    expect(explained(404, 'NoSuchBucket').everything).toBe(true);
    expect(explained(404, 'NoSuchKey').everything).toBe(false);
  });

  it('names no text of the server but a word', () => {
    expect(errorCode('<Error><Code>\x1b[31mX</Code></Error>')).toBeUndefined();
    expect(errorCode(`<Error><Code>${'a'.repeat(65)}</Code></Error>`)).toBeUndefined();
    expect(errorCode('<html>502</html>')).toBeUndefined();
    expect(errorCode('')).toBeUndefined();
  });
});
