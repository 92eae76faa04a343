import { duration, path, text } from '../kinds.ts';
import { maasUrl } from '../maas-url.ts';
import { MAAS_URL_ACCEPTED, maasUrlProblem } from '../maas-url-problem.ts';
import { oneOf } from '../mapping.ts';
import { setting } from '../setting.ts';

/** The source of an API key; the key itself is never part of a configuration. */
export type KeySource =
  | { from: 'environment'; variable: string }
  | { from: 'file'; path: string }
  | { from: 'profile'; profile: string };

const KEY = {
  environment: setting({
    kind: text({
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      accepts: 'the name of a variable, such as MAAS_API_KEY',
    }),
    help: 'Name of the variable with the key.',
  }),
  file: setting({ kind: path(), help: 'File with the key.' }),
  profile: setting({ kind: text(), help: 'Profile of the maas command (~/.maascli.db).' }),
};

/** One MAAS server. */
export const TARGET = {
  url: setting({
    kind: { ...text(undefined, maasUrlProblem), accepts: MAAS_URL_ACCEPTED, read: maasUrl },
    required: true,
    help: 'Its URL, such as http://maas.example:5240/MAAS.',
    implied: 'MAAS_API_URL',
    isPublic: true,
    example: 'http://maas.example:5240/MAAS',
  }),
  key: setting({
    kind: oneOf(KEY, {
      read: (name, value): KeySource =>
        name === 'environment'
          ? { from: name, variable: value }
          : name === 'file'
            ? { from: name, path: value }
            : { from: name, profile: value },
      write: (key) => [
        key.from,
        key.from === 'environment' ? key.variable : key.from === 'file' ? key.path : key.profile,
      ],
    }),
    default: { from: 'environment', variable: 'MAAS_API_KEY' },
    defaultText: 'the variable MAAS_API_KEY',
    help: 'environment, file or profile with the API key; never the key itself.',
    implied: 'MAAS_API_KEY',
    example: { environment: 'MAAS_API_KEY' },
  }),
  ca_cert: setting({
    kind: path(),
    default: null,
    help: "PEM file of the CA that signed the server's certificate.",
    implied: 'MAAS_API_CACERT',
    isPublic: true,
    example: 'ca.pem',
  }),
  patience: setting({
    // 0s: what fails once is given up.
    kind: duration('zero too'),
    as: 'patienceS',
    default: 7200,
    isPublic: true,
    help: 'Time without progress after which an upload gives up.',
  }),
};
