import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../../pipeline/config/load.ts';
import { problemWith, RECIPES, ROOT, recipe } from '../../unit/recipes/commands.ts';

const FOLDER = 'kubernetes';
const FILES = readdirSync(join(RECIPES, FOLDER)).sort();

interface Manifest {
  apiVersion: string;
  kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: the schemas say what is in it
  [member: string]: any;
}

const manifests = (name: string): Manifest[] =>
  parseAllDocuments(recipe(`${FOLDER}/${name}`)).map((one) => one.toJS());
const all = FILES.flatMap((name) =>
  manifests(name).map((one): [string, Manifest] => [`${name}: ${one.kind}`, one]),
);
const named = (kind: string, component?: string) =>
  all
    .map(([, one]) => one)
    .find(
      (one) =>
        one.kind === kind &&
        (component === undefined || one.metadata.labels?.['app.kubernetes.io/component'] === component),
    ) as Manifest;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubernetes-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The schemas of Kubernetes, as kubernetes-models has generated them from its OpenAPI: required members, types and enumerations. */
async function problem(manifest: Manifest): Promise<string | undefined> {
  const models = await import(import.meta.resolve(`kubernetes-models/${manifest.apiVersion}`));
  try {
    new models[manifest.kind](structuredClone(manifest)).validate();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The schemas allow members that there are not, and an API server drops them: the types of the same package do not. */
async function typed(list: readonly Manifest[]): Promise<string> {
  const lines = list.flatMap((one, at) => [
    `import type { I${one.kind} as T${at} } from 'kubernetes-models/${one.apiVersion}';`,
    `export const m${at}: T${at} = ${JSON.stringify(one)};`,
  ]);
  writeFileSync(join(dir, 'manifests.ts'), lines.join('\n'));
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--types',
    '',
    'manifests.ts',
  ];
  const { all: said, exitCode } = await execa(join(ROOT, 'node_modules/.bin/tsc'), options, {
    cwd: dir,
    reject: false,
    all: true,
  });
  rmSync(join(dir, 'node_modules'));
  return exitCode === 0 ? '' : String(said);
}

describe('the manifests', () => {
  it.each(all)('%s follows its schema', async (_, manifest) => {
    expect(await problem(manifest)).toBeUndefined();
  });

  it('have no member that is not in the API', async () => {
    expect(await typed(all.map(([, one]) => one))).toBe('');
  });

  it.each([
    [
      'a member that is not there',
      (job: Manifest) => Object.assign(job.spec, { completionModus: 'Indexed' }),
      'completionModus',
    ],
    [
      'a member of a container that is not there',
      (job: Manifest) => Object.assign(job.spec.template.spec.containers[0], { securitycontext: {} }),
      'securitycontext',
    ],
    ['a value of another type', (job: Manifest) => Object.assign(job.spec, { completions: '2' }), 'string'],
  ])('%s would be found', async (_, change, found) => {
    const job = structuredClone(named('Job'));
    change(job);
    expect(await typed([job])).toContain(found);
  });

  it('a required member that is missing would be found', async () => {
    const job = structuredClone(named('Job'));
    delete job.spec.template;
    expect(await problem(job)).toContain('template');
  });

  it('everything is in the namespace, and what a pod mounts or reads is there', () => {
    const names = new Set(all.map(([, { kind, metadata }]) => `${kind} ${metadata.name}`));
    for (const [, { kind, metadata }] of all)
      if (kind !== 'Namespace') expect(metadata.namespace, kind).toBe('dgxos-maas');
    for (const component of ['build', 'finish']) {
      const { volumes, containers } = named('Job', component).spec.template.spec;
      for (const { configMap, persistentVolumeClaim } of volumes) {
        if (configMap) expect(names).toContain(`ConfigMap ${configMap.name}`);
        if (persistentVolumeClaim)
          expect(names).toContain(`PersistentVolumeClaim ${persistentVolumeClaim.claimName}`);
      }
      const mounted = containers[0].volumeMounts.map(({ name }: { name: string }) => name);
      expect(new Set(mounted)).toEqual(new Set(volumes.map(({ name }: { name: string }) => name)));
    }
  });

  it('pods that build and the one that finishes have the same ways of building', () => {
    const pod = (component: string) => {
      const { hostUsers, containers } = named('Job', component).spec.template.spec;
      return { hostUsers, security: containers[0].securityContext, image: containers[0].image };
    };
    expect(pod('build')).toEqual(pod('finish'));
  });
});

describe('the pods', () => {
  const data = () => named('ConfigMap').data as Record<string, string>;

  it('each index is one image of the configuration', async () => {
    const { spec } = named('Job', 'build');
    const images = data().images!.split(' ');
    expect([spec.completionMode, spec.completions]).toEqual(['Indexed', images.length]);
    expect(Object.keys(parse(data()['dgxos-maas.yaml']!).images)).toEqual(images);
    const { command, args } = spec.template.spec.containers[0];
    const calls: string[] = [];
    writeFileSync(join(dir, 'dgxos-maas'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    for (const index of images.keys()) {
      const env = {
        IMAGES: data().images!,
        JOB_COMPLETION_INDEX: String(index),
        PATH: `${dir}:${process.env.PATH}`,
      };
      const [shell, ...options] = command as [string, ...string[]];
      calls.push((await execa(shell, [...options, ...args], { env })).stdout);
    }
    expect(calls).toEqual(
      images.map((image) => `--config /etc/dgxos-maas/dgxos-maas.yaml nightly ${image} --no-upload`),
    );
    for (const call of calls) expect(problemWith(call.split(' ').slice(2))).toBeNull();
    expect(problemWith(named('Job', 'finish').spec.template.spec.containers[0].args.slice(2))).toBeNull();
  });

  it('their configuration is one that the program reads', async () => {
    const file = join(dir, 'dgxos-maas.yaml');
    writeFileSync(file, data()['dgxos-maas.yaml']!);
    const { config } = await loadConfig({ file, env: {}, cwd: dir });
    expect(Object.keys(config.images)).toHaveLength(2);
    const { mountPath } = named('Job', 'build').spec.template.spec.containers[0].volumeMounts.find(
      ({ name }: { name: string }) => name === 'store',
    );
    expect(config.store.place).toBe(mountPath);
  });
});
