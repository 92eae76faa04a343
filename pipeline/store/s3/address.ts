/** A place in S3 as a configuration names it. */
export interface S3Settings {
  /** URL of the server; null: AWS in the region. */
  endpoint: string | null;
  region: string;
  /** Null: where a bucket's name cannot be a part of the server's, or a server is named. */
  pathStyle: boolean | null;
}

export interface S3Address {
  /** The URL of the bucket, without a slash at its end. */
  bucket: string;
  /** Before each key: empty, or with a slash at its end. */
  prefix: string;
  region: string;
}

const PLACE = /^s3:\/\/([^/]+)\/?(.*)$/i;
/** Names that can be a part of a host's and have a certificate of `*.s3…`. */
const OF_HOST = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** @param place `s3://bucket/prefix`, of the form that the configuration accepts */
export function s3Address(place: string, { endpoint, region, pathStyle }: S3Settings): S3Address {
  const [, bucket = '', path = ''] = PLACE.exec(place) ?? [];
  const url = new URL(
    endpoint ?? `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
  );
  const base = url.pathname.replace(/\/+$/, '');
  const inPath = pathStyle ?? (endpoint !== null || !OF_HOST.test(bucket));
  const host = inPath ? url.host : `${bucket}.${url.host}`;
  const prefix = path.split('/').filter((name) => name !== '');
  return {
    bucket: `${url.protocol}//${host}${base}${inPath ? `/${bucket}` : ''}`,
    prefix: prefix.map((name) => `${name}/`).join(''),
    region,
  };
}
