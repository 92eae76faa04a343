import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The time of the guest's tar in a real build, by Packer's own clock (whole seconds).
 * @param build the workspace of an image, or its build folder
 * @throws Error when the log does not have them
 */
export function guestTar(build: string): { seconds: number; tarBytes: number } {
  const path = [join(build, 'build/packer.log'), join(build, 'packer.log')].find((log) => existsSync(log));
  if (!path) throw new Error(`there is no packer.log in ${build}`);
  const lines = readFileSync(path, 'utf8').split('\n');
  const start = lines.find((line) => /Provisioning with shell script: .*hand-over/.test(line));
  const end = lines.find((line) => /hand-over: done/.test(line));
  const bytes = /Total bytes written: (\d+)/.exec(lines.join('\n'))?.[1];
  if (!start || !end || !bytes) throw new Error(`${path} has no line on a hand-over`);
  return { seconds: timeOf(end) - timeOf(start), tarBytes: Number(bytes) };
}

/** Of a line of `packer -machine-readable -timestamp-ui`. */
function timeOf(line: string): number {
  return Date.parse(/\d{4}-\d\d-\d\dT[\d:]+Z/.exec(line)?.[0] ?? '') / 1000;
}
