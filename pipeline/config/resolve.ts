import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../host/process/package-root.ts';
import { resolveAcceptance } from './acceptance.ts';
import { maasUrl } from './maas-url.ts';
import { resolveMachines } from './machines.ts';
import { absolutePath, cacheHome, isoSource } from './paths.ts';
import type { RawConfig, RawFile, RawImage, RawTarget } from './raw-config.ts';
import type { Settings, SettingValue } from './settings.ts';
import type { Config, FileToAdd, ImageConfig, Origin, Release, TargetConfig } from './types.ts';
import { MIB, parseDuration, parseSize } from './units.ts';
import type { Path } from './yaml/problem.ts';

/** Seconds of trying before an upload is given up, where the file says nothing. */
/** Seconds of trying before an upload is given up, where a target does not say. */
export const RETRY_BUDGET_S = 7200;
/** Name of the target that MAAS_API_URL makes. */
export const ENVIRONMENT_TARGET = 'default';
const KEY_VARIABLE = 'MAAS_API_KEY';

export interface ResolveInput {
  /** Absolute path, or null without a file. */
  file: string | null;
  /** Folder that relative paths of the file start from. */
  base: string;
  /** Folder that relative paths of the environment start from. */
  cwd: string;
  written: RawConfig;
  releases: ReadonlyMap<string, Release>;
  settings: Settings;
  env: NodeJS.ProcessEnv;
  /** The line on which a written value stands. */
  lineOf: (path: Path) => number;
}

/** A resolved value and where it came from. */
export type ValueWithOrigin = Origin & { value: unknown };

/**
 * Takes one value: what a flag or the environment chose, else what the file says, else the default; and notes which.
 * `key` is the resolved name, `written` the name in the file, both below the scope's.
 */
export type TakeValue = <T>(
  key: string,
  written: string,
  value: T | undefined,
  fallback: T,
  chosen?: SettingValue<T>,
) => T;

/** Fills in defaults, makes paths absolute and notes where every value is from. What was written must be valid. */
export function resolveConfig(input: ResolveInput): {
  config: Config;
  origins: Map<string, ValueWithOrigin>;
} {
  const { file, base, written, settings, env } = input;
  const origins = new Map<string, ValueWithOrigin>();
  const scope =
    (prefix: string, at: Path): TakeValue =>
    (key, name, value, fallback, chosen) => {
      const origin = (): Origin => {
        if (chosen) return chosen.origin;
        if (value === undefined || file === null) return { from: 'default' };
        return { from: 'file', file, line: input.lineOf([...at, ...name.split('.')]) };
      };
      const taken = chosen ? chosen.value : (value ?? fallback);
      origins.set(prefix + key, { ...origin(), value: taken });
      return taken;
    };
  const take = scope('', []);
  const path = (text: string | undefined) => (text === undefined ? undefined : absolutePath(text, base));

  const targets = mapValues(written.targets ?? {}, (name, target) =>
    resolveTarget(name, target, base, scope(`targets.${name}.`, ['targets', name])),
  );
  if (Object.keys(targets).length === 0 && env.MAAS_API_URL)
    targets[ENVIRONMENT_TARGET] = impliedTarget(input, scope(`targets.${ENVIRONMENT_TARGET}.`, []));
  const workspace = join(base, '.dgxos-maas');
  const acceptance = resolveAcceptance(written.acceptance, base, scope('acceptance.', ['acceptance']));
  const cache = join(cacheHome(env), 'dgxos-maas');
  const config: Config = {
    file,
    workspace: take(
      'workspace',
      'workspace',
      path(written.workspace),
      workspace,
      settings.chosen('workspace'),
    ),
    cache: take('cache', 'cache', path(written.cache), cache, settings.chosen('cache')),
    packerMaas: take(
      'packerMaas',
      'packer_maas',
      path(written.packer_maas),
      defaultPackerMaas(base),
      settings.chosen('packerMaas'),
    ),
    waivers: take('waivers', 'waivers', path(written.waivers), null),
    sign: { keyFile: take('sign.keyFile', 'sign.key_file', path(written.sign?.key_file), null) },
    verify: {
      publicKey: take('verify.publicKey', 'verify.public_key', path(written.verify?.public_key), null),
    },
    images: mapValues(written.images ?? {}, (name, image) => ({
      ...resolveImage(name, image, input, Object.keys(targets), scope(`images.${name}.`, ['images', name])),
      acceptance: resolveAcceptance(
        image.acceptance,
        base,
        scope(`images.${name}.acceptance.`, ['images', name, 'acceptance']),
        { config: acceptance, origin: (key) => origins.get(`acceptance.${key}`) },
      ),
    })),
    targets,
    acceptance,
    machines: resolveMachines(written.machines, scope('machines.', ['machines'])),
    retention: {
      keep: take('retention.keep', 'retention.keep', written.retention?.keep, 3),
      days: take('retention.days', 'retention.days', written.retention?.days, 14),
      deployedDays: take(
        'retention.deployedDays',
        'retention.deployed_days',
        written.retention?.deployed_days,
        30,
      ),
    },
    nightly: {
      channel: take('nightly.channel', 'nightly.channel', written.nightly?.channel, 'nightly'),
      jobs: take('nightly.jobs', 'nightly.jobs', written.nightly?.jobs, null),
      rebuildAfter: take(
        'nightly.rebuildAfter',
        'nightly.rebuild_after',
        written.nightly?.rebuild_after,
        '7d',
      ),
    },
  };
  return { config, origins };
}

