import { createHash } from 'node:crypto';
import aws4 from 'aws4';
import type { Unsigned } from '../server/dialect.ts';

/** Keys of an account, or temporary ones with the token of their session. */
export interface S3Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}

const EMPTY = createHash('sha256').digest('hex');

/**
 * The headers of a request signed by Signature Version 4, all but Host. The digest of the body is one of them, so that a server takes no
 * other body for it, whether the connection is encrypted or not.
 * @param at of a test; by default the time is that of this host
 */
export function signatureOf(
  { method, url, headers, sha256 }: Unsigned,
  { accessKeyId, secretAccessKey, sessionToken }: S3Keys,
  region: string,
  at?: Date,
): Record<string, string> {
  const { headers: signed = {} } = aws4.sign(
    {
      ...{ service: 's3', region, method, host: url.host, path: url.pathname + url.search },
      headers: {
        ...headers,
        'X-Amz-Content-Sha256': sha256 ?? EMPTY,
        ...(at ? { 'X-Amz-Date': at.toISOString().replace(/[:-]|\.\d{3}/g, '') } : {}),
      },
    },
    { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) },
  );
  const added = Object.entries(signed).filter(([name]) => /^(?:authorization$|x-amz-)/i.test(name));
  return Object.fromEntries(added.map(([name, value]) => [name, String(value)]));
}
