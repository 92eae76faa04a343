import { CATALOGUE, type FaultCode } from '../core/faults/catalogue.ts';
import { Fault } from '../core/faults/fault.ts';
import type { ToolOptions } from '../host/process/tool.ts';
import type { ToolResult } from '../host/process/tool-fault.ts';

/** The used part of the package dgxos-maas-sandbox, which need not be installed. */
export interface SandboxPackage {
  /** @throws SandboxError, with one of our codes */
  open(options: SandboxSettings): Promise<RunningSandbox>;
}

type RunTool = (argv: readonly string[], options?: ToolOptions) => Promise<ToolResult>;

/** A machine of the sandbox that is deployed. */
export interface SandboxMachine {
  systemId: string;
  hostname: string;
  /** The address at which it answers ssh. */
  address: string;
  /** Counts its deployments from 1. */
  deployment: number;
  /** For cloud-init; empty when there are none. */
  userData: string;
  sshKeys: string[];
  kernelOptions: string;
}

export interface SandboxImage {
  /** The file of the upload; null where the sandbox has no bytes. */
  blobPath: string | null;
  resource: string;
  /** `root-tgz`. */
  filetype: string | null;
  baseImage?: string;
}

/** The part of an installation that begins, by the names of MAAS' events. */
export type InstallPart = 'LOADING_EPHEMERAL' | 'CONFIGURING_STORAGE' | 'INSTALLING_OS' | 'CONFIGURING_OS';

/** Machines that are deployed in place of the sandbox's own. */
export interface SandboxGuests {
  install(
    machine: SandboxMachine,
    image: SandboxImage,
    begins: (part: InstallPart) => void,
  ): Promise<{ event: string; log: string } | null>;
  start(machine: SandboxMachine, image: SandboxImage): Promise<{ address: string; port: number }>;
  stop(systemId: string): Promise<void>;
  wipe(systemId: string): Promise<void>;
}

export interface SandboxSettings {
  dir: string;
  port?: number;
  family?: string;
  regions?: number;
  front?: 'nginx';
  faults?: string[];
  admin?: boolean;
  machines?: number;
  failures?: string[];
  speed?: number;
  /** Deployed machines answer ssh; `dir` holds what is unpacked of them. */
  ssh?: { dir: string; port: number; troubles: string[]; run: RunTool } | undefined;
  /** Deployed machines in place of `ssh`. */
  guests?: SandboxGuests | undefined;
  log?: (line: string, level: 'request' | 'warning') => void;
}

export interface RunningSandbox {
  url: string;
  apiKey: string;
  userKey: string;
  keyFile: string;
  login: { username: string; password: string };
  family: string;
  close(): Promise<void>;
}

const NAME = 'dgxos-maas-sandbox';
/** A clone has its sources beside ours. */
const IN_CLONE = import.meta.filename.endsWith('.ts');

/**
 * Loads the sandbox.
 * @throws Fault PACKAGE_MISSING where it is not installed
 */
export async function loadSandbox(): Promise<SandboxPackage> {
  const specifier: string = IN_CLONE ? '../../sandbox/index.ts' : NAME;
  try {
    return (await import(specifier)) as SandboxPackage;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Fault('PACKAGE_MISSING', `The sandbox is a package of its own, ${NAME}, and cannot be loaded`, {
      hint: IN_CLONE
        ? './scripts/setup --modules installs what it needs.'
        : `In a clone of dgxos-maas, \`npm pack -w sandbox\` makes its file; where dgxos-maas is, install it (with -g where that is global): npm install ./${NAME}-*.tgz`,
      cause: error,
    });
  }
}

/** An error of the sandbox as one of ours; any other as it is. */
export function asFault(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'SandboxError') return error;
  const { code, message, hint, detail } = error as Error & Record<'code' | 'hint' | 'detail', string>;
  if (!Object.hasOwn(CATALOGUE, code)) return error;
  return new Fault(code as FaultCode, message, { hint, detail, cause: error });
}
