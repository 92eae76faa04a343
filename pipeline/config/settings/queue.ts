import { path, text } from '../kinds.ts';
import { oneOf } from '../mapping.ts';
import { setting } from '../setting.ts';
import type { SecretSource } from './store.ts';

const URL_ACCEPTED = 'a URL such as rediss://queue.example:6379/0, without a password';

const PASSWORD = {
  environment: setting({
    kind: text({
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      accepts: 'the name of a variable, such as DGXOS_MAAS_QUEUE_PASSWORD',
    }),
    help: 'Name of the variable with the password.',
  }),
  file: setting({ kind: path(), help: 'File with the password.' }),
};

/** A user may be in the URL, a password never: it would be in files, in lists of processes and in histories of shells. */
function wrongUrl(given: string): { message?: string; accepts: string } | null {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^rediss?:\/\//i.test(given) || url.hostname === '') return { accepts: URL_ACCEPTED };
  if (url.password !== '')
    return { message: 'the URL of the queue contains a password', accepts: URL_ACCEPTED };
  return /^(?:\/\d{0,4})?$/.test(url.pathname) && !url.search && !url.hash ? null : { accepts: URL_ACCEPTED };
}

/** The queue by which builds are given to workers. */
export const QUEUE = {
  place: setting({
    kind: { ...text(undefined, wrongUrl), accepts: URL_ACCEPTED },
    default: null,
    help: 'redis:// or rediss:// (TLS) URL of the queue; builds run on its workers.',
    variable: 'DGXOS_MAAS_QUEUE',
    flag: '--queue <url>',
    example: 'rediss://queue.example:6379/0',
  }),
  user: setting({
    kind: text({ pattern: '^[^\\x00-\\x20]+$', accepts: 'a name without blanks' }),
    default: null,
    defaultText: 'that of the URL',
    help: 'User name (ACL) at Redis.',
    example: 'builder',
  }),
  password: setting({
    kind: oneOf(PASSWORD, {
      read: (name, value): SecretSource =>
        name === 'environment' ? { from: name, variable: value } : { from: name, path: value },
      write: (token) => [token.from, token.from === 'environment' ? token.variable : token.path],
    }),
    default: { from: 'environment', variable: 'DGXOS_MAAS_QUEUE_PASSWORD' },
    defaultText: 'the variable DGXOS_MAAS_QUEUE_PASSWORD',
    help: 'environment or file with the password; never the password itself.',
    example: { environment: 'DGXOS_MAAS_QUEUE_PASSWORD' },
  }),
  ca_cert: setting({
    kind: path(),
    default: null,
    help: "PEM file of the CA that signed Redis' certificate.",
    example: 'ca.pem',
  }),
};
