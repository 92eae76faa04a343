import type { Collector } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';
import { accessCollector } from './access.ts';
import { aptCollector } from './apt.ts';
import { architectureCollector } from './architecture.ts';
import { attributesCollector } from './attributes.ts';
import { bootCollector } from './boot.ts';
import { cloudCollector } from './cloud.ts';
import { countsCollector } from './counts.ts';
import { driverCollector } from './driver.ts';
import { espCollector } from './esp.ts';
import { hooksCollector } from './hooks.ts';
import { identityCollector } from './identity.ts';
import { initrdCollector } from './initrd.ts';
import { leftoversCollector } from './leftovers.ts';
import { licencesCollector } from './licences.ts';
import { machineStateCollector } from './machine-state.ts';
import { modulesCollector } from './modules.ts';
import { mountPointsCollector } from './mount-points.ts';
import { networkCollector } from './network.ts';
import { ownersCollector } from './owners.ts';
import { proxiesCollector } from './proxies.ts';
import { storageCollector } from './storage.ts';
import { systemCollector } from './system.ts';
import { tokensCollector } from './tokens.ts';

/** A fresh set of collectors for one image: every subject that facts are gathered on. */
export function collectors(signal?: AbortSignal) {
  return {
    counts: countsCollector(),
    owners: ownersCollector(),
    xattrs: attributesCollector(),
    mountPoints: mountPointsCollector(),
    system: systemCollector(),
    boot: bootCollector(),
    modules: modulesCollector(),
    driver: driverCollector(),
    hooks: hooksCollector(signal),
    initrd: initrdCollector(signal),
    identity: identityCollector(),
    state: machineStateCollector(),
    access: accessCollector(),
    apt: aptCollector(),
    proxies: proxiesCollector(),
    cloud: cloudCollector(),
    storage: storageCollector(),
    network: networkCollector(),
    esp: espCollector(),
    leftovers: leftoversCollector(),
    tokens: tokensCollector(),
    licences: licencesCollector(),
    programs: architectureCollector(),
  };
}

type Collectors = ReturnType<typeof collectors>;
/** The result of each collector, by its name. */
export type Finished = { [K in keyof Collectors]: Collectors[K] extends Collector<infer T> ? T : never };

/** The facts of one image, put together from the collectors' parts. */
export function composeFacts(
  parts: Finished,
  { unread, ...archive }: ImageFacts['archive'] & Pick<ImageFacts, 'unread'>,
): ImageFacts {
  const { dgxRelease, ...leftovers } = parts.leftovers;
  const { driverPackages, ...system } = parts.system;
  return {
    archive,
    ...parts.counts,
    owners: parts.owners,
    xattrs: parts.xattrs,
    mountPoints: parts.mountPoints,
    ...system,
    ...parts.boot,
    ...parts.modules,
    driver: { ...driverPackages, ...parts.driver },
    ...parts.hooks,
    ...parts.initrd,
    identity: { ...parts.identity, state: parts.state },
    ...parts.access,
    apt: parts.apt,
    proxies: parts.proxies,
    storage: parts.storage,
    network: parts.network,
    cloud: parts.cloud,
    esp: parts.esp,
    ...leftovers,
    ...parts.licences,
    programs: parts.programs,
    dgx: { release: dgxRelease, tokens: parts.tokens },
    unread,
  };
}
