import { choice, list, path, text, yesNo } from '../kinds.ts';
import { mapping } from '../mapping.ts';
import { ISO_ACCEPTED, isIsoSource, isoSource } from '../paths.ts';
import { type Kind, section, setting } from '../setting.ts';
import { ACCEPTANCE } from './acceptance.ts';
import { ARCHIVE, mirrors } from './archive.ts';
import { NO_SUM, sha256 } from './pinned.ts';
import { REHEARSAL } from './rehearsal.ts';
import { RESOURCE } from './resource.ts';
import { VM } from './vm.ts';

const IMAGE_PATH_ACCEPTED = 'the absolute path of a file in the image, without . and ..';

const imagePath = text(undefined, (given) => {
  const steps = given.split('/').slice(1);
  const absolute =
    given.startsWith('/') && steps.every((step) => step !== '' && step !== '.' && step !== '..');
  return absolute ? null : { accepts: IMAGE_PATH_ACCEPTED };
});

const mode: Kind<string, string> = {
  ...text({ pattern: '^[0-7]{3,4}$', accepts: 'an octal mode in quotes, such as "0644"' }),
  read: (written) => written.padStart(4, '0'),
};

const lateCommands: Kind<Record<string, string | string[]>, Record<string, string | string[]>> = {
  schema: {
    type: 'object',
    propertyNames: {
      pattern: '^[0-9]{2}_[A-Za-z0-9][A-Za-z0-9_-]*$',
      patternErrorMessage: 'two digits that give the order, an underscore and a name, such as 50_motd',
    },
    additionalProperties: {
      description: 'An argv list, or one line for the shell.',
      type: ['string', 'array'],
      minLength: 1,
      minItems: 1,
      items: { type: 'string' },
    },
  },
  accepts: 'a mapping from NN_name to an argv list or one line for the shell',
  read: (written) => written,
  write: (value) => value,
};

/** One file to copy into the image. */
const FILE = {
  source: setting({ kind: path(), required: true, help: 'Path on this host.', example: 'files/site.crt' }),
  path: setting({
    kind: { ...imagePath, accepts: IMAGE_PATH_ACCEPTED },
    required: true,
    help: 'Absolute path in the image.',
    example: '/usr/local/share/ca-certificates/site.crt',
  }),
  mode: setting({ kind: mode, default: '0644', help: 'Mode of the file, octal and in quotes.' }),
  owner: setting({
    kind: text({
      pattern: '^[a-z0-9_][a-z0-9_-]*:[a-z0-9_][a-z0-9_-]*$',
      accepts: 'user:group in quotes, such as "0:0" or "root:adm"',
    }),
    default: '0:0',
    help: 'Owner as user:group, by number or by name in the image.',
  }),
};

