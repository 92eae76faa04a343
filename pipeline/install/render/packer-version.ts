/** The parts of a version such as "1.6.6" or "v1.11.0-dev"; undefined when it is none. */
export function parseVersion(text: string): [number, number, number] | undefined {
  const match = text.trim().match(/^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

/** Whether `version` is `floor` or newer; an unreadable version counts as old. Pre-releases count as their release. */
export function atLeast(version: string, floor: string): boolean {
  const have = parseVersion(version);
  const want = parseVersion(floor);
  if (!have || !want) return false;
  for (const i of [0, 1, 2] as const) if (have[i] !== want[i]) return have[i] > want[i];
  return true;
}

/**
 * The oldest plugin for Packer 1.7 and newer: 1.1.2 does not wait until a VM without communicator has shut down, which 1.1.3
 * takes back (builder/qemu/step_shutdown.go).
 */
export const PLUGIN_MINIMUM = '1.1.3';

/** From 1.7 on a template declares its plugins; 1.6 refuses the declaration and has qemu inside. */
export function declaresPlugins(version: string): boolean {
  return atLeast(version, '1.7.0');
}
