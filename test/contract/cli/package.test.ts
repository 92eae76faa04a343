import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';

/** What `npm pack` makes, installed in a folder of its own: the clone's sources are out of reach. */
const root = resolve(import.meta.dirname, '../../..');
let dir: string;
let sandbox: Sandbox;
let installing: string;
const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };

/** The PATH of a user: the system's node and npm, whose settings (a registry, an authority) are found from there. */
const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((dir) => !dir.endsWith('node_modules/.bin'))
  .join(delimiter);

/** Runs npm; gives what it printed, warnings too. */
function npm(cwd: string, ...args: string[]): { stdout: string; stderr: string } {
  return spawnSync('npm', args, { cwd, env: { ...process.env, PATH }, encoding: 'utf8' });
}

/** Runs the installed command under the system's node; without blocking, since the sandbox lives in this process. */
async function installed(...args: string[]): Promise<string> {
  const command = join(dir, 'node_modules/.bin/dgxos-maas');
  const options = { cwd: dir, env: { ...env, PATH }, maxBuffer: 1 << 26 };
  const { stdout, stderr } = await promisify(execFile)(command, args, options);
  expect(stderr).not.toMatch(/Warning/);
  return stdout;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'package-'));
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', dir).stdout) as [
    { filename: string },
  ];
  writeFileSync(join(dir, 'package.json'), '{"private": true}');
  installing = npm(
    dir,
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    join(dir, packed.filename),
  ).stderr;
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

  it('leaves the sandbox and its ssh server to a package of their own, and says how to get it', async () => {
    expect(existsSync(join(dir, 'node_modules/ssh2'))).toBe(false);
    await expect(installed('sandbox')).rejects.toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/\[PACKAGE_MISSING\]\n.*npm pack -w sandbox.*npm install /),
    });
  });

  it("loads whole under the system's node, with everything that it takes from Node's modules", () => {
    const dist = join(dir, 'node_modules/dgxos-maas/dist');
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
    // The guard starts a tool as soon as it is loaded.
    const modules = files.filter((name) => name.endsWith('.js') && !name.endsWith('guard.js'));
    expect(modules.length).toBeGreaterThan(200);
    const program = `for (const name of ${JSON.stringify(modules)}) await import('./' + name);`;
    const { status, stderr } = spawnSync('node', ['--input-type=module', '-e', program], {
      cwd: dist,
      env: { ...process.env, PATH },
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });

  it("suits the system's node: npm warns of no engine, when it installs and when it runs", () => {
    expect(installing).not.toContain('EBADENGINE');
    const { stdout, stderr } = npm(dir, 'exec', '--', 'dgxos-maas', '--version');
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(stderr).not.toContain('EBADENGINE');
  });

  it('looks at the host, and wants packer-maas beside the configuration, not inside npm', async () => {
    const { findings } = JSON.parse(await installed('doctor', '--json').catch(({ stdout }) => stdout));
    const finding = (tool: string) => findings.find((one: { tool: string }) => one.tool === tool);
    expect(finding('node').status).toBe('ok');
    expect(finding('packer-maas').fix).toMatch(/^git clone \S+ \S+\/packer\/packer-maas && /);
    expect(finding('packer-maas').fix).toContain(join(dir, 'packer/packer-maas'));
    expect(finding('packer-maas').fix).not.toContain('node_modules');
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
