import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Packs the clone and installs the file as `npm install -g` does: what a user runs.
 * @param dir where it goes
 * @returns the command
 */
export function installPacked(dir: string): string {
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' });
  const [{ filename }] = JSON.parse(npm('pack', '--json', '--pack-destination', dir)) as [
    { filename: string },
  ];
  npm('install', '--global', '--no-audit', '--no-fund', '--prefix', dir, join(dir, filename));
  return join(dir, 'bin/dgxos-maas');
}

/** Makes one CommonJS file of a source and what it imports, as our command is one: Node then strips no types and loads no `fetch`. */
export async function bundled(source: string, file: string): Promise<string> {
  const bundle = await rolldown({ input: source, platform: 'node' });
  await bundle.write({ file, format: 'cjs', comments: false, codeSplitting: false });
  return file;
}
