import type { Path } from '../../config/yaml/problem.ts';
import type { PrunedSection } from './raw-site.ts';

/**
 * A site as it should be: site.yaml with its files read, its defaults filled in and its addresses in MAAS' own spelling. A
 * section or a field that is undefined is left as it is.
 */
export interface Site {
  /** Values of MAAS' settings by MAAS' names. */
  settings: Setting[];
  sshKeys?: SshKey[];
  bootSources?: BootSource[];
  import: { wait: boolean; timeoutS: number };
  spaces?: NamedEntry[];
  fabrics?: Fabric[];
  subnets?: Subnet[];
  zones?: NamedEntry[];
  pools?: NamedEntry[];
  tags?: Tag[];
  domains?: Domain[];
  prune: ReadonlySet<PrunedSection>;
}

/** The line of an entry in the file; a problem that only MAAS shows is reported there. */
export interface Located {
  path: Path;
}

export interface Setting extends Located {
  /** MAAS' name of it. */
  name: string;
  /** As the file calls it. */
  title: string;
  value: string | boolean;
}

export interface SshKey extends Located {
  /** The key itself, or the account (lp:NAME, gh:NAME) that MAAS takes it from. */
  key: string | null;
  source: string | null;
}

export interface BootSource extends Located {
  url: string;
  keyringFile?: string | undefined;
  selections?: Selection[] | undefined;
}

export interface Selection extends Located {
  os: string;
  release: string;
  arches: string[];
  subarches: string[];
  labels: string[];
}

export interface NamedEntry extends Located {
  name: string;
  description?: string | undefined;
}

export interface Fabric extends Located {
  name: string;
  vlans?: Vlan[] | undefined;
}

export interface Vlan extends Located {
  vid: number;
  name?: string | undefined;
  mtu?: number | undefined;
  /** "undefined": none. */
  space?: string | undefined;
  dhcp?: Dhcp | undefined;
}

export type Dhcp = Located &
  (
    | { kind: 'off' }
    /** null: the only rack there is. */
    | { kind: 'served'; rack: string | null; secondaryRack: string | null }
    | { kind: 'relayed'; fabric: string; vid: number }
  );

export interface Subnet extends Located {
  cidr: string;
  /** Null: where MAAS has it. */
  vlan: { fabric: string; vid: number } | null;
  name?: string | undefined;
  description?: string | undefined;
  /** Null: it has no gateway. */
  gateway?: string | null | undefined;
  dnsServers?: string[] | undefined;
  managed?: boolean | undefined;
  activeDiscovery?: boolean | undefined;
  allowDns?: boolean | undefined;
  allowProxy?: boolean | undefined;
  /** Of the VLAN in which it lies. */
  dhcp?: Dhcp | undefined;
  ranges?: Range[] | undefined;
}

export interface Range extends Located {
  type: 'dynamic' | 'reserved';
  start: string;
  end: string;
  comment?: string | undefined;
}

export interface Tag extends Located {
  name: string;
  comment?: string | undefined;
  definition?: string | undefined;
  kernelOptions?: string | undefined;
}

export interface Domain extends Located {
  name: string;
  authoritative?: boolean | undefined;
  ttl?: number | undefined;
  default?: boolean | undefined;
}
