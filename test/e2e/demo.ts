import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = resolve(import.meta.dirname, '../..');
export const CLI = join(ROOT, 'bin/dgxos-maas.js');

export interface Iso {
  path: string;
  sha256: string;
}

/** A medium of a script, made or in its cache; a second test file waits for the first, which may be making the same. */
export async function madeBy<T>(script: string, ...flags: string[]): Promise<T> {
  const argv = [ROOT, process.execPath, join(ROOT, 'scripts', script), '--json', ...flags];
  const { stdout } = await promisify(execFile)('flock', argv, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as T;
}

/** A demo ISO, with the specimen files in its root or without. */
export const demoIso = ({
  specimens = true,
  installer = 'live-curtin' as 'live-curtin' | 'subiquity',
} = {}): Promise<Iso> =>
  madeBy(
    'demo-iso.ts',
    ...(specimens ? ['--specimens'] : []),
    ...(installer === 'subiquity' ? ['--subiquity'] : []),
  );

export interface Workspace {
  dir: string;
  work: string;
  config: string;
}

/** A folder with a configuration for the demo image. */
export function demoWorkspace(iso: Iso, image: Record<string, unknown> = {}): Workspace {
  const dir = mkdtempSync(join(tmpdir(), 'e2e-'));
  const config = join(dir, 'dgxos-maas.yaml');
  const settings = {
    release: 'demo',
    platform: 'demo1',
    version: '1.0',
    iso: { source: iso.path, sha256: iso.sha256 },
    ...image,
  };
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({ workspace: './work', cache: './cache', images: { demo: settings } }),
  );
  mkdirSync(join(dir, 'work'));
  return { dir, work: join(dir, 'work'), config };
}

export interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Starts the real command line in a process of its own. */
export function start(workspace: Workspace, args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [CLI, '--config', workspace.config, ...args], {
    env: { ...process.env, NO_COLOR: '1', CI: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Result>((done) =>
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr })),
  );
  /** Resolves when stderr has shown a text. */
  const shown = async (text: string | RegExp, seconds = 300) => {
    for (let i = 0; i < seconds * 10; i++) {
      if (typeof text === 'string' ? stderr.includes(text) : text.test(stderr)) return;
      if (child.exitCode !== null) break;
      await new Promise((r) => setTimeout(r, 100));
    }
    throw new Error(`did not show ${text}:\n${stderr}`);
  };
  return { child, ended, shown };
}

/** Command lines of the Packers and QEMUs that run on behalf of a folder. */
export async function running(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (/(packer|qemu-system)/.test(argv.split('\0')[0] ?? '') && argv.includes(dir))
      found.push(argv.replaceAll('\0', ' '));
  }
  return found;
}

/** Waits until nothing runs for a folder any more. */
export async function quiet(dir: string, seconds: number): Promise<string[]> {
  let left = await running(dir);
  for (let i = 0; i < seconds * 5 && left.length > 0; i++) {
    await new Promise((r) => setTimeout(r, 200));
    left = await running(dir);
  }
  return left;
}
