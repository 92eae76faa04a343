import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EphemeralFiles } from '../../../pipeline/config/settings/ephemeral.ts';
import { keepRelease } from '../../../pipeline/image/diff/release-store.ts';
import { type StageId, stageIdsOf } from '../../../pipeline/stages/rows.ts';
import { counted, NotCounted, resolved } from '../../../pipeline/workspace/fingerprint.ts';
import { type LedgerEntry, record } from '../../../pipeline/workspace/ledger/ledger.ts';
import { type Everything, Example } from './example.ts';
import { tools } from './tools.ts';

vi.mock('../../../pipeline/host/process/tool.ts', async (original) => ({
  ...(await original<object>()),
  $: (await import('./tools.ts')).answer,
}));
vi.mock('../../../pipeline/host/process/version-output.ts', async () => ({
  versionOutput: (await import('./tools.ts')).answerOfVersion,
}));
vi.mock('../../../pipeline/host/accelerator.ts', () => ({
  chooseAccelerator: async () => ({ accelerator: tools.get('accelerator') ?? 'tcg' }),
}));

/** Those of an image from an ISO; those of an image from archives are in archive.test.ts. */
type IsoStage = Exclude<StageId, 'sources'>;

/** A value of what stages are declared from, by its path there, or whatever else changes. */
type Change = [path: string, value: unknown] | ((example: Example, all: Everything) => unknown);

/** In MAAS, of the example's names. */
const CHANNEL = 'dgxos5-demo1-5.0-stable';
const OTHER = 'd'.repeat(64);
const CHECK = '{ id: one, title: t, command: "true", why: w, fix: f }';

const artifact: Change = ['before.pack.artifact.sha256', OTHER];
const size: Change = ['before.pack.artifact.size', 6];
const moved: Change = ['before.pack.artifact.path', '/elsewhere/dgx1.tar.gz'];
const name: Change = ['image.name', 'other'];
const platform: Change = ['image.platform', 'dgx2'];
const release: Change = ['image.release', 'demo'];
const version: Change = ['image.version', '5.1'];
const medium: Change = ['before.iso.medium.sha256', OTHER];
const title: Change = ['image.resource.title', 'Two'];
const nameOfResource: Change = ['image.resource.name', 'custom/two-{digest}'];
const targets: Change = ['config.targets.lab.url', 'http://other:5240/MAAS'];
const profile: Change = ['release.profile', 'demo'];
const pack: Change = ['image.pack', 'packer-maas'];

const otherKernel: Change = (example) =>
  example.file(
    'facts.json',
    JSON.stringify({
      facts: {
        kernels: [
          { version: '6.8.0', image: null, initrd: null, modules: true, modulesDep: true, nvidia: false },
        ],
      },
    }),
  );

