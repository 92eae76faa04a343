import type { HttpAnswer } from '../../host/http/client.ts';
import type { Explained } from '../server/dialect.ts';

/** Seconds by which AWS lets a clock be wrong. */
const ALLOWED_SKEW_S = 900;

type Head = Pick<HttpAnswer, 'status' | 'headers'>;

const KEYS_HINT =
  'Check the access key and its secret: `store.user` with `store.token`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';

/** Hints by the code of an error; 403 is also that of an answer without a body (HEAD). */
const HINTS: Readonly<Record<string, string>> = {
  AccessDenied:
    'Allow s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix, and s3:ListBucket: without it S3 answers 403 in place of 404.',
  InvalidAccessKeyId: KEYS_HINT,
  SignatureDoesNotMatch: `${KEYS_HINT} A proxy that changes requests has the same effect.`,
  ExpiredToken: 'Take keys that last as long as the longest build, or an account of its own.',
  InvalidToken: 'Set AWS_SESSION_TOKEN to the token of the temporary keys, or take it away.',
  NoSuchBucket: 'Create the bucket, or correct `store.place`.',
  EntityTooLarge: 'Allow larger files at the server.',
  MethodNotAllowed: 'Correct `store.s3.endpoint`: it is not that of an S3 server.',
};
/** Errors that pass although their status is not one of those. */
const PASSING = new Set([
  ...['SlowDown', 'RequestTimeout', 'OperationAborted', 'ConditionalRequestConflict'],
  ...['InternalError', 'ServiceUnavailable', 'Throttling', 'ThrottlingException', 'RequestLimitExceeded'],
]);
const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded']);
/** The bucket is in another region. */
const ELSEWHERE = new Set(['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed']);

/** The code of an error that S3 answers; undefined for any other text. */
export const errorCode = (written: string): string | undefined => field(written, 'Code');

/** The reason of an answer by its headers and its XML, of which the code and the region count. */
export function explainS3({ status, headers }: Head, written: string): Explained {
  const name = errorCode(written);
  const region = headers.get('x-amz-bucket-region') ?? field(written, 'Region');
  if (name === 'RequestTimeTooSkewed')
    return { name, hint: `${clockOff(headers.get('date'))} Keep its clock in step (NTP).` };
  if (status === 301 || status === 307 || (name !== undefined && ELSEWHERE.has(name)))
    return { name, hint: regionHint(region) };
  if (name !== undefined && FULL.has(name))
    return { name, full: true, hint: 'Free some space on the server.' };
  const hint = HINTS[name ?? (status === 403 ? 'AccessDenied' : '')];
  return {
    ...{ name, hint, everything: name === 'NoSuchBucket' },
    ...(name !== undefined && PASSING.has(name) ? { temporary: true } : {}),
  };
}

function regionHint(region: string | null | undefined): string {
  return region && /^[a-z0-9-]{1,40}$/.test(region)
    ? `Set \`store.s3.region: ${region}\`, which is that of the bucket.`
    : 'Set `store.s3.region` to the region of the bucket, and `store.s3.endpoint` to its server.';
}

function clockOff(date: string | null): string {
  const seconds = Math.round((Date.now() - Date.parse(date ?? '')) / 1000);
  if (Number.isNaN(seconds) || Math.abs(seconds) < ALLOWED_SKEW_S)
    return 'The clock of this host differs from that of the server by more than 15 minutes.';
  const minutes = Math.round(Math.abs(seconds) / 60);
  return `The clock of this host is ${minutes} minutes ${seconds > 0 ? 'ahead of' : 'behind'} that of the server.`;
}

/** The text of the first element of a name, where it is a word. */
function field(written: string, name: string): string | undefined {
  return new RegExp(`<${name}>([\\w.-]{1,64})</${name}>`).exec(written)?.[1];
}
