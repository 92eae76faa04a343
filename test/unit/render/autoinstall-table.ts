/**
 * The part of subiquity's answer file that this project uses, as a JSON schema of our own: sections, keys and types as
 * subiquity's controllers declare them (autoinstall_schema, server/jammy of 2023 and main of August 2026), storage actions as curtin's
 * block/schemas.py does, with subiquity's size -1 for the rest of the disk. Anything else is refused here, also what subiquity
 * takes: a new key is looked up first. `SUBIQUITY_CHECKOUT` and `CURTIN_CHECKOUT` name checkouts of the real ones (autoinstall.test.ts).
 */
const text = { type: 'string', minLength: 1 };
const yes = { type: 'boolean' };
const commands = {
  type: 'array',
  items: { type: ['string', 'array'], items: { type: 'string' } },
};

function section(properties: Record<string, object>, ...required: string[]): object {
  return { type: 'object', additionalProperties: false, properties, required };
}

function action(type: string, properties: Record<string, object>, ...required: string[]): object {
  return section({ type: { const: type }, id: text, ...properties }, 'type', 'id', ...required);
}

const preserve = { const: false };
const wipe = { enum: ['random', 'superblock', 'superblock-recursive', 'zero'] };
const disk = action(
  'disk',
  {
    ...{ path: { type: 'string', pattern: '^/dev/[^/]+(/.*)?$' }, ptable: { enum: ['gpt', 'msdos', 'dos'] } },
    ...{ wipe, preserve, grub_device: yes },
  },
  'path',
);
const partition = action(
  'partition',
  {
    ...{
      device: text,
      number: { type: 'integer', minimum: 1 },
      flag: { enum: ['boot', 'bios_grub', 'swap'] },
    },
    size: {
      anyOf: [
        { const: -1 },
        { type: 'integer', minimum: 1 },
        { type: 'string', pattern: '^[1-9]\\d*[KMGT]$' },
      ],
    },
    ...{ wipe, preserve, grub_device: yes },
  },
  'device',
  'size',
);
const format = action(
  'format',
  { volume: text, fstype: { enum: ['ext4', 'fat32'] }, preserve },
  'volume',
  'fstype',
);
const mount = action('mount', { device: text, path: { type: 'string', pattern: '^/' } }, 'device', 'path');

export const AUTOINSTALL = section(
  {
    version: { const: 1 },
    'refresh-installer': section({ update: yes, channel: text }),
    locale: text,
    keyboard: section(
      { layout: text, variant: { type: 'string' }, toggle: { type: ['string', 'null'] } },
      'layout',
    ),
    network: section({ version: { const: 2 }, ethernets: { type: 'object' } }, 'version'),
    apt: section({ geoip: yes, fallback: { enum: ['abort', 'continue-anyway', 'offline-install'] } }),
    storage: section({
      swap: section({ size: { const: 0 } }),
      grub: section({ reorder_uefi: yes }),
      config: { type: 'array', items: { anyOf: [disk, partition, format, mount] } },
    }),
    ssh: section({
      'install-server': yes,
      'allow-pw': yes,
      'authorized-keys': { type: 'array', items: text },
    }),
    // Cloud-config of the installed system; without it subiquity wants `identity`, which makes a user.
    'user-data': section({ users: { type: 'array', maxItems: 0 } }, 'users'),
    'error-commands': commands,
    'late-commands': commands,
    shutdown: { enum: ['reboot', 'poweroff'] },
  },
  'version',
  'storage',
  'user-data',
);
