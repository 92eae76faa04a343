import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';

/** The files that `npm pack` makes, installed in a folder of its own: the clone's sources are out of reach. */
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

/** Packages that the command can do without: BullMQ for a queue, and those that libraries ask for and miss in silence. */
const BESIDE = [
  ...['bullmq', 'ioredis', 'kerberos', 'supports-color', 'xmlbuilder2'],
  'web-streams-polyfill/dist/ponyfill.es2018.js',
];

const command = () => join(dir, 'node_modules/.bin/dgxos-maas');

/** The modules of an installed package, by path. */
function modulesIn(name: string): string[] {
  const dist = join(dir, 'node_modules', name, 'dist');
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.c?js$/.test(file)).map((file) => join(dist, file));
}

/** Runs a program under the system's node; gives its exit code and what it warned of. */
function inNode(program: string): [number | null, string] {
  const options = { cwd: dir, env: { ...process.env, PATH }, encoding: 'utf8' } as const;
  const { status, stderr } = spawnSync('node', ['--input-type=module', '-e', program], options);
  return [status, stderr];
}

/** Installs a packed file; gives npm's warnings. */
const install = (file: string): string =>
  npm(dir, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(dir, file)).stderr;

/** Runs the installed command under the system's node; without blocking, since the sandbox lives in this process. */
async function installed(...args: string[]): Promise<string> {
  const options = { cwd: dir, env: { ...env, PATH }, maxBuffer: 1 << 26 };
  const { stdout, stderr } = await promisify(execFile)(command(), args, options);
  expect(stderr).not.toMatch(/Warning/);
  return stdout;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'package-'));
  // The output of a source that was deleted since.
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist/gone.cjs'), '');
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', dir).stdout) as [
    { filename: string },
  ];
  writeFileSync(join(dir, 'package.json'), '{"private": true}');
  installing = install(packed.filename);
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
    expect(existsSync(join(own, 'dist/main.cjs'))).toBe(true);
    expect(existsSync(join(own, 'test'))).toBe(false);
    expect(existsSync(join(own, 'dist/gone.cjs'))).toBe(false);
  });

  it('is one package of at most 12 MB, with the licence of each package whose code is in it', async () => {
    expect(readdirSync(join(dir, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'dgxos-maas',
    ]);
    const own = join(dir, 'node_modules/dgxos-maas');
    const files = readdirSync(own, { recursive: true, encoding: 'utf8' }).map((name) => join(own, name));
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(12e6);
    const licenses = readFileSync(join(own, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['zx', 'execa', 'tar-stream', 'node-fetch', 'ajv', 'commander', 'fetch-blob'])
      expect(licenses).toMatch(new RegExp(`^${name} \\d\\S+, \\S`, 'm'));
  });

  it('has the code of every package that it loads, but of those that are installed beside it', () => {
    const loaded = modulesIn('dgxos-maas').flatMap((file) => [
      ...readFileSync(file, 'utf8').matchAll(
        /(?<![`.])\b(?:(?:__)?require|createRequire\([^)]*\)|import)\(["'`]([^."'`][^"'`]*)["'`]\)/g,
      ),
    ]);
    const packages = loaded.map(([, name]) => name as string).filter((name) => !isBuiltin(name));
    expect(new Set(packages)).toEqual(new Set(BESIDE));
  });

  it('leaves the sandbox and its ssh server to a package of their own, and says how to get it', async () => {
    expect(existsSync(join(dir, 'node_modules/ssh2'))).toBe(false);
    await expect(installed('sandbox')).rejects.toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/\[PACKAGE_MISSING\]\n.*npm pack -w sandbox.*npm install /),
    });
  });

  it("loads whole under the system's node, with everything that it takes from Node's modules", () => {
    // The guard starts a tool as soon as it is loaded.
    const modules = modulesIn('dgxos-maas').filter((name) => !name.endsWith('guard.js'));
    expect(modules.length).toBeGreaterThan(200);
    expect(inNode(`for (const name of ${JSON.stringify(modules)}) await import(name);`)).toEqual([0, '']);
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
    await installed('init', '--accept-eula');
    expect(readFileSync(join(dir, 'dgxos-maas.yaml'), 'utf8')).toContain('yaml-language-server');
    await installed('config', 'validate');
  });

  it('completes in a shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish'])
      expect(await installed('completion', shell)).toContain('dgxos-maas complete -- ');
    expect(await installed('complete', '--', 'build', '')).toBe('dgx1\n:4\n');
  });

  it('brings the pages that its README names', () => {
    const own = join(dir, 'node_modules/dgxos-maas');
    const readme = readFileSync(join(own, 'README.md'), 'utf8');
    const named = [...readme.matchAll(/\]\(([\w./-]+\.(?:md|png))[#)]/g)].map(([, name]) => name as string);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !existsSync(join(own, name)))).toEqual(['CONTRIBUTING.md']);
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

describe('the packed sandbox, installed beside it', () => {
  beforeAll(() => {
    const [packed] = JSON.parse(
      npm(root, 'pack', '-w', 'sandbox', '--json', '--pack-destination', dir).stdout,
    );
    expect(install(packed.filename)).not.toMatch(/EBADENGINE|ERESOLVE/);
  }, 300_000);

  it.each([
    ["the system's node", PATH],
    ["the project's node", process.env.PATH],
  ])('is what the command serves, under %s', async (_, path) => {
    const argv = ['sandbox', '--json', '--dir', join(dir, 'own'), '--machines', '1', '--guests'];
    const served = spawn(join(dir, 'node_modules/.bin/dgxos-maas'), argv, {
      cwd: dir,
      env: { ...env, PATH: path },
    });
    let stderr = '';
    served.stderr.on('data', (part) => {
      stderr += part;
    });
    const [shown] = await Promise.race([once(served.stdout, 'data'), once(served, 'close')]);
    const { url, apiKey } = JSON.parse(String(shown));
    const target = { MAAS_API_URL: url, MAAS_API_KEY: apiKey };
    const { stdout } = await promisify(execFile)('node', [command(), '--json', 'machines', 'list'], {
      cwd: dir,
      env: { ...env, ...target, PATH: path },
    });
    expect(stdout).toContain('gpu-001');
    served.kill('SIGTERM');
    expect((await once(served, 'close'))[0]).toBe(0);
    expect(stderr).not.toMatch(/Warning/);
  });

  it("loads whole under the system's node", () => {
    const program = `for (const name of ${JSON.stringify(modulesIn('dgxos-maas-sandbox'))}) await import(name);`;
    expect(inNode(program)).toEqual([0, '']);
  });

  it('says what is wrong as the product does', async () => {
    await expect(installed('sandbox', '--family', '2.7')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('The sandbox does not know MAAS 2.7 [USAGE]'),
    });
  });
});
