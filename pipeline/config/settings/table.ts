import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../host/process/package-root.ts';
import { choice, keyPath, path, sizeOrNone } from '../kinds.ts';
import { cacheHome } from '../paths.ts';
import { named, section, setting } from '../setting.ts';
import { GIB } from '../units.ts';
import { ACCEPTANCE } from './acceptance.ts';
import { IMAGE } from './image.ts';
import { MACHINES } from './machines.ts';
import { NIGHTLY } from './nightly.ts';
import { QUEUE } from './queue.ts';
import { REHEARSAL } from './rehearsal.ts';
import { RETENTION } from './retention.ts';
import { STORE } from './store.ts';
import { TARGET } from './target.ts';

/** The submodule of the project that the file belongs to, else of our own clone; an installed package has none. */
function packerMaas(base: string): string {
  const own = join(base, 'packer', 'packer-maas');
  const inClone = existsSync(join(packageRoot(), '.gitmodules'));
  return existsSync(own) || !inClone ? own : join(packageRoot(), 'packer', 'packer-maas');
}

/** Every setting of dgxos-maas.yaml, in the order of the file. */
export const SETTINGS = {
  workspace: setting({
    kind: path(),
    default: ({ base }) => join(base, '.dgxos-maas'),
    defaultText: '.dgxos-maas beside the file',
    help: 'Folder for work and artifacts.',
    flag: '--workspace <dir>',
    variable: 'DGXOS_MAAS_WORKSPACE',
    example: '.dgxos-maas',
  }),
  cache: setting({
    kind: path(),
    default: ({ env }) => join(cacheHome(env), 'dgxos-maas'),
    defaultText: '$XDG_CACHE_HOME/dgxos-maas',
    help: 'Folder for downloaded ISOs, packages, layers and compressed members, shared by workspaces.',
    variable: 'DGXOS_MAAS_CACHE',
    example: '~/.cache/dgxos-maas',
  }),
  cache_layers: setting({
    kind: sizeOrNone(),
    default: 20 * GIB,
    help: 'Largest size of all layers in the cache; none: each build starts from the medium.',
    details:
      'A layer is the root as the medium installs it without a VM. A build that differs in packages, files and late commands starts from it. The layer that was used longest ago is deleted first.',
    flag: '--cache-layers <size>',
    example: '40G',
  }),
  cache_members: setting({
    kind: sizeOrNone(),
    default: 10 * GIB,
    help: 'Largest size of all compressed members in the cache; none: each pack compresses everything.',
    details:
      'A pack takes the parts of its tar that an earlier one of any image has compressed; the artifact is the same. Those that were used longest ago are deleted first.',
    example: '20G',
  }),
  packer_maas: setting({
    kind: path(),
    default: ({ base }) => packerMaas(base),
    defaultText: "packer/packer-maas beside the file, else the one of dgxos-maas' clone",
    help: 'Checkout of DeepOps/packer-maas.',
    variable: 'DGXOS_MAAS_PACKER_MAAS',
    example: 'packer/packer-maas',
  }),
  store: section({
    help: 'Folder or server in which builders share the results of stages.',
    details: 'A folder or a URL alone may replace the mapping.',
    shorthand: 'place',
    fields: STORE,
  }),
  ledger: setting({
    kind: choice('local', 'store'),
    default: 'local',
    help: 'Ledger of uploads, acceptances and channels: of this host, or shared in the store.',
    details:
      '`store` needs `store:`; every builder then knows what the others have uploaded, accepted and promoted.',
    example: 'store',
  }),
  queue: section({
    help: 'Redis through which `nightly` gives builds to other hosts, see `dgxos-maas worker`.',
    details: 'A URL alone may replace the mapping.',
    shorthand: 'place',
    fields: QUEUE,
  }),
  waivers: setting({
    kind: path(),
    default: null,
    help: 'YAML file with the findings that this site accepts.',
    details: 'A list of {check, finding, reason, until: YYYY-MM-DD}. Every verdict lists them.',
    example: 'waivers.yaml',
  }),
  sign: section({
    help: 'Signs every image that is packed; without it images are not signed.',
    fields: {
      key_file: setting({
        kind: keyPath(),
        required: true,
        default: null,
        help: 'Private Ed25519 key in PEM (PKCS #8); `dgxos-maas keygen` creates one.',
        details: 'The passphrase of an encrypted one comes from DGXOS_MAAS_SIGNING_PASSPHRASE.',
        example: 'keys/release.pem',
      }),
    },
  }),
  verify: section({
    help: 'Defaults of `dgxos-maas verify`.',
    fields: {
      public_key: setting({
        kind: path(),
        required: true,
        default: null,
        help: 'Public Ed25519 key in PEM that signatures are checked with.',
        flag: '--key <file>',
        example: 'keys/release.pem.pub',
      }),
    },
  }),
  images: named({
    help: 'Images by name; commands take this name, as in `dgxos-maas run NAME`.',
    entry: { help: 'One image.', fields: IMAGE },
    example: ({ release }) => Object.keys(release.platforms)[0]!,
  }),
  targets: named({
    help: 'MAAS servers by name.',
    details: 'Without any, MAAS_API_URL and MAAS_API_KEY make a target named default.',
    entry: { help: 'One MAAS server.', fields: TARGET },
    example: 'lab',
  }),
  machines: section({
    help: 'Settings of `dgxos-maas machines` for many machines at once.',
    fields: MACHINES,
  }),
  acceptance: section({
    help: 'The test of a new image on a machine, by `dgxos-maas accept` and `run --accept`.',
    details:
      'The machine is deployed and its disks are overwritten. An image may have an `acceptance` of its own, which overrides this one key by key.',
    fields: ACCEPTANCE,
  }),
  rehearsal: section({
    help: 'The deployment of a new image on a virtual machine of this host, by `dgxos-maas rehearse` and `run --rehearse`.',
    details:
      'An image may have a `rehearsal` of its own, which overrides this one key by key. See docs/rehearse.md.',
    fields: REHEARSAL,
  }),
  retention: section({
    help: 'The uploads that `dgxos-maas prune` and `nightly` keep.',
    fields: RETENTION,
  }),
  nightly: section({ help: 'Settings of `dgxos-maas nightly`.', fields: NIGHTLY }),
};
