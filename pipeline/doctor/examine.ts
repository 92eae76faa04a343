import type { LoadOptions } from '../config/load.ts';
import { type Finding, isBlocking } from './finding.ts';
import { examineKvm, examineNamespaces, examineNode } from './host.ts';
import { examineProject } from './project.ts';
import { examineQemuPlugin } from './qemu-plugin.ts';
import { examineTools } from './tools.ts';

export interface Diagnosis {
  ok: boolean;
  findings: Finding[];
  /** The command that installs what is required and missing, as far as packages provide it; null when there is nothing to install. */
  installCommand: string | null;
}

/** Looks at everything that the pipeline stands on. Nothing is changed, and no network is used. */
export async function examine(options: LoadOptions & { signal?: AbortSignal }): Promise<Diagnosis> {
  const { signal } = options;
  const [tools, kvm, namespaces, project] = await Promise.all([
    examineTools(signal),
    examineKvm(signal),
    examineNamespaces(signal),
    examineProject(options),
  ]);
  const packer = tools.find(({ tool, status }) => tool === 'packer' && status === 'ok')?.found;
  const plugin = packer
    ? await examineQemuPlugin({ version: packer, env: options.env, cwd: options.cwd }, signal)
    : [];
  const own = project.findings.map(({ tool }) => tool);
  // A row of the images in place of the general one, and nothing of media and VMs where no image has one.
  const general = [...tools, ...plugin, kvm, namespaces]
    .filter(({ tool }) => !own.includes(tool))
    .map((one) => (project.archivesOnly && ONLY_MEDIA.includes(one.tool) ? asOptional(one) : one));
  const findings = [examineNode(), ...general, ...project.findings];
  return { ok: !findings.some(isBlocking), findings, installCommand: installCommand(findings) };
}

/** Tools that read a medium or run a VM. */
const ONLY_MEDIA = [
  'xorriso',
  'unsquashfs',
  'packer',
  'packer-plugin-qemu',
  'qemu-system-x86_64',
  'qemu-img',
];

function asOptional(finding: Finding): Finding {
  return isBlocking(finding) ? { ...finding, status: 'optional' } : finding;
}

/** One `apt-get install` for everything that is needed and that a package brings. */
function installCommand(findings: readonly Finding[]): string | null {
  const packages = [...new Set(findings.filter(isBlocking).flatMap((finding) => finding.package ?? []))];
  if (packages.length === 0) return null;
  const root = process.getuid?.() === 0;
  return `${root ? '' : 'sudo '}apt-get install -y ${packages.join(' ')}`;
}
