import { readFile } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { parseAssignments } from '../parsers/assignments.ts';

/** The kind of host that built the image. No name, user, address or identifier of it. */
export interface HostFacts {
  os: string;
  kernel: string;
  architecture: string;
  processor: string;
  cpus: number;
  memoryMiB: number;
}

export async function hostFacts(): Promise<HostFacts> {
  const processors = cpus();
  return {
    os: await osName(),
    kernel: release(),
    architecture: arch(),
    processor: processors[0]?.model.trim() ?? 'unknown',
    cpus: processors.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
  };
}

async function osName(): Promise<string> {
  try {
    return parseAssignments(await readFile('/etc/os-release', 'utf8')).get('PRETTY_NAME') ?? platform();
  } catch {
    return platform();
  }
}
