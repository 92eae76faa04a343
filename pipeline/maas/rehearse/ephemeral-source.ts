import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selectTarget } from '../../config/select.ts';
import type {
  EphemeralFiles,
  EphemeralSource,
  MaasEphemeral,
  MirrorEphemeral,
} from '../../config/settings/ephemeral.ts';
import type { Config, TargetConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { fetchFile } from '../../host/http/fetch-file.ts';
import { ephemeralFolder } from '../../workspace/layout.ts';
import { createClient } from '../api/client.ts';
import { resolveApiKey } from '../api/key.ts';
import type { Ephemeral } from './ephemeral.ts';
import { fetchedOnce, inPartial, keyOf } from './fetched.ts';
import { importedEphemeral } from './imported.ts';
import {
  type BootFile,
  bootFiles,
  choose,
  isInside,
  type OfferedEphemeral,
  PARTS,
  type Part,
  unusable,
  type WantedEphemeral,
} from './offered.ts';
import { readStream } from './simplestreams.ts';

export interface EphemeralWork {
  config: Pick<Config, 'cache' | 'targets' | 'file'>;
  env: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * The ephemeral system that a user named: files of this host as they are; of a mirror or a MAAS what it offers, of which nothing but the index
 * is fetched.
 * @param baseImage of the image, such as ubuntu/jammy
 * @throws Fault EPHEMERAL_UNUSABLE, SUMS_UNTRUSTED, DOWNLOAD_FAILED, TOOL_MISSING, TARGET_UNKNOWN, USAGE, API_KEY_*, MAAS_*
 */
export async function offeredEphemeral(
  source: EphemeralSource,
  baseImage: string,
  work: EphemeralWork,
): Promise<EphemeralFiles | OfferedEphemeral> {
  if (!('from' in source)) return source;
  const wanted = { ...source, series: source.series ?? seriesOf(baseImage) };
  if (source.from === 'maas') return ofMaas(source, wanted, work);
  return source.version === null
    ? inPartial(ephemeralFolder(work.config.cache, 'index'), (to) =>
        ofMirror(source, wanted, { ...work, to }),
      )
    : ofKeptIndex(source, wanted, work);
}

/** MAAS boots its commissioning series where the base image is not of Ubuntu. */
function seriesOf(baseImage: string): string {
  const [system, series] = baseImage.split('/');
  if (system === 'ubuntu' && series) return series;
  throw unusable(
    `The base image ${baseImage} is not of Ubuntu, and MAAS installs it from the series that it commissions with`,
    'Name that series: series=jammy in --ephemeral, or `series:` in `rehearsal.ephemeral`.',
  );
}

async function ofMaas(
  { target: name }: MaasEphemeral,
  wanted: WantedEphemeral,
  { config, env, emit, signal }: EphemeralWork,
): Promise<OfferedEphemeral> {
  const target = targetOf(name, config);
  const key = await resolveApiKey(target, env, emit);
  const client = createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
  return importedEphemeral(client, wanted, target.caCert);
}

function targetOf(name: string | null, config: EphemeralWork['config']): TargetConfig {
  if (name !== null) return selectTarget(config, name);
  const names = Object.keys(config.targets);
  if (names.length > 1)
    throw new Fault('USAGE', '`maas` of an ephemeral does not say which one', {
      hint: `Name a target: ${names.map((one) => `maas=${one}`).join(', ')}.`,
    });
  return selectTarget(config, names[0] ?? 'default');
}

type InFolder = EphemeralWork & { to: string };

async function ofMirror(
  { mirror, keyring }: MirrorEphemeral,
  wanted: WantedEphemeral,
  { to, emit, signal }: InFolder,
): Promise<OfferedEphemeral> {
  const { offers, signature } = await readStream({ mirror, keyring }, { folder: to, emit, signal });
  const chosen = choose(offers, wanted, mirror);
  const files = bootFiles(chosen, mirror, (path) => {
    if (isInside(path)) return `${mirror}/${path}`;
    throw unusable(
      `${mirror} names a file of ${chosen.release} outside of it`,
      'Report it to the keeper of the mirror.',
    );
  });
  if (signature === null && isOpen(mirror))
    emit({
      type: 'notice',
      level: 'warning',
      message: `the index of ${mirror} is not signed, and comes by http: whoever is between can change what is booted`,
      hint: 'Use https, or a signed mirror with its `keyring`.',
    });
  const { release, architecture, version } = chosen;
  const by = signature ? `signed by ${signature.key}` : 'not signed';
  return {
    from: 'mirror',
    name: `${release} ${architecture} ${version} of ${mirror}, ${by}`,
    files,
    caCert: null,
  };
}

/** Plain HTTP to another host. */
function isOpen(mirror: string): boolean {
  const { protocol, hostname } = new URL(mirror);
  return protocol === 'http:' && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

const KEPT_INDEX = 'offered.json';

/** A version stays what it was, so its sums are kept: a pinned one needs no mirror once its files are in the cache. */
async function ofKeptIndex(
  source: MirrorEphemeral,
  wanted: WantedEphemeral,
  work: EphemeralWork,
): Promise<OfferedEphemeral> {
  const { mirror, keyring } = source;
  const { series, subarch, version } = wanted;
  const key = keyOf('index', mirror, keyring, series, subarch, version);
  const [file] = await fetchedOnce(
    ephemeralFolder(work.config.cache, key),
    async (to) => {
      const offered = await ofMirror(source, wanted, { ...work, to });
      await writeFile(join(to, KEPT_INDEX), JSON.stringify(offered));
      return [KEPT_INDEX];
    },
    work,
  );
  return JSON.parse(await readFile(file!.path, 'utf8')) as OfferedEphemeral;
}

/**
 * Fetches what is not in the cache, each file by its sum, and verifies all of them.
 * @throws Fault DOWNLOAD_FAILED, SUMS_UNTRUSTED, EPHEMERAL_UNUSABLE, DISK_FULL, INTERRUPTED
 */
export async function fetchEphemeral(
  { from, name, files, caCert }: OfferedEphemeral,
  work: Pick<EphemeralWork, 'emit' | 'signal'> & { cache: string },
): Promise<Ephemeral> {
  const paths = {} as Record<Part, string>;
  for (const part of PARTS) paths[part] = await fetchPart(part, files[part], caCert, work);
  return { kind: from, name, ...paths, disk: null };
}

async function fetchPart(
  part: Part,
  { url, sha256, bytes }: BootFile,
  caCert: string | null,
  work: { cache: string; emit: Emit; signal: AbortSignal },
): Promise<string> {
  const { emit, signal } = work;
  const folder = ephemeralFolder(work.cache, sha256);
  const missing = () =>
    unusable(
      `There is no ${url}, which its index names`,
      'The mirror may be in the middle of an update: run the command again later.',
    );
  const [file] = await fetchedOnce(
    folder,
    async (to) => {
      await fetchFile({ url, to: join(to, part), sha256, most: bytes, bytes, caCert, missing, emit, signal });
      return [part];
    },
    work,
  );
  if (file?.sha256 !== sha256)
    throw unusable(`${folder} has another file than its name says`, 'Delete it: dgxos-maas prune --cache.');
  return file.path;
}