/** Every member of every stage's inputs that counts, and something that changes it. */
const COUNTED: Record<IsoStage, Record<string, Change>> = {
  iso: {
    source: ['image.iso.source', 'http://mirror/two.iso'],
    sha256: ['image.iso.sha256', OTHER],
    medium: ['release.iso.liveCurtin.medium.kernel', 'casper/vmlinuz'],
    platform,
  },
  render: {
    sources: (example) =>
      example.file('packer-maas/dgxos5/http/curtin.yaml', 'sources: {}\nlate_commands: {}\n'),
    installer: ['release.iso.liveCurtin.kernelParameters.0', 'quiet'],
    architecture: ['before.iso.facts.architecture', 'arm64'],
    hook: ['release.hook', null],
    name,
    platform,
    vm: ['image.vm.cpus', 2],
    packages: ['image.packages.0', 'gcc'],
    lateCommands: ['image.lateCommands.50_one', 'false'],
    files: ['image.files.0.mode', '0644'],
    pack,
    way: ['image.install', 'namespace'],
    squashfs: ['before.iso.facts.squashfsOffset', 4096],
    iso: medium,
    packer: () => tools.set('packer', 'Packer v1.6.6'),
    accelerator: () => tools.set('accelerator', 'kvm'),
  },
  build: {
    rendered: ['before.render.files.0.sha256', OTHER],
    packScripts: (_, all) => {
      all.image.pack = 'packer-maas';
      all.before.render.sources[1]!.sha256 = OTHER;
    },
    installer: (_, all) => {
      const { vm, configParameter, kernelParameters, fetchWithinS, tcgFactor } = all.release.iso!.liveCurtin!;
      all.before.iso.facts.installer = 'subiquity';
      all.release.iso!.subiquity = {
        ...{ installer: 'subiquity', medium: { kernel: 'k', initrd: 'i' }, repository: '', debconf: [] },
        platformNames: {},
        ...{ vm, configParameter, mediumParameter: 'url', kernelParameters, fetchWithinS, tcgFactor },
      };
    },
    architecture: (_, { before }) => {
      tools.set('qemu-system-aarch64', 'QEMU emulator version 7.2.0');
      before.iso.facts.architecture = 'arm64';
    },
    way: ['before.render.way', 'namespace'],
    iso: medium,
    tools: () => tools.set('qemu-system-x86_64', 'QEMU emulator version 9.0.0'),
    packerVersion: ['before.render.packerVersion', '1.6.6'],
    accelerator: ['before.render.accelerator', 'kvm'],
    pack,
    boot: ['image.vm.boot', 'typed'],
    typed: ['image.vm.boot', 'typed'],
  },
  pack: {
    build: ['before.build.buildId', 'two'],
    ...{ name, release, platform, version },
    compression: ['image.compression', 'small'],
    members: ['image.gzipMembers', 'single'],
    compressor: () => tools.set('libdeflate-gzip', 'libdeflate-gzip v1.19'),
    signingKey: ({ dir }, { config }) => {
      config.sign.keyFile = join(dir, 'two.key');
    },
  },
  validate: {
    artifact,
    facts: ['before.pack.factsSha256', OTHER],
    profile,
    baseImage: ['image.resource.baseImage', 'ubuntu/noble'],
    architecture: ['image.resource.architecture', 'arm64/generic'],
    platform,
    packages: [
      'release.archive',
      { packages: [], parts: {}, platforms: { demo1: { kernel: 'k', packages: ['nvlsm'], parts: [] } } },
    ],
    waivers: (example) => example.file('one.waivers.yaml', '[]\n'),
    previous: (example) => released(example, 'b'.repeat(64)),
    previousBytes: (example) => released(example, 'b'.repeat(64)),
  },
  rehearse: {
    artifact,
    architecture: ['image.resource.architecture', 'arm64/generic'],
    baseImage: ['image.resource.baseImage', 'ubuntu/noble'],
    curtin: (example) => example.file('curtin/curtin/more.py', 'pass'),
    ephemeral: (example) => example.file('one.txt', 'other'),
    layouts: (example) => example.file('one.layout.yaml', '# other'),
    kernelOptions: ['image.rehearsal.kernelOptions', 'iommu=pt'],
    secureBoot: ['image.rehearsal.secureBoot', true],
    until: ['image.rehearsal.until', 'deployed'],
    ...{ name, version },
    checks: (example) => example.file('one.checks.yaml', 'checks: []\n'),
    kernel: otherKernel,
    memoryMiB: ['image.rehearsal.memoryMiB', 2048],
    disks: ['image.rehearsal.disks', 3],
    diskBytes: ['image.rehearsal.diskBytes', null],
    signingKey: ({ dir }, { config }) => {
      config.sign.keyFile = join(dir, 'two.key');
    },
  },
  upload: { artifact, size, resource: title, image: name, targets },
  accept: {
    ...{ artifact, size, resource: title, image: name, version, release, profile, platform, targets },
    system: ['release.platforms.demo1', { title: 't', gpus: 2, nvswitch: true, nvlink5: false, imex: false }],
    quarantined: (example, { before }) =>
      noted(example, { did: 'quarantined', sha256: before.pack.artifact.sha256 }),
    kernel: otherKernel,
    checks: (example) => example.file('one.checks.yaml', 'checks: []\n'),
    machines: ['image.acceptance.machines', ['two']],
    tags: ['image.acceptance.tags', ['two']],
    ssh: ['image.acceptance.ssh.port', 2222],
  },
  promote: {
    ...{ artifact, resource: nameOfResource, nameOfResource, image: name },
    ...{ release, platform, version, targets },
    architecture: ['image.resource.architecture', 'arm64/generic'],
    channel: (example) => {
      example.channel = 'other';
    },
    instead: async (example, { before }) => {
      for (const sha256 of [before.pack.artifact.sha256, OTHER])
        await noted(example, { did: 'promoted', sha256, name: CHANNEL });
    },
  },
};

