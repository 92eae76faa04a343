import { shellQuoted } from '../../../host/process/shell-word.ts';
import { BOOT_DISK } from '../boot.ts';
import type { ServedFile } from '../files.ts';
import { installerYaml } from '../installer-yaml.ts';
import { type Command, inRoot, sorted, targetSteps } from '../target-steps.ts';
import { readTemplate, renderTemplate } from '../templates.ts';
import type { RenderImage } from '../types.ts';
import type { RenderSubiquity } from './types.ts';

/** The files that the installer fetches. */
export const ANSWERS = 'autoinstall.yaml';

/** subiquity mounts the target there and nowhere else. */
const IN_TARGET = ['curtin', 'in-target', '--target=/target', '--'];

export interface AnswersRequest {
  image: Pick<RenderImage, 'packages' | 'lateCommands'>;
  release: RenderSubiquity;
  files: ServedFile[];
}

/**
 * The answer file: subiquity's sections at the top level, as the medium's preseed wants them, so neither `#cloud-config` nor
 * `autoinstall:`. Nobody is let in: the late commands make the target an image and write it onto the second disk; then the VM ends.
 */
export async function composeAnswers(request: AnswersRequest): Promise<string> {
  const answers = {
    version: 1,
    'refresh-installer': { update: false },
    locale: 'C.UTF-8',
    keyboard: { layout: 'us' },
    network: { version: 2, ethernets: { build: { match: { name: 'e*' }, dhcp4: true } } },
    // Packages of the archive are installed by the late commands; an installation without a network does not fail.
    apt: { geoip: false, fallback: 'offline-install' },
    storage: { swap: { size: 0 }, grub: { reorder_uefi: false }, config: STORAGE },
    ssh: { 'install-server': true, 'allow-pw': false },
    // In the place of `identity`, which would make a user.
    'user-data': { users: [] },
    'error-commands': [['sh', '-c', await readTemplate('subiquity/failed.sh')]],
    'late-commands': await lateCommands(request),
    shutdown: 'poweroff',
  };
  return installerYaml('Rendered by dgxos-maas: answers for the installer of the medium.', answers);
}

/** The root is partition 2. Sizes as curtin reads them; -1 is what is left. */
const STORAGE = [
  {
    ...{ type: 'disk', id: 'disk', path: `/dev/${BOOT_DISK}`, ptable: 'gpt' },
    ...{ wipe: 'superblock-recursive', preserve: false, grub_device: false },
  },
  {
    ...{ type: 'partition', id: 'esp', device: 'disk', number: 1, size: '512M', flag: 'boot' },
    ...{ wipe: 'superblock', preserve: false, grub_device: true },
  },
  { type: 'format', id: 'esp-format', volume: 'esp', fstype: 'fat32', preserve: false },
  {
    ...{ type: 'partition', id: 'root', device: 'disk', number: 2, size: -1 },
    ...{ wipe: 'superblock', preserve: false },
  },
  { type: 'format', id: 'root-format', volume: 'root', fstype: 'ext4', preserve: false },
  { type: 'mount', id: 'root-mount', device: 'root-format', path: '/' },
  { type: 'mount', id: 'esp-mount', device: 'esp-format', path: '/boot/efi' },
];

async function lateCommands({ image, release, files }: AnswersRequest): Promise<string[][]> {
  const { debconf, configParameter } = release;
  const target = async (name: string, ...args: string[]) =>
    inRoot(IN_TARGET, await readTemplate(`subiquity/${name}.sh`), ...args);
  const live = async (name: string): Promise<Command> => [
    'sh',
    '-c',
    await readTemplate(`subiquity/${name}.sh`),
  ];
  const steps: Record<string, Command> = {
    '10_medium': [
      'sh',
      '-c',
      await renderTemplate('subiquity/medium.sh.eta', { repository: shellQuoted(release.repository) }),
    ],
    '30_packages': await target('packages'),
    '40_accounts': await target('accounts'),
    ...(await targetSteps({
      ...{ image, files, configParameter, configFile: ANSWERS, inTarget: IN_TARGET },
    })),
    '59_medium_away': await live('medium-away'),
    '90_hand_over': ['sh', '-c', await readTemplate('hcl/hand-over.sh')],
    '91_done': await live('done'),
  };
  if (debconf.length > 0) {
    const answers = await renderTemplate('subiquity/answers.sh.eta', { debconf: debconf.map(shellQuoted) });
    steps['20_answers'] = inRoot(IN_TARGET, answers);
    steps['21_answers_live'] = [
      'sh',
      '-c',
      `command -v debconf-set-selections > /dev/null || exit 0\n${answers}`,
    ];
    steps['22_licence_accepted'] = await target('licence', 'accepted');
    steps['32_licence_shown'] = await target('licence', 'shown');
  }
  const step = await readTemplate('subiquity/step.sh');
  return Object.entries(sorted(steps)).map(([name, command]) => [
    ...['sh', '-c', step, 'sh', name],
    ...(typeof command === 'string' ? ['sh', '-c', command] : command),
  ]);
}