function resolveImage(
  name: string,
  image: RawImage,
  { base, releases, settings }: ResolveInput,
  targets: string[],
  take: TakeValue,
): Omit<ImageConfig, 'acceptance'> {
  const release = releases.get(image.release!)!;
  const { vm = {}, resource = {}, iso = {} } = image;
  const source = iso.source === undefined ? undefined : isoSource(iso.source, base);
  const defaults = release.defaults;
  const inDetail = typeof image.compression === 'object';
  const compression =
    typeof image.compression === 'object'
      ? image.compression
      : { level: image.compression, members: undefined };
  return {
    name,
    release: take('release', 'release', image.release, ''),
    platform: take('platform', 'platform', image.platform, ''),
    version: take('version', 'version', image.version, ''),
    iso: {
      source: take('iso.source', 'iso.source', source, '', settings.iso(name)),
      sha256: take('iso.sha256', 'iso.sha256', iso.sha256?.toLowerCase(), ''),
    },
    vm: {
      diskBytes: take('vm.diskBytes', 'vm.disk_size', bytesOf(vm.disk_size), null),
      memoryMiB: take('vm.memoryMiB', 'vm.memory', mebibytesOf(vm.memory), null),
      cpus: take('vm.cpus', 'vm.cpus', vm.cpus, null),
      accelerator: take(
        'vm.accelerator',
        'vm.accelerator',
        vm.accelerator,
        'auto',
        settings.chosen('accelerator'),
      ),
      headless: take('vm.headless', 'vm.headless', vm.headless, true),
      boot: take('vm.boot', 'vm.boot', vm.boot, 'direct', settings.chosen('boot')),
      installTimeoutS: take('vm.installTimeoutS', 'vm.install_timeout', secondsOf(vm.install_timeout), null),
    },
    packages: take('packages', 'packages', image.packages, []),
    lateCommands: take('lateCommands', 'late_commands', image.late_commands, {}),
    files: take(
      'files',
      'files',
      image.files?.map((file) => resolveFile(file, base)),
      [],
    ),
    pack: take('pack', 'pack', image.pack, 'guest'),
    compression: take(
      'compression',
      inDetail ? 'compression.level' : 'compression',
      compression.level,
      'normal',
    ),
    ...(compression.members && {
      gzipMembers: take('gzipMembers', 'compression.members', compression.members, 'many'),
    }),
    resource: {
      name: take('resource.name', 'resource.name', resource.name, defaults.resourceName),
      title: take('resource.title', 'resource.title', resource.title, defaults.title),
      architecture: take(
        'resource.architecture',
        'resource.architecture',
        resource.architecture,
        release.architecture,
      ),
      baseImage: take('resource.baseImage', 'resource.base_image', resource.base_image, release.baseImage),
    },
    // With one MAAS there is nothing to choose; with several nothing goes anywhere unasked.
    upload: take('upload', 'upload', image.upload, targets.length === 1 ? targets : []),
  };
}

