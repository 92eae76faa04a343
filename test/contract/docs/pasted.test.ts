import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { callsIn, problemWith } from '../../unit/recipes/commands.ts';
import { type Block, blocksOf, PAGES, ROOT, typed, withoutComment } from './blocks.ts';
import { LISTED } from './listed.ts';
import { goodImage, type World, world } from './world.ts';

const LANGUAGES = ['sh', 'console', 'text', 'yaml', 'nginx'];
/** Steps that the reader has done on the page before. */
const BEFORE: Record<string, string> = {
  'docs/first-hour.md': 'cp image.tar.gz demo.tar.gz',
  'docs/report.md': 'dgxos-maas upload dgx1',
  'docs/store.md': 'mkdir store && export DGXOS_MAAS_STORE=$PWD/store',
  'docs/upload.md': 'dgxos-maas upload dgx1',
  'docs/machines.md': `dgxos-maas upload dgx1 && dgxos-maas promote dgx1 --channel stable
    dgxos-maas site apply -f pools.yaml --yes && dgxos-maas machines commission --all --yes`,
  'docs/from-maas-cli.md': 'dgxos-maas machines commission gpu-001 --yes',
  'docs/guide.md': 'dgxos-maas machines commission gpu-001 --yes && dgxos-maas machines tag add dgx gpu-001',
};

const shells = PAGES.map((page): [string, Block[]] => [
  page,
  blocksOf(page).filter((block) => typed(block) !== ''),
]).filter(([, blocks]) => blocks.length > 0);

const lines = shells.flatMap(([, blocks]) =>
  blocks.flatMap((block) => typed(block).split('\n').map(withoutComment)),
);

/** The script of a block, with what is listed left out, replaced or its exit code taken. */
function scriptOf(block: Block): string {
  const script = typed(block)
    .split('\n')
    .map((line) => {
      const one = LISTED[withoutComment(line)];
      if (!one) return line;
      if ('parsed' in one) return ':';
      return 'as' in one ? one.as : `( ${withoutComment(line)} ) || [ $? -eq ${one.exit} ]`;
    })
    .join('\n');
  return `echo '== line ${block.line}' >&2\n${script}\n`;
}

let good: Buffer;
beforeAll(async () => {
  good = await goodImage();
});

describe('blocks of README and docs', () => {
  it.each(PAGES)('%s says of each what it is', (page) => {
    expect(blocksOf(page).filter(({ language }) => !LANGUAGES.includes(language))).toEqual([]);
  });

  it('have one spelling of the command', () => {
    const others = PAGES.flatMap((page) =>
      readFileSync(join(ROOT, page), 'utf8')
        .split('\n')
        .filter((line) => /npx dgxos-maas|bin\/dgxos-maas(\.js)?\b/.test(line))
        .map((line) => `${page}: ${line}`),
    );
    // The one line that says how else it is called in a clone, and the path of a service.
    expect(others.filter((line) => !line.includes('(or write `npx dgxos-maas` in the clone)'))).toEqual([]);
  });

  it('blocks listed as not run exist', () => {
    expect(Object.keys(LISTED).filter((line) => !lines.includes(line))).toEqual([]);
  });

  it.each(lines.filter((line) => callsIn(line).length > 0))(
    '%s: the command and its options are there',
    (line) => {
      for (const words of callsIn(line)) expect(problemWith(words)).toBeNull();
    },
  );

  it.each(lines.filter((line) => /scripts\/\w|npm run /.test(line)))('%s: the script is there', (line) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    for (const [, name] of line.matchAll(/scripts\/([\w.-]+)/g))
      expect(existsSync(join(ROOT, 'scripts', name as string))).toBe(true);
    for (const [, name] of line.matchAll(/npm run ([\w:-]+)/g))
      expect(scripts).toHaveProperty([name as string]);
  });
});

describe('pasted into a shell', () => {
  it.each(shells)('%s works', { timeout: 300_000 }, async (page, blocks) => {
    const here = await world({ good });
    onTestFinished(() => here.close());
    const script = [BEFORE[page] ?? ':', ...blocks.map(scriptOf)].join('\n');
    const { code, said } = await paste(here, script);
    expect(code, said).toBe(0);
  });

  it('a command that is wrong is found', async () => {
    const here = await world({ good });
    onTestFinished(() => here.close());
    expect((await paste(here, 'dgxos-maas images --machine\ntrue')).code).toBe(2);
  });
});

it('npm link puts the command on the PATH', async () => {
  const prefix = mkdtempSync(join(tmpdir(), 'prefix-'));
  onTestFinished(() => rmSync(prefix, { recursive: true, force: true }));
  // The system's npm, whose settings are found from there.
  const PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => !dir.endsWith('node_modules/.bin'))
    .join(delimiter);
  const env = { ...process.env, PATH, npm_config_prefix: prefix };
  const { status, stderr } = spawnSync('npm', ['link'], { cwd: ROOT, env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const { stdout } = await promisify(execFile)(join(prefix, 'bin/dgxos-maas'), ['--version'], {
    cwd: tmpdir(),
    env,
  });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

/** Runs a script in bash, which ends at the first command that fails; gives the end of what was said. */
function paste({ host, fill }: World, script: string): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    // Programs started in the background end with the shell.
    const whole = `set -e\ntrap 'for job in $(jobs -p); do kill $job; done' EXIT\n${fill(script)}`;
    const child = spawn('bash', ['-c', whole, 'pasted'], { cwd: host.dir, env: host.env });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part) => (said = (said + part).slice(-4000)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, said }));
    child.stdin.end();
  });
}
