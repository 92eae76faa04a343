import {
  anything,
  count,
  flag,
  list,
  map,
  object,
  orNull,
  type Shape,
  text,
} from '../../host/files/shape.ts';
import type { ImageFacts } from './facts.ts';

/** The parts of the facts that manifests carry and comparisons read, each with the members that are read of it. */
export const PARTS = {
  packages: list(object({ name: text, version: text, arch: text, status: text })),
  kernels: list(
    object({
      version: text,
      image: orNull(text),
      initrd: orNull(text),
      modules: flag,
      modulesDep: flag,
      nvidia: flag,
    }),
  ),
  boot: object({ defaultKernel: orNull(object({ version: text, from: text })) }),
  bytes: object({ stored: count }),
  counts: object({ files: count }),
  biggest: list(object({ path: text, bytes: count })),
  directories: list(object({ path: text, bytes: count, files: count })),
  owners: object({ setuid: list(object({ path: text, mode: text, uid: count, gid: count })) }),
  xattrs: object({ capabilities: list(object({ path: text, capabilities: text })) }),
  services: list(text),
  accounts: list(object({ name: text, uid: count, shell: text, password: text, scheme: orNull(text) })),
};

const record = map(anything);

/** The other parts: that each is there and is a list or an object, since only this program writes and reads them. */
const OTHERS: { readonly [K in Exclude<keyof ImageFacts, keyof typeof PARTS>]: Shape<unknown> } = {
  archive: object({ members: count, tarBytes: count, whole: flag, problems: list(anything) }),
  top: list(text),
  nestedRoot: orNull(text),
  osRelease: orNull(object({ id: text, versionId: text, codename: text, name: text })),
  programs: orNull(object({ path: text, architecture: text })),
  licences: object({ packages: map(list(text)), freeText: count }),
  modules: object({ signed: count, unsigned: list(anything), unread: list(anything), added: list(anything) }),
  driver: record,
  kernelPackages: list(text),
  esp: record,
  mountPoints: record,
  devices: record,
  commands: map(flag),
  snapCore: list(text),
  hook: orNull(record),
  finalize: orNull(record),
  customKernel: orNull(text),
  initrd: object({ hooks: list(anything), programs: list(text) }),
  identity: object({ machineId: text, dbusMachineId: text, sshHostKeys: list(text), state: list(anything) }),
  access: record,
  apt: record,
  proxies: list(anything),
  storage: record,
  cloud: record,
  network: record,
  dgx: object({ release: orNull(map(text)), tokens: list(anything) }),
  oemConfig: list(text),
  leftovers: record,
  unread: list(object({ path: text, why: text })),
};

/** Facts as a stage keeps them. */
export const FACTS = object({ ...PARTS, ...OTHERS }) as Shape<ImageFacts>;
