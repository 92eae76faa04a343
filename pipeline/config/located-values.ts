import type { AcceptanceConfig, Config, ImageConfig, TargetConfig } from './types.ts';
import { MIB, sizeText, timeText } from './units.ts';

/** A value in force: its path in dgxos-maas.yaml, its text there, and its dotted name in the resolved configuration. */
export interface LocatedValue {
  path: string[];
  value: unknown;
  key: string;
}

type Row = [path: string, key: string, value: unknown];

/** Every value of a configuration as the file would say it; what has none (null) is not in the file either. */
export function locatedValues(config: Config): LocatedValue[] {
  const { machines, retention, nightly } = config;
  return [
    ...placed([], '', [
      ['workspace', 'workspace', config.workspace],
      ['cache', 'cache', config.cache],
      ['packer_maas', 'packerMaas', config.packerMaas],
      ['waivers', 'waivers', config.waivers],
      ['sign.key_file', 'sign.keyFile', config.sign.keyFile],
      ['verify.public_key', 'verify.publicKey', config.verify.publicKey],
    ]),
    ...Object.values(config.images).flatMap((image) => [
      ...placed(['images', image.name], `images.${image.name}.`, imageRows(image)),
      ...placed(
        ['images', image.name, 'acceptance'],
        `images.${image.name}.acceptance.`,
        acceptanceRows(image.acceptance),
      ),
    ]),
    ...Object.values(config.targets).flatMap((target) =>
      placed(['targets', target.name], `targets.${target.name}.`, targetRows(target)),
    ),
    ...placed(['acceptance'], 'acceptance.', acceptanceRows(config.acceptance)),
    ...placed(['machines'], 'machines.', [
      ['concurrency', 'concurrency', machines.concurrency],
      ...Object.entries(machines.timeouts).map(
        ([state, seconds]): Row => [`timeouts.${state}`, `timeouts.${state}`, timeText(seconds)],
      ),
    ]),
    ...placed(['retention'], 'retention.', [
      ['keep', 'keep', retention.keep],
      ['days', 'days', retention.days],
      ['deployed_days', 'deployedDays', retention.deployedDays],
    ]),
    ...placed(['nightly'], 'nightly.', [
      ['channel', 'channel', nightly.channel],
      ['jobs', 'jobs', nightly.jobs],
      ['rebuild_after', 'rebuildAfter', nightly.rebuildAfter],
    ]),
  ];
}

function imageRows({ iso, vm, resource, ...image }: ImageConfig): Row[] {
  return [
    ['release', 'release', image.release],
    ['platform', 'platform', image.platform],
    ['version', 'version', image.version],
    ['iso.source', 'iso.source', iso.source],
    ['iso.sha256', 'iso.sha256', iso.sha256],
    ['vm.disk_size', 'vm.diskBytes', vm.diskBytes && sizeText(vm.diskBytes)],
    ['vm.memory', 'vm.memoryMiB', vm.memoryMiB && sizeText(vm.memoryMiB * MIB)],
    ['vm.cpus', 'vm.cpus', vm.cpus],
    ['vm.accelerator', 'vm.accelerator', vm.accelerator],
    ['vm.headless', 'vm.headless', vm.headless],
    ['vm.boot', 'vm.boot', vm.boot],
    ['vm.install_timeout', 'vm.installTimeoutS', vm.installTimeoutS && timeText(vm.installTimeoutS)],
    ['packages', 'packages', image.packages],
    ['late_commands', 'lateCommands', image.lateCommands],
    ['files', 'files', image.files],
    ['pack', 'pack', image.pack],
    ...(image.gzipMembers
      ? ([
          ['compression.level', 'compression', image.compression],
          ['compression.members', 'gzipMembers', image.gzipMembers],
        ] satisfies Row[])
      : ([['compression', 'compression', image.compression]] satisfies Row[])),
    ['resource.name', 'resource.name', resource.name],
    ['resource.title', 'resource.title', resource.title],
    ['resource.architecture', 'resource.architecture', resource.architecture],
    ['resource.base_image', 'resource.baseImage', resource.baseImage],
    ['upload', 'upload', image.upload],
  ];
}

function acceptanceRows({ ssh, ...acceptance }: AcceptanceConfig): Row[] {
  return [
    ['machines', 'machines', acceptance.machines],
    ['tags', 'tags', acceptance.tags],
    ['checks', 'checksFile', acceptance.checksFile],
    ['wait', 'waitS', timeText(acceptance.waitS)],
    ['ssh.user', 'ssh.user', ssh.user],
    ['ssh.port', 'ssh.port', ssh.port],
    ['ssh.key_file', 'ssh.keyFile', ssh.keyFile],
    ['ssh.bastion', 'ssh.bastion', ssh.bastion],
    ['ssh.timeout', 'ssh.timeoutS', timeText(ssh.timeoutS)],
  ];
}

function targetRows({ url, key, caCert, patienceS }: TargetConfig): Row[] {
  const where = key.from === 'environment' ? key.variable : key.from === 'file' ? key.path : key.profile;
  return [
    ['url', 'url', url],
    [`key.${key.from}`, 'key', where],
    ['ca_cert', 'caCert', caCert],
    ['patience', 'patienceS', timeText(patienceS)],
  ];
}

function placed(at: readonly string[], prefix: string, rows: readonly Row[]): LocatedValue[] {
  return rows
    .filter(([, , value]) => value !== null)
    .map(([path, key, value]) => ({ path: [...at, ...path.split('.')], value, key: prefix + key }));
}