/** One image. */
export const IMAGE = {
  release: setting({
    kind: text(),
    required: true,
    help: 'The DGX OS release, such as dgxos5.',
    example: ({ release }) => release.id,
    note: ({ releases }) => `A release of the catalogue: ${releases.join(', ')}`,
  }),
  platform: setting({
    kind: text({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      accepts: 'a platform such as dgx1, dgx2 or dgx_a100',
    }),
    required: true,
    help: 'A platform of the ISO or the release, such as dgx1, dgx2 or dgx_a100.',
    example: ({ release }) => Object.keys(release.platforms)[0]!,
    note: ({ release }) =>
      `Known: ${Object.keys(release.platforms).join(', ')}${release.openPlatforms ? '; the ISO may have others.' : '.'}`,
  }),
  version: setting({
    kind: text({ pattern: '^[A-Za-z0-9][A-Za-z0-9._+~-]*$', accepts: 'a version in quotes, such as "5.0"' }),
    required: true,
    help: 'The version you give the image, in quotes; placeholder {version}.',
    example: ({ release }) => /\d+\.\d+/.exec(release.iso?.knownIsos[0]?.file ?? '')?.[0] ?? '1.0',
  }),
  iso: section({
    help: 'The installation medium. An image has either this or `archive`.',
    inTemplate: ({ release }) => (release.iso ? 'live' : 'left out'),
    fields: {
      source: setting({
        kind: {
          ...text(undefined, (given) => (isIsoSource(given) ? null : { accepts: ISO_ACCEPTED })),
          accepts: ISO_ACCEPTED,
          read: isoSource,
        },
        default: '',
        help: 'Path or http(s) URL of the installer ISO.',
        details: 'Required unless the flag or the variable is set.',
        flag: '--iso <path-or-url>',
        variable: 'DGXOS_MAAS_ISO_<IMAGE>',
        example: ({ release }) => release.iso?.knownIsos[0]?.file ?? 'installer.iso',
      }),
      sha256: setting({
        kind: sha256,
        required: true,
        default: null,
        help: 'SHA-256 of the whole ISO, as its source publishes it.',
        example: ({ release }) => release.iso?.knownIsos[0]?.sha256 ?? NO_SUM,
        note: ({ release }) =>
          release.iso?.knownIsos.length
            ? 'Compare it with the sha256 that came with your download.'
            : 'Put the output of sha256sum here; zeros never match.',
      }),
    },
  }),
  archive: section({
    help: 'The two files that an installation from archives starts from. An image has either this or `iso`.',
    inTemplate: ({ release }) => (release.iso ? 'left out' : 'live'),
    fields: ARCHIVE,
  }),
  mirrors: setting({
    kind: mirrors,
    default: {},
    help: 'Mirrors that apt uses in place of archives, by the beginning of the URL.',
    details: 'Used only while an image is installed from archives; the image itself names the archives.',
    example: { 'https://repo.download.nvidia.com': 'http://mirror.example/nvidia' },
  }),
  accept_eula: setting({
    kind: yesNo(),
    default: false,
    help: "Consent to NVIDIA's licence for the installed software.",
    details: "Without it no image of NVIDIA's releases is built.",
    example: true,
    inTemplate: ({ release, licenceAccepted }) =>
      release.licence === null ? 'left out' : licenceAccepted ? 'live' : 'commented',
  }),
  preview: setting({
    kind: yesNo(),
    default: false,
    help: 'Consent to an image of a release that is a preview.',
    example: true,
    inTemplate: ({ release }) => (release.archive?.preview ? 'commented' : 'left out'),
  }),
  install: setting({
    kind: choice('auto', 'vm', 'namespace', 'archive'),
    default: 'auto',
    help: 'vm: in a virtual machine; namespace: without one; archive: without an ISO either.',
    details:
      'auto: archive for an image with `archive:`; for one with `iso:` it takes a VM where KVM works or a setting asks for one (accelerator, boot: typed, pack: packer-maas), else namespaces where the ISO and the host allow them.',
    flag: '--install <way>',
    variable: 'DGXOS_MAAS_INSTALL',
  }),
  vm: section({ help: 'The virtual machine that installs the image.', fields: VM }),
  packages: setting({
    kind: list(
      text({
        pattern: '^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](:[a-z0-9]+)?([=/][A-Za-z0-9.+:~-]+)?$',
        accepts: 'a Debian package, such as htop or htop=2.2.0-2build1',
      }),
      { accepts: 'a list of Debian packages, such as htop or htop=2.2.0-2build1' },
    ),
    default: [],
    help: "Packages added to those of the release, from the ISO's repository or Ubuntu's archives.",
    example: ['htop'],
  }),
  late_commands: setting({
    kind: lateCommands,
    default: {},
    help: "Curtin late commands, run after the installer's own in the order of their keys.",
    example: {
      '50_motd': ['curtin', 'in-target', '--', 'sh', '-c', 'echo built by dgxos-maas > /etc/motd'],
    },
  }),
  files: setting({
    kind: list(mapping(FILE), { accepts: 'a list of mappings' }),
    default: [],
    help: 'Files copied into the image.',
  }),
  pack: setting({
    kind: choice('guest', 'packer-maas'),
    default: 'guest',
    help: "packer-maas runs upstream's scripts (root, nbd).",
    details: 'guest: the VM writes its root as a tar, and the host needs no privileges.',
  }),
  compression: section({
    help: 'Trade-off between size and time.',
    details: 'A single word instead sets the level.',
    inline: true,
    shorthand: 'level',
    fields: {
      level: setting({
        kind: choice('fast', 'normal', 'small'),
        as: 'compression',
        default: 'normal',
        help: 'Compression: a smaller image takes longer.',
      }),
      members: setting({
        kind: choice('many', 'single'),
        as: 'gzipMembers',
        default: 'many',
        help: 'Members of the gzip; single is for programs that stop reading after the first.',
      }),
    },
  }),
  resource: section({
    help: 'The boot resource in MAAS. Placeholders: {release} {platform} {version} {architecture} {date} {digest}.',
    fields: RESOURCE,
  }),
  upload: setting({
    kind: list(text(), { unique: true, accepts: 'a list of names' }),
    // With one MAAS there is nothing to choose; with several nothing goes anywhere unasked.
    default: ({ targets }) => (targets.length === 1 ? [...targets] : []),
    defaultText: 'the only target, if there is one only',
    help: 'Names of targets to upload to.',
    example: ['lab'],
  }),
  acceptance: section({
    help: "Overrides the file's own `acceptance`, key by key.",
    inherits: ['acceptance'],
    fields: ACCEPTANCE,
  }),
  rehearsal: section({
    help: "Overrides the file's own `rehearsal`, key by key.",
    inherits: ['rehearsal'],
    fields: REHEARSAL,
  }),
};
