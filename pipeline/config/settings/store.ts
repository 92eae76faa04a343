import { keyPath, list, path, text, yesNo } from '../kinds.ts';
import { oneOf } from '../mapping.ts';
import { isIsoSource, isoSource } from '../paths.ts';
import { section, setting } from '../setting.ts';

/** The source of a password or token; it is never part of a configuration. */
export type SecretSource = { from: 'environment'; variable: string } | { from: 'file'; path: string };

const SECRET = {
  environment: setting({
    kind: text({
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      accepts: 'the name of a variable, such as DGXOS_MAAS_STORE_TOKEN',
    }),
    help: 'Name of the variable with the token.',
  }),
  file: setting({ kind: path(), help: 'File with the token.' }),
};

const PLACE_ACCEPTED = 'a path, a URL with http or https, or s3://bucket/prefix';
/** Names of buckets, also older ones; in a prefix the characters that S3 calls safe. */
const S3_PLACE = /^s3:\/\/[A-Za-z0-9][\w.-]{1,253}[A-Za-z0-9](?:\/(?!\.{1,2}(?:\/|$))[\w.!*'()-]+)*\/?$/i;

const ENDPOINT_ACCEPTED =
  'a URL with http or https, such as https://s3.example, without credentials or a query';

/** Whether a text is the URL of a server alone, perhaps with a path. */
export function isEndpoint(given: string): boolean {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return false;
  return [url.username, url.password, url.search, url.hash].every((part) => part === '');
}

/** The store in which builders share the results of stages. */
export const STORE = {
  place: setting({
    kind: {
      ...text(undefined, (given) =>
        isIsoSource(given) || S3_PLACE.test(given) ? null : { accepts: PLACE_ACCEPTED },
      ),
      accepts: PLACE_ACCEPTED,
      read: isoSource,
    },
    default: null,
    help: 'Folder, http(s) URL of a server that accepts PUT, or s3://bucket/prefix.',
    variable: 'DGXOS_MAAS_STORE',
    example: '/srv/dgxos-maas/store',
  }),
  user: setting({
    kind: text({ pattern: '^[^:\\x00-\\x1f]+$', accepts: 'a name without a colon' }),
    default: null,
    help: 'User name at the server, with the token as its password.',
    details: 'In S3 the access key, with the token as its secret.',
    example: 'builder',
  }),
  token: setting({
    kind: oneOf(SECRET, {
      read: (name, value): SecretSource =>
        name === 'environment' ? { from: name, variable: value } : { from: name, path: value },
      write: (token) => [token.from, token.from === 'environment' ? token.variable : token.path],
    }),
    default: { from: 'environment', variable: 'DGXOS_MAAS_STORE_TOKEN' },
    defaultText: 'the variable DGXOS_MAAS_STORE_TOKEN',
    help: 'environment or file with the token of the server; never the token itself.',
    example: { environment: 'DGXOS_MAAS_STORE_TOKEN' },
  }),
  ca_cert: setting({
    kind: path(),
    default: null,
    help: "PEM file of the CA that signed the server's certificate.",
    example: 'ca.pem',
  }),
  s3: section({
    help: 'The server of a store in S3.',
    fields: {
      endpoint: setting({
        kind: {
          ...text(undefined, (given) => (isEndpoint(given) ? null : { accepts: ENDPOINT_ACCEPTED })),
          accepts: ENDPOINT_ACCEPTED,
        },
        default: null,
        defaultText: 'the variable AWS_ENDPOINT_URL_S3, else AWS in the region',
        help: 'URL of a server that answers as S3 does.',
        example: 'https://s3.example',
      }),
      region: setting({
        kind: text({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', accepts: 'a region, such as eu-central-1' }),
        default: null,
        defaultText: 'the variable AWS_REGION, else us-east-1',
        help: 'Region of the bucket, which requests are signed for.',
        example: 'eu-central-1',
      }),
      path_style: setting({
        kind: yesNo(),
        default: null,
        defaultText: 'true with `endpoint`, or where the name of the bucket cannot be part of that of a host',
        help: 'Whether the bucket is part of the path (https://server/bucket), not of the host.',
        example: true,
      }),
    },
  }),
  read_only: setting({
    kind: yesNo(),
    default: false,
    help: 'Fetches results from the store, but stores none.',
  }),
  signing: section({
    help: 'Signatures of results: only those signed by a key of this section count. Without it signatures are not checked.',
    fields: {
      key_file: setting({
        kind: keyPath(),
        default: null,
        help: 'Private Ed25519 key in PEM that signs the results of this builder.',
        details:
          'Without it a builder that checks signatures stores none. Its public half is one of those that count.',
        example: 'keys/builder.pem',
      }),
      public_keys: setting({
        kind: list(path(), { unique: true, accepts: 'a list of paths' }),
        default: [],
        help: 'Public Ed25519 keys in PEM of other builders.',
        example: ['keys/other-builder.pem.pub'],
      }),
    },
  }),
};
