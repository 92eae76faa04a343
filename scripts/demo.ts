import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { $, chalk } from 'zx';

/**
 * Runs the whole pipeline on the demo installer against a sandbox MAAS; everything it makes is kept in one folder.
 * Started by scripts/demo, which has checked the arguments.
 */
const { values } = parseArgs({
  options: { fresh: { type: 'boolean', default: false }, boot: { type: 'string' }, dir: { type: 'string' } },
});

const root = resolve(import.meta.dirname, '..');
const cli = join(root, 'bin/dgxos-maas.js');
const dir = resolve(values.dir as string);
mkdirSync(dir, { recursive: true });
const say = (text: string) => process.stderr.write(`${chalk.bold('demo:')} ${text}\n`);
const started = Date.now();

say('making the demo installer ISO (from Debian packages; cached)');
const made = await $({
  stdio: ['ignore', 'pipe', 'inherit'],
})`node ${join(root, 'scripts/demo-iso.ts')} --json`;
const iso = JSON.parse(made.stdout) as { path: string; sha256: string };

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
    release: demo
    platform: demo1
    version: "1.0"
    iso:
      source: ${iso.path}
      sha256: ${iso.sha256}
    vm:
      boot: ${values.boot}
`,
);
try {
  const run = await $({
    stdio: ['ignore', 'inherit', 'inherit'],
    nothrow: true,
    env: { ...process.env, MAAS_API_URL: maas.url, MAAS_API_KEY: maas.apiKey },
  })`node ${cli} --config ${config} run demo ${values.fresh ? ['--from', 'iso'] : []}`;
  process.exitCode = run.exitCode ?? 1;
  if (run.exitCode === 0)
    say(`done in ${Math.round((Date.now() - started) / 1000)} s; the files are in ${dir}`);
} finally {
  sandbox.kill('SIGTERM');
}
