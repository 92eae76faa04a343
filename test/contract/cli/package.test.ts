import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../pipeline/sandbox/server.ts';

/** What `npm pack` makes, installed in a folder of its own: the clone's sources are out of reach. */
const root = resolve(import.meta.dirname, '../../..');
let dir: string;
let sandbox: Sandbox;
const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };

/** The system's npm under the system's node: its global settings (a registry, an authority) are found from there. */
function npm(cwd: string, ...args: string[]): string {
  const path = (process.env.PATH ?? '').split(delimiter).filter((dir) => !dir.endsWith('node_modules/.bin'));
  return execFileSync('npm', [...args, '--loglevel=error'], {
    cwd,
    env: { ...process.env, PATH: path.join(delimiter) },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Runs the installed command; without blocking, since the sandbox lives in this process. */
async function installed(...args: string[]): Promise<string> {
  const command = join(dir, 'node_modules/.bin/dgxos-maas');
  return (await promisify(execFile)(command, args, { cwd: dir, env, maxBuffer: 1 << 26 })).stdout;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'package-'));
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', dir)) as [
    { filename: string },
  ];
  writeFileSync(join(dir, 'package.json'), '{"private": true}');
  npm(dir, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(dir, packed.filename));
  sandbox = await startSandbox({ dir: join(dir, 'maas') });
  env.MAAS_API_URL = sandbox.url;
  env.MAAS_API_KEY = sandbox.apiKey;
}, 300_000);
afterAll(async () => {
  await sandbox?.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('the installed package', () => {
  it('helps, and holds no source of ours but what it needs', async () => {
    expect(await installed('--help')).toContain('dgxos-maas');
    const own = join(dir, 'node_modules/dgxos-maas');
    expect(existsSync(join(own, 'dist/cli/main.js'))).toBe(true);
    expect(existsSync(join(own, 'test'))).toBe(false);
  });

  it('looks at the host', async () => {
    expect(JSON.parse(await installed('doctor', '--json'))).toBeTypeOf('object');
  });

  it('writes a configuration that it can read', async () => {
    await installed('init');
    expect(readFileSync(join(dir, 'dgxos-maas.yaml'), 'utf8')).toContain('yaml-language-server');
    await installed('config', 'validate');
  });

  it('judges and uploads a tgz', async () => {
    const image = join(dir, 'image.tar.gz');
    execFileSync('tar', ['-czf', image, '-C', root, 'LICENSE']);
    await expect(installed('validate', image)).rejects.toMatchObject({ code: 6 });
    const result = JSON.parse(
      await installed(
        '--json',
        'upload',
        image,
        '--no-validate',
        '--name',
        'custom/packed',
        '--title',
        'Packed',
        '--architecture',
        'amd64/generic',
        '--base-image',
        'ubuntu/jammy',
      ),
    );
    expect(result.uploads[0]).toMatchObject({ name: 'packed', skipped: false });
  });
});