/** Every member that decides no result, and a change of it. */
const NOT_COUNTED: Record<IsoStage, Record<string, Change>> = {
  iso: {
    wholeSource: ['image.iso.source', 'https://user:password@mirror/one.iso?token=1'],
    cacheDir: ['config.cache', '/elsewhere'],
  },
  render: {
    packerMaas: ({ dir }, { config }) => {
      config.packerMaas = join(dir, 'other-packer-maas');
    },
    medium: ['before.iso.kernel', '/elsewhere/vmlinuz'],
  },
  build: {
    folders: ['before.render.packerDir', '/elsewhere/packer'],
    medium: ['before.iso.medium.path', '/elsewhere/one.iso'],
    installTimeoutS: ['image.vm.installTimeoutS', 9],
    headless: ['image.vm.headless', true],
    fetchWithinS: ['release.iso.liveCurtin.fetchWithinS', 1],
    layers: ['config.cacheLayers', 0],
    origin: ['image.iso.source', '/elsewhere/two.iso'],
  },
  pack: {
    root: ['before.build.root.path', '/elsewhere/root.tar'],
    origin: ['before.build.startedAt', '2026-01-01'],
    keyFile: (example, { config }) => {
      config.sign.keyFile = example.copy('one.key');
    },
    cache: ['config.cacheMembers', 0],
  },
  validate: {
    artifactPath: moved,
    factsPath: ['before.pack.facts', '/elsewhere/facts.json'],
    now: () => vi.useFakeTimers({ now: Date.now() + 86_400_000, toFake: ['Date'] }),
  },
  rehearse: {
    path: moved,
    layoutNames: (example, { image }) => {
      image.rehearsal.layouts = ['lvm', example.copy('one.layout.yaml')];
    },
    list: (example) =>
      example.file('one.checks.yaml', `logs: [{ id: units, command: w }]\nchecks: [${CHECK}]\n`),
    curtinFrom: ({ dir }, { image }) => {
      cpSync(join(dir, 'curtin'), join(dir, 'copy-of-curtin'), { recursive: true });
      image.rehearsal.curtin = { from: 'folder', path: join(dir, 'copy-of-curtin') };
    },
    ephemeralFiles: (example, { image }) => {
      (image.rehearsal.ephemeral as EphemeralFiles).kernel = example.copy('one.txt');
    },
    accelerator: ['image.rehearsal.accelerator', 'auto'],
    cache: ({ dir }, { config }) => {
      config.cache = join(dir, 'other-cache');
    },
    keyFile: (example, { config }) => {
      config.sign.keyFile = example.copy('one.key');
    },
  },
  upload: { path: moved },
  accept: {
    path: moved,
    list: (example) =>
      example.file('one.checks.yaml', `logs: [{ id: units, command: w }]\nchecks: [${CHECK}]\n`),
    waitS: ['image.acceptance.waitS', 1],
    timeouts: ['config.machines.timeouts.deploying', 1],
  },
  promote: {
    keepIn: ['config.workspace', '/elsewhere'],
    again: (example) => {
      example.again = true;
    },
  },
};

/** Parts of members that decide no result. */
const NESTED_NOT_COUNTED: [StageId, Change][] = [
  [
    'render',
    (example, { image }) => {
      image.files[0]!.source = example.copy('one.txt');
    },
  ],
  ...(['upload', 'accept', 'promote'] as const).flatMap((id): [StageId, Change][] => [
    [
      id,
      (example, { config }) => {
        config.targets.lab!.caCert = example.copy('one.pem');
      },
    ],
    [id, ['config.targets.lab.key', { from: 'profile', profile: 'two' }]],
    [id, ['config.targets.lab.patienceS', 1]],
  ]),
  ['accept', ['image.acceptance.ssh.keyFile', '/elsewhere/key']],
  ['accept', ['image.acceptance.ssh.timeoutS', 1]],
];

