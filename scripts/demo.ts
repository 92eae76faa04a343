import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { $, chalk } from 'zx';
import { ARCHIVE_URL, type DemoArchive } from './archive/build.ts';
import { serveFolder } from './archive/serve.ts';

/**
 * Runs the whole pipeline on the demo installer against a sandbox MAAS; everything it makes is kept in one folder.
 * Started by scripts/demo, which has checked the arguments.
 */
const { values } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    archive: { type: 'boolean', default: false },
    boot: { type: 'string' },
    dir: { type: 'string' },
  },
});

const root = resolve(import.meta.dirname, '..');
const cli = join(root, 'bin/dgxos-maas.js');
const dir = resolve(values.dir as string);
mkdirSync(dir, { recursive: true });
const say = (text: string) => process.stderr.write(`${chalk.bold('demo:')} ${text}\n`);
const started = Date.now();

/** Runs a script that makes what is installed from. @returns the object that it prints */
async function made<T>(script: string, ...args: string[]): Promise<T> {
  const { stdout } = await $({
    stdio: ['ignore', 'pipe', 'inherit'],
  })`node ${join(root, 'scripts', script)} --json ${args}`;
  return JSON.parse(stdout) as T;
}

/** The source of an image's installation, as its configuration names it; `close` ends the server. */
interface Material {
  yaml: string;
  close(): void;
}

async function isoMaterial(): Promise<Material> {
  say('making the demo installer ISO (from Debian packages; cached)');
  const iso = await made<{ path: string; sha256: string }>('demo-iso.ts');
  const yaml = `    release: demo
    platform: demo1
    version: "1.0"
    iso:
      source: ${iso.path}
      sha256: ${iso.sha256}
    vm:
      boot: ${values.boot}
`;
  return { yaml, close() {} };
}

async function archiveMaterial(): Promise<Material> {
  say('making a root, repository files and a signed archive (from Debian packages; cached)');
  const { root: tar, repository, archive } = await made<DemoArchive>('demo-archive.ts');
  const server = await serveFolder(archive);
  const yaml = `    release: demo-archive
    platform: demo_switch
    version: "1.0"
    archive:
      root: { source: ${tar.path}, sha256: ${tar.sha256} }
      repository: { source: ${repository.path}, sha256: ${repository.sha256} }
    mirrors:
      ${ARCHIVE_URL}: ${server.url}
    # A question that the stand-ins ask as NVIDIA's packages do.
    accept_eula: true
    packages: [hello]
`;
  return { yaml, close: server.close };
}

const material = await (values.archive ? archiveMaterial() : isoMaterial());

say('starting a sandbox of MAAS on loopback (it is not MAAS, but answers as it does)');
const sandbox = spawn(process.execPath, [cli, 'sandbox', '--quiet', '--json', '--dir', join(dir, 'maas')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const maas = await new Promise<{ url: string; apiKey: string }>((ready, failed) => {
  let text = '';
  sandbox.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
    try {
      ready(JSON.parse(text));
    } catch {
      // the object is not complete yet
    }
  });
  sandbox.on('exit', (code) => failed(new Error(`the sandbox ended with exit code ${code}`)));
});

const config = join(dir, 'dgxos-maas.yaml');
writeFileSync(
  config,
  `# Written by scripts/demo: the demo installer, and the sandbox from the environment as the target.
workspace: ./work
images:
  demo:
${material.yaml}`,
);
try {
  const run = await $({
    stdio: ['ignore', 'inherit', 'inherit'],
    nothrow: true,
    env: { ...process.env, MAAS_API_URL: maas.url, MAAS_API_KEY: maas.apiKey },
  })`node ${cli} --config ${config} run demo ${values.fresh ? ['--from', values.archive ? 'sources' : 'iso'] : []}`;
  process.exitCode = run.exitCode ?? 1;
  if (run.exitCode === 0)
    say(`done in ${Math.round((Date.now() - started) / 1000)} s; the files are in ${dir}`);
} finally {
  sandbox.kill('SIGTERM');
  material.close();
}
