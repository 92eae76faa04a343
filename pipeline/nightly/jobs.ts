/** The load of one build on the host; most of it is its virtual machine. */
export interface BuildNeeds {
  cpus: number;
  memoryMiB: number;
}

// The rest is for the host, for packing and for its cache of files.
const PART_OF_MEMORY = 0.75;

/**
 * The number of builds that this host can run at the same time: as many virtual machines of the largest kind as have their processors
 * and memory, and at least one.
 */
export function defaultJobs(
  needs: readonly BuildNeeds[],
  host: { cpus: number; memoryBytes: number },
): number {
  const cpus = Math.max(1, ...needs.map((need) => need.cpus));
  const memory = Math.max(1, ...needs.map((need) => need.memoryMiB)) * 1024 * 1024;
  const fit = Math.min(
    Math.floor(host.cpus / cpus),
    Math.floor((host.memoryBytes * PART_OF_MEMORY) / memory),
  );
  return Math.max(1, Math.min(fit, needs.length));
}