let example: Example;
afterEach(() => {
  vi.useRealTimers();
  example.remove();
});

/** The inputs that a stage declares before a change and after it. */
async function around(id: StageId, change: Change): Promise<[object, object]> {
  example = new Example();
  const first = await example.declaredBy(id, await example.load());
  const all = await example.load();
  if (typeof change === 'function') await change(example, all);
  else {
    const steps = change[0].split('.');
    const last = steps.pop() as string;
    const parent = steps.reduce((at, step) => (at as Record<string, unknown>)[step], all as unknown);
    (parent as Record<string, unknown>)[last] = change[1];
  }
  const second = await example.declaredBy(id, all);
  example.remove();
  return [first, second];
}

async function noted(example: Example, entry: Partial<LedgerEntry>): Promise<void> {
  const other = { target: 'http://lab:5240/MAAS', resourceId: 1, name: 'dgx1-1', set: '1', file: '/one' };
  const what = { architecture: 'amd64/generic', size: 1, title: '', baseImage: '', filetype: 'tgz' };
  const whole = { ...other, ...what, validated: true, image: 'dgx1', ...entry } as LedgerEntry;
  await record(whole, example.env, () => {});
}

/** Another build of the image was uploaded. */
async function released(example: Example, sha256: string): Promise<void> {
  await noted(example, { did: 'completed', sha256 });
  await keepRelease({ name: 'one', sha256, facts: { bytes: { apparent: 1, stored: 1 } } }, example.env);
}

describe.each(stageIdsOf('iso') as IsoStage[])('the declaration of %s', (id) => {
  it('is in these tables', async () => {
    example = new Example();
    const declared = await example.declaredBy(id, await example.load());
    const wrapped = Object.entries(declared).filter(([, value]) => value instanceof NotCounted);
    expect(Object.keys(declared).sort()).toEqual(
      [...Object.keys(COUNTED[id]), ...Object.keys(NOT_COUNTED[id])].sort(),
    );
    expect(wrapped.map(([name]) => name).sort()).toEqual(Object.keys(NOT_COUNTED[id]).sort());
    for (const [, { why }] of wrapped) expect(why).toMatch(/./);
  });

  it.each(Object.entries(COUNTED[id]))('runs it again by %s', async (name, change) => {
    const [first, second] = (await around(id, change)).map(counted);
    expect(second![name]).not.toEqual(first![name]);
  });

  it.each(Object.entries(NOT_COUNTED[id]))(
    'gives %s to the run, and does not count it',
    async (name, change) => {
      const [first, second] = await around(id, change);
      expect(counted(second)).toEqual(counted(first));
      const given = (declared: object) => (resolved(declared) as Record<string, unknown>)[name];
      expect(given(second)).not.toEqual(given(first));
    },
  );
});

it.each(NESTED_NOT_COUNTED)('%s gets a part that does not count', async (id, change) => {
  const [first, second] = await around(id, change);
  expect(counted(second)).toEqual(counted(first));
  expect(resolved(second)).not.toEqual(resolved(first));
});

it('the checkout counts by its place where its scripts are run there', async () => {
  const [first, second] = await around('render', (example, all) => {
    all.image.pack = 'packer-maas';
    all.config.packerMaas = join(example.dir, 'other-packer-maas');
  });
  expect(counted(second).packerMaas).toMatch(/other-packer-maas$/);
  expect(counted(first).packerMaas).toBeUndefined();
});

it('no secret is counted: neither the password of a URL nor a key', async () => {
  const [, iso] = await around('iso', ['image.iso.source', 'https://me:pass1234@mirror/one.iso?sig=abcdef']);
  expect(JSON.stringify(counted(iso))).not.toMatch(/pass1234|abcdef/);
  expect(counted(iso).source).toBe('https://mirror/one.iso');
});
