import { keyPath, list, path, text, yesNo } from '../kinds.ts';
import { oneOf } from '../mapping.ts';
import { ISO_ACCEPTED, isIsoSource, isoSource } from '../paths.ts';
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

/** The store in which builders share the results of stages. */
export const STORE = {
  place: setting({
    kind: {
      ...text(undefined, (given) => (isIsoSource(given) ? null : { accepts: ISO_ACCEPTED })),
      accepts: ISO_ACCEPTED,
      read: isoSource,
    },
    default: null,
    help: 'Folder, or http(s) URL of a server that accepts PUT.',
    variable: 'DGXOS_MAAS_STORE',
    example: '/srv/dgxos-maas/store',
  }),
  user: setting({
    kind: text({ pattern: '^[^:\\x00-\\x1f]+$', accepts: 'a name without a colon' }),
    default: null,
    help: 'User name at the server, with the token as its password.',
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
