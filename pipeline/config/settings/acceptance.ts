import { BASTION_ACCEPTED, parseBastion } from '../../host/ssh/bastion.ts';
import { count, duration, keyPath, list, path, text } from '../kinds.ts';
import { section, setting } from '../setting.ts';

const names = () => list(text(), { unique: true, accepts: 'a list of names' });

/** Settings of the acceptance on a machine; in the file itself, and in every image. */
export const ACCEPTANCE = {
  machines: setting({
    kind: names(),
    default: [],
    help: 'Machines that may be used, by name or pattern (gpu-test-*).',
    details: 'The first one that is Ready is used.',
    example: ['gpu-test-*'],
  }),
  tags: setting({
    kind: names(),
    default: [],
    help: 'Tags in MAAS that a machine must have, all of them.',
    example: ['image-test'],
  }),
  checks: setting({
    kind: path(),
    as: 'checksFile',
    default: null,
    defaultText: 'those that come with dgxos-maas',
    help: 'YAML file with the checks.',
    flag: '--checks <file>',
    details: 'See docs/acceptance.md.',
    example: 'acceptance.yaml',
  }),
  wait: setting({
    kind: duration(),
    as: 'waitS',
    default: 1800,
    help: 'Longest wait for a free machine.',
  }),
  ssh: section({
    help: 'The ssh connection to the deployed machine.',
    fields: {
      user: setting({
        kind: text({ pattern: '^[a-z_][a-z0-9_-]*$', accepts: 'a user name, such as ubuntu' }),
        default: 'ubuntu',
        help: 'The user that cloud-init creates.',
      }),
      port: setting({
        kind: count(1, 65_535),
        default: 22,
        help: 'Port of ssh on the machines.',
        flag: '--ssh-port <port>',
      }),
      key_file: setting({
        kind: keyPath(),
        default: null,
        defaultText: "the agent's keys and your default ones",
        help: 'Private key without passphrase.',
        details: 'Its public half must be among the SSH keys of the MAAS user.',
        example: '~/.ssh/id_ed25519',
      }),
      bastion: setting({
        kind: {
          ...text(undefined, (given) => (parseBastion(given) ? null : { accepts: BASTION_ACCEPTED })),
          accepts: BASTION_ACCEPTED,
        },
        default: null,
        help: 'The ssh jump host, [user@]host[:port].',
        example: 'admin@bastion.example',
      }),
      timeout: setting({
        kind: duration(),
        as: 'timeoutS',
        default: 900,
        help: 'Time from Deployed until the machine must have answered.',
      }),
    },
  }),
};
