import { Fault } from '../core/faults/fault.ts';
import { installHint, PACKAGE_OF } from '../host/process/packages.ts';
import { $ } from '../host/process/tool.ts';
import { atLeast } from '../install/render/packer-version.ts';
import type { Finding } from './finding.ts';

interface Tool {
  name: string;
  neededFor: string;
  /** Arguments that make it say its version. */
  ask: string[];
  version: RegExp;
  /** Oldest version that works. */
  minimum?: string;
  optional?: boolean;
}

/** The tools of the pipeline, in the order in which it calls them. */
const TOOLS: readonly Tool[] = [
  { name: 'xorriso', neededFor: 'read the ISO', ask: ['-version'], version: /^xorriso (\d\S*)/m },
  {
    name: 'unsquashfs',
    neededFor: "read the ISO's squashfs",
    ask: ['-version'],
    version: /version (\S+)/,
  },
  { name: 'packer', neededFor: 'build', ask: ['version'], version: /v(\d\S+)/, minimum: '1.6.0' },
  {
    name: 'qemu-system-x86_64',
    neededFor: 'build',
    ask: ['--version'],
    version: /version (\S+)/,
    minimum: '4.2.0',
  },
  { name: 'qemu-img', neededFor: 'build', ask: ['--version'], version: /version (\S+)/ },
  {
    name: 'tar',
    neededFor: 'compare and unpack images',
    ask: ['--version'],
    // bsdtar and busybox go by the same name and lose attributes.
    version: /\(GNU tar\) (\S+)/,
    minimum: '1.28.0',
    optional: true,
  },
  {
    name: 'libdeflate-gzip',
    neededFor: 'pack five times faster',
    ask: ['-V'],
    version: /v(\d\S*)/,
    optional: true,
  },
  {
    name: 'xz',
    neededFor: 'validate .tar.xz',
    ask: ['--version'],
    version: /XZ Utils\) (\S+)/,
    optional: true,
  },
  {
    name: 'bzip2',
    neededFor: 'validate .tar.bz2',
    ask: ['--version'],
    version: /Version ([\d.]+)/,
    optional: true,
  },
  {
    name: 'git',
    neededFor: 'fetch the packer-maas submodule',
    ask: ['--version'],
    version: /version (\S+)/,
    optional: true,
  },
  {
    name: 'mmdebstrap',
    neededFor: 'build the demo installer, and the system of rehearsals',
    ask: ['--version'],
    version: /mmdebstrap (\S+)/,
    optional: true,
  },
  {
    name: 'mksquashfs',
    neededFor: 'build the demo installer, and the system of rehearsals',
    ask: ['-version'],
    version: /version (\S+)/,
    optional: true,
  },
  {
    name: 'mkfs.ext4',
    neededFor: 'make the system of rehearsals',
    ask: ['-V'],
    version: /mke2fs (\S+)/,
    optional: true,
  },
];

/** Asks every tool for its version, all at once. */
export function examineTools(signal?: AbortSignal): Promise<Finding[]> {
  return Promise.all(TOOLS.map((tool) => examineTool(tool, signal)));
}

/** The tools with which an acceptance examines machines; examined where the configuration names machines for it. */
export function examineSsh(signal?: AbortSignal): Promise<Finding> {
  const tool = { name: 'ssh', neededFor: 'accept', ask: ['-V'], version: /^OpenSSH_(\S+)/m };
  return examineTool(tool, signal);
}

/** The tools of an installation from archives that are not needed otherwise, or can be done without. @param signed whether a signature is required */
export function examineArchiveTools(
  images: string,
  signed: boolean,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const neededFor = `install ${images} from archives`;
  const named = (name: string) => TOOLS.find((tool) => tool.name === name) as Tool;
  const tools: Tool[] = [
    { name: 'apt-get', neededFor, ask: ['--version'], version: /^apt (\S+)/m },
    { ...named('tar'), neededFor, optional: false },
    { ...named('xz'), neededFor, optional: false },
    {
      ...{ name: 'gpgv', ask: ['--version'], version: /\(GnuPG\) (\S+)/, optional: !signed },
      neededFor: `verify the signed sums of ${images}`,
    },
  ];
  return Promise.all(tools.map((tool) => examineTool(tool, signal)));
}

async function examineTool(tool: Tool, signal?: AbortSignal): Promise<Finding> {
  const fix = { fix: installHint(tool.name), package: PACKAGE_OF[tool.name] ?? null };
  const finding = { tool: tool.name, neededFor: tool.neededFor };
  const said = await ask([tool.name, ...tool.ask], signal);
  if (said === null)
    return { ...finding, found: null, status: tool.optional ? 'optional' : 'missing', ...fix };
  const version = tool.version.exec(said)?.[1]?.replace(/[,;)]+$/, '');
  if (version === undefined)
    return {
      ...finding,
      found: 'a different tool of that name',
      status: tool.optional ? 'optional' : 'unusable',
      ...fix,
    };
  if (tool.minimum && !atLeast(threeParts(version), tool.minimum))
    return {
      ...finding,
      found: `${version}, ${tool.minimum} or newer is needed`,
      status: tool.optional ? 'optional' : 'too-old',
      ...fix,
    };
  return { ...finding, found: version, status: 'ok', fix: null, package: null };
}

/** The output of a tool, on either stream; null when it is not installed. */
async function ask(argv: [string, ...string[]], signal?: AbortSignal): Promise<string | null> {
  try {
    const env = { CHECKPOINT_DISABLE: '1' };
    const { stdout, stderr } = await $({
      timeoutMs: 15_000,
      env,
      signal,
      keep: 20_000,
      nothrow: true,
    })`${argv}`;
    return `${stdout}\n${stderr}`;
  } catch (error) {
    if (error instanceof Fault && error.code === 'TOOL_MISSING') return null;
    throw error;
  }
}

/** `1.34` as `1.34.0`, `7.2.22` as it is; what follows the number is dropped. */
function threeParts(version: string): string {
  const parts = (/^[\d.]+/.exec(version)?.[0] ?? '0').split('.');
  return [0, 1, 2].map((i) => parts[i] || '0').join('.');
}
