import type { StateTimeouts } from './types.ts';

type Level = 'fast' | 'normal' | 'small';

/** The configuration as a person writes it in dgxos-maas.yaml; the schema says the same. See types.ts for the resolved one. */
export interface RawConfig {
  workspace?: string;
  cache?: string;
  packer_maas?: string;
  waivers?: string;
  sign?: { key_file?: string };
  verify?: { public_key?: string };
  images?: Record<string, RawImage>;
  targets?: Record<string, RawTarget>;
  acceptance?: RawAcceptance;
  machines?: RawMachines;
  retention?: { keep?: number; days?: number; deployed_days?: number };
  nightly?: { channel?: string; jobs?: number; rebuild_after?: string };
}

export interface RawMachines {
  concurrency?: number;
  timeouts?: Partial<Record<keyof StateTimeouts, string>>;
}

export interface RawImage {
  release?: string;
  platform?: string;
  version?: string;
  iso?: { source?: string; sha256?: string };
  vm?: {
    disk_size?: string;
    memory?: string;
    cpus?: number;
    accelerator?: 'auto' | 'kvm' | 'tcg';
    headless?: boolean;
    boot?: 'direct' | 'typed';
    install_timeout?: string;
  };
  packages?: string[];
  late_commands?: Record<string, string | string[]>;
  files?: RawFile[];
  pack?: 'guest' | 'packer-maas';
  compression?: Level | { level?: Level; members?: 'many' | 'single' };
  resource?: { name?: string; title?: string; architecture?: string; base_image?: string };
  upload?: string[];
  acceptance?: RawAcceptance;
}

export interface RawAcceptance {
  machines?: string[];
  tags?: string[];
  checks?: string;
  wait?: string;
  ssh?: { user?: string; port?: number; key_file?: string; bastion?: string; timeout?: string };
}

export interface RawFile {
  source?: string;
  path?: string;
  mode?: string;
  owner?: string;
}

export interface RawTarget {
  url?: string;
  key?: { environment?: string; file?: string; profile?: string };
  ca_cert?: string;
  patience?: string;
}
