import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../config/load.ts';
import { expectedVm, LARGEST_ISO_BYTES } from '../config/releases/installers.ts';
import { loadRelease } from '../config/releases/load.ts';
import type { Config, Release } from '../config/types.ts';
import { Fault } from '../core/faults/fault.ts';
import { bytes } from '../core/text/human.ts';
import { listMembers } from '../image/pack/member-cache.ts';
import { listLayers, unfinished } from '../install/namespace/layer-store.ts';
import { checkoutProblem } from '../install/render/checkout.ts';
import { openStore } from '../store/open.ts';
import { BadEntry } from '../store/store.ts';
import { tryStore } from '../store/try.ts';
import { examineArchives } from './archives.ts';
import type { Finding } from './finding.ts';
import { examineFirmware, examineFolder } from './host.ts';
import { examineCurtin, examineEphemerals } from './rehearsal.ts';
import { examineSsh } from './tools.ts';

/** The VM's disk, the tar that the guest hands over and the artifact may each be as large as the disk. */
const COPIES = 3;

type ExamineOptions = LoadOptions & { signal?: AbortSignal };

export interface ProjectFindings {
  findings: Finding[];
  /** Whether every image is installed from archives, so that no medium is read and no VM started. */
  archivesOnly: boolean;
}

/** The configuration and everything that its images need. Without a valid one only itself is looked at. */
export async function examineProject(options: ExamineOptions): Promise<ProjectFindings> {
  const finding = { tool: 'configuration', neededFor: 'know which images to build', package: null };
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig(options);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { where, message, hint } = error;
    const place = where ? `${where.file}:${where.line}:${where.column}: ` : '';
    const fix = hint ?? 'dgxos-maas config validate';
    return {
      findings: [{ ...finding, found: place + message, status: 'unusable', fix }],
      archivesOnly: false,
    };
  }
  const { config } = loaded;
  const images = Object.keys(config.images).join(', ');
  const self: Finding =
    config.file === null
      ? { ...finding, found: null, status: 'optional', fix: 'dgxos-maas init' }
      : { ...finding, found: `${config.file} (${images || 'no images'})`, status: 'ok', fix: null };
  const releases = new Map<string, Release>();
  for (const { release } of Object.values(config.images)) releases.set(release, await loadRelease(release));
  const disks = Object.values(config.images).map(
    (image) => image.vm.diskBytes ?? vmOf(releases.get(image.release))?.diskBytes ?? 0,
  );
  const downloads = Object.values(config.images).some(({ iso, archive }) =>
    [iso.source, archive.root.source ?? ''].some((source) => /^https?:/i.test(source)),
  );
  const byUefi = [...releases.values()].filter(({ iso }) => iso?.subiquity).map(({ id }) => id);
  const accepts = Object.values(config.images).some(
    ({ acceptance: { machines, tags } }) => machines.length + tags.length > 0,
  );
  const fromArchives = Object.values(config.images).filter((image) => image.archive.root.source !== null);
  const findings = [
    self,
    ...(fromArchives.length > 0 ? await examineArchives(fromArchives, options.signal) : []),
    ...(accepts ? [await examineSsh(options.signal)] : []),
    ...(await examineCurtin(config, options.signal ?? new AbortController().signal)),
    ...(await examineEphemerals(config)),
    await examineSubmodule(config, releases),
    await examineFirmware(byUefi),
    await examineFolder('workspace', 'build and pack', config.workspace, COPIES * Math.max(0, ...disks)),
    await examineFolder('cache', 'keep downloaded ISOs', config.cache, downloads ? LARGEST_ISO_BYTES : 0),
    await examineLayers(config),
    await examineMembers(config),
    ...(await examineStore(config, options)),
  ];
  const count = Object.keys(config.images).length;
  return { findings, archivesOnly: count > 0 && fromArchives.length === count };
}

const vmOf = (release: Release | undefined) => (release?.iso ? expectedVm(release.iso) : undefined);

/** The size of the layers in the cache, and its limit. */
async function examineLayers({ cache, cacheLayers }: Config): Promise<Finding> {
  const layers = await listLayers(cache);
  const leftOver = (await unfinished(cache)).filter((one) => one.leftOver).length;
  const size = layers.reduce((sum, layer) => sum + layer.bytes, 0);
  const most = cacheLayers === 0 ? 'none are kept (cache_layers: none)' : `at most ${bytes(cacheLayers)}`;
  const found = `${layers.length} of ${bytes(size)}, ${most}`;
  return {
    tool: 'layers',
    neededFor: 'build again without the steps of the medium',
    found: leftOver > 0 ? `${found}; ${leftOver} left unfinished by killed builds` : found,
    status: 'ok',
    fix: null,
    package: null,
  };
}

/** The size of the compressed members in the cache, and its limit. */
async function examineMembers({ cache, cacheMembers }: Config): Promise<Finding> {
  const members = await listMembers(cache);
  const size = members.reduce((sum, one) => sum + one.bytes, 0);
  const most = cacheMembers === 0 ? 'none are kept (cache_members: none)' : `at most ${bytes(cacheMembers)}`;
  return {
    tool: 'members',
    neededFor: 'pack again without compressing what has not changed',
    found: `${members.length} of ${bytes(size)}, ${most}`,
    status: 'ok',
    fix: null,
    package: null,
  };
}

/** Whether the store can be read and, unless it is read only, written: a small file is put and deleted. */
async function examineStore({ store: config }: Config, { env, signal }: ExamineOptions): Promise<Finding[]> {
  if (config.place === null) return [];
  const finding = { tool: 'store', neededFor: 'share results with other builders', package: null };
  const context = { env, signal: signal ?? new AbortController().signal };
  try {
    const store = await openStore(config.place, config, context);
    try {
      await tryStore(store, config.readOnly);
      const access = config.readOnly ? 'readable, read_only' : 'readable and writable';
      return [{ ...finding, found: `${store.place} (${access})`, status: 'ok', fix: null }];
    } finally {
      store.close();
    }
  } catch (error) {
    if (!(error instanceof Fault) && !(error instanceof BadEntry)) throw error;
    const hint = error instanceof Fault ? error.hint : undefined;
    // The build goes on without it.
    return [{ ...finding, found: error.message, status: 'optional', fix: hint ?? 'Correct `store:`.' }];
  }
}

/** A checkout of packer-maas that holds what the releases in use take from it. */
async function examineSubmodule(config: Config, releases: ReadonlyMap<string, Release>): Promise<Finding> {
  const needing = [...releases.values()].filter(
    ({ iso }) => iso?.liveCurtin?.upstream.from === 'packer-maas',
  );
  const finding = {
    tool: 'packer-maas',
    neededFor: needing.length ? `render ${needing.map(({ id }) => id).join(', ')}` : 'render dgxos5',
    package: null,
  };
  const wanted = needing.flatMap(({ iso }) =>
    iso?.liveCurtin?.upstream.from === 'packer-maas'
      ? [iso.liveCurtin.upstream.template, iso.liveCurtin.upstream.curtin]
      : [],
  );
  const missing = (wanted.length ? wanted : ['dgxos5']).find(
    (file) => !existsSync(join(config.packerMaas, file)),
  );
  if (!missing) return { ...finding, found: config.packerMaas, status: 'ok', fix: null };
  return {
    ...finding,
    ...(await checkoutProblem(config.packerMaas, missing)),
    status: needing.length ? 'missing' : 'optional',
  };
}