function resolveFile(file: RawFile, base: string): FileToAdd {
  return {
    source: absolutePath(file.source!, base),
    path: file.path!,
    mode: (file.mode ?? '0644').padStart(4, '0'),
    owner: file.owner ?? '0:0',
  };
}

function resolveTarget(name: string, target: RawTarget, base: string, take: TakeValue): TargetConfig {
  const key = target.key === undefined ? undefined : keySource(target.key, base);
  const caCert = target.ca_cert === undefined ? undefined : absolutePath(target.ca_cert, base);
  return {
    name,
    url: take('url', 'url', maasUrl(target.url!), ''),
    key: take('key', 'key', key, { from: 'environment', variable: KEY_VARIABLE }),
    caCert: take('caCert', 'ca_cert', caCert, null),
    patienceS: take('patienceS', 'patience', secondsOf(target.patience), RETRY_BUDGET_S),
  };
}

function keySource(key: NonNullable<RawTarget['key']>, base: string): TargetConfig['key'] {
  if (key.file !== undefined) return { from: 'file', path: absolutePath(key.file, base) };
  if (key.profile !== undefined) return { from: 'profile', profile: key.profile };
  return { from: 'environment', variable: key.environment ?? KEY_VARIABLE };
}

/** The target that the variables of terraform-provider-maas describe. */
function impliedTarget({ env, cwd }: ResolveInput, take: TakeValue): TargetConfig {
  const from = <T>(name: string, value: T): SettingValue<T> => ({
    value,
    origin: { from: 'environment', name },
  });
  const url = maasUrl(env.MAAS_API_URL!);
  const caCert = env.MAAS_API_CACERT && from('MAAS_API_CACERT', absolutePath(env.MAAS_API_CACERT, cwd));
  return {
    name: ENVIRONMENT_TARGET,
    url: take('url', 'url', undefined, '', from('MAAS_API_URL', url)),
    key: take('key', 'key', undefined, { from: 'environment', variable: KEY_VARIABLE }),
    caCert: take<string | null>('caCert', 'ca_cert', undefined, null, caCert || undefined),
    patienceS: take('patienceS', 'patience', undefined, RETRY_BUDGET_S),
  };
}

/** The submodule of the project that the file belongs to, else of our own clone; an installed package has none. */
function defaultPackerMaas(base: string): string {
  const own = join(base, 'packer', 'packer-maas');
  const inClone = existsSync(join(packageRoot(), '.gitmodules'));
  return existsSync(own) || !inClone ? own : join(packageRoot(), 'packer', 'packer-maas');
}

function bytesOf(text: string | undefined): number | null | undefined {
  return text === undefined ? undefined : parseSize(text);
}

function mebibytesOf(text: string | undefined): number | null | undefined {
  const bytes = bytesOf(text);
  return bytes && bytes / MIB;
}

function secondsOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (parseDuration(text) ?? undefined);
}

function mapValues<A, B>(
  record: Record<string, A>,
  change: (name: string, value: A) => B,
): Record<string, B> {
  const changed = Object.entries(record).map(([name, value]) => [name, change(name, value)] as const);
  // The names are the user's: none of them must be found that he did not write.
  return Object.assign(Object.create(null), Object.fromEntries(changed));
}
