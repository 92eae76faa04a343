import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { packageRoot } from '../../../pipeline/host/process/package-root.ts';
import { type SourceKind, type StageId, stageIdsOf } from '../../../pipeline/stages/rows.ts';
import { counted, fingerprint } from '../../../pipeline/workspace/fingerprint.ts';
import { type Everything, Example, inOrder } from './example.ts';

vi.mock('../../../pipeline/host/process/tool.ts', async (original) => ({
  ...(await original<object>()),
  $: (await import('./tools.ts')).answer,
}));
vi.mock('../../../pipeline/host/process/version-output.ts', async () => ({
  versionOutput: (await import('./tools.ts')).answerOfVersion,
}));

/** The packages that apt would fetch. */
vi.mock('../../../pipeline/maas/rehearse/apt-download.ts', () => ({
  async aptDownload({ to, packages }: { to: string; packages: string[] }): Promise<string[]> {
    for (const name of packages) writeFileSync(join(to, name), name);
    return packages;
  },
}));

/** The offer of a mirror or a MAAS: other sums for each source. */
vi.mock('../../../pipeline/maas/rehearse/ephemeral-source.ts', () => ({
  async offeredEphemeral(source: object): Promise<object> {
    if (!('from' in source)) return source;
    const sha256 = createHash('sha256').update(JSON.stringify(source)).digest('hex');
    return { ...source, files: { kernel: { sha256 }, initrd: { sha256 }, squashfs: { sha256 } } };
  },
}));

const NONE: StageId[] = [];
const ACCEPT: StageId[] = ['accept'];
const REHEARSE: StageId[] = ['rehearse'];
const ARCHIVE = { version: '2', mirror: 'http://archive.example/ubuntu', suite: 'noble' };
const MIRROR = { mirror: 'http://mirror.example/stable' };
const FILES = { kernel: 'one.txt', initrd: 'one.txt', squashfs: 'one.txt' };
const RENDER: StageId[] = ['render'];
const MAAS: StageId[] = ['upload', 'accept', 'promote'];

/** Every setting with another value, and the stages whose results it decides by itself. */
const LEAVES: Record<string, [value: unknown, stages: StageId[]]> = {
  // Paths; their contents count instead.
  workspace: ['other-work', NONE],
  cache: ['other-cache', NONE],
  // A build from a layer has the same result.
  cache_layers: ['2G', NONE],
  // Nor does an artifact with members from the cache differ.
  cache_members: ['2G', NONE],
  packer_maas: ['other-packer-maas', NONE],
  // The store brings results, and does not decide what they are.
  'queue.place': ['redis://other', NONE],
  'queue.user': ['two', NONE],
  'queue.password.environment': [{ environment: 'B' }, NONE],
  'queue.password.file': [{ file: 'two.txt' }, NONE],
  'queue.ca_cert': ['two.pem', NONE],
  'store.place': ['other-store', NONE],
  'store.user': ['two', NONE],
  'store.token.environment': [{ environment: 'B' }, NONE],
  'store.token.file': [{ file: 'two.txt' }, NONE],
  'store.ca_cert': ['two.pem', NONE],
  'store.read_only': [true, NONE],
  'store.s3.endpoint': ['https://s3.example', NONE],
  'store.s3.region': ['eu-central-1', NONE],
  'store.s3.path_style': [true, NONE],
  'store.signing.key_file': ['two.pem', NONE],
  'store.signing.public_keys': [['two.pem.pub'], NONE],
  ledger: ['store', NONE],
  waivers: ['two.waivers.yaml', ['validate']],
  'sign.key_file': ['two.key', ['pack', 'rehearse']],
  // `verify` uses it.
  'verify.public_key': ['two.pub', NONE],
  'images.*.release': ['demo', ['iso', 'render', 'pack', 'validate', ...MAAS]],
  // Its GPUs are a part of the checks of acceptance.
  'images.*.platform': ['dgx2', ['iso', 'render', 'pack', 'validate', 'rehearse', ...MAAS]],
  'images.*.version': ['5.1', ['pack', 'rehearse', ...MAAS]],
  'images.*.iso.source': ['https://mirror/two.iso', ['iso']],
  'images.*.iso.sha256': ['2'.repeat(64), ['iso']],
  'images.*.vm.disk_size': ['30G', RENDER],
  'images.*.vm.memory': ['8G', RENDER],
  'images.*.vm.cpus': [2, RENDER],
  'images.*.install': ['namespace', RENDER],
  // The mirror that brings the packages does not decide what they are.
  'images.*.mirrors.*': ['http://other/ubuntu', NONE],
  // Without the consent there is no image at all.
  'images.*.accept_eula': [true, NONE],
  'images.*.preview': [true, NONE],
  'images.*.vm.accelerator': ['auto', RENDER],
  'images.*.vm.headless': [true, NONE],
  'images.*.vm.boot': ['typed', ['render', 'build']],
  'images.*.vm.install_timeout': ['40m', NONE],
  'images.*.packages': [['hello', 'gcc'], RENDER],
  'images.*.late_commands.*': ['false', RENDER],
  'images.*.files.source': ['two.txt', RENDER],
  'images.*.files.path': ['/etc/two', RENDER],
  'images.*.files.mode': ['0644', RENDER],
  'images.*.files.owner': ['2:2', RENDER],
  'images.*.pack': ['packer-maas', ['render', 'build']],
  'images.*.compression.level': ['small', ['pack']],
  'images.*.compression.members': ['single', ['pack']],
  'images.*.resource.name': ['custom/two-{digest}', MAAS],
  'images.*.resource.title': ['Two', ['upload', 'accept']],
  'images.*.resource.architecture': ['amd64/generic', ['validate', ...MAAS]],
  'images.*.resource.base_image': ['ubuntu/focal', ['validate', 'rehearse', 'upload', 'accept']],
  'images.*.upload': [['lab', 'floor2'], MAAS],
  'images.*.acceptance.machines': [['two'], ACCEPT],
  'images.*.acceptance.tags': [['two'], ACCEPT],
  'images.*.acceptance.checks': ['two.checks.yaml', ['rehearse', 'accept']],
  'images.*.acceptance.wait': ['2m', NONE],
  'images.*.acceptance.ssh.user': ['two', ACCEPT],
  'images.*.acceptance.ssh.port': [2, ACCEPT],
  'images.*.acceptance.ssh.key_file': ['two.key', NONE],
  'images.*.acceptance.ssh.bastion': ['two', ACCEPT],
  'images.*.acceptance.ssh.timeout': ['2m', NONE],
  'images.*.rehearsal.curtin': ['other-curtin', REHEARSE],
  'images.*.rehearsal.curtin.path': [{ path: 'other-curtin' }, REHEARSE],
  'images.*.rehearsal.curtin.deb': [{ deb: ['one.deb'] }, REHEARSE],
  'images.*.rehearsal.curtin.version': [ARCHIVE, REHEARSE],
  'images.*.rehearsal.curtin.mirror': [ARCHIVE, REHEARSE],
  'images.*.rehearsal.curtin.suite': [ARCHIVE, REHEARSE],
  'images.*.rehearsal.curtin.keyring': [{ ...ARCHIVE, keyring: 'one.gpg' }, REHEARSE],
  'images.*.rehearsal.ephemeral.kernel': [{ ...FILES, kernel: 'two.txt' }, REHEARSE],
  'images.*.rehearsal.ephemeral.initrd': [{ ...FILES, initrd: 'two.txt' }, REHEARSE],
  'images.*.rehearsal.ephemeral.squashfs': [{ ...FILES, squashfs: 'two.txt' }, REHEARSE],
  'images.*.rehearsal.ephemeral.mirror': [MIRROR, REHEARSE],
  'images.*.rehearsal.ephemeral.keyring': [{ ...MIRROR, keyring: 'one.gpg' }, REHEARSE],
  'images.*.rehearsal.ephemeral.maas': [{ maas: 'lab' }, REHEARSE],
  'images.*.rehearsal.ephemeral.series': [{ ...MIRROR, series: 'noble' }, REHEARSE],
  'images.*.rehearsal.ephemeral.subarch': [{ ...MIRROR, subarch: 'hwe-22.04' }, REHEARSE],
  'images.*.rehearsal.ephemeral.version': [{ ...MIRROR, version: '20260801' }, REHEARSE],
  'images.*.rehearsal.layouts': [['flat'], REHEARSE],
  'images.*.rehearsal.kernel_options': ['iommu=pt', REHEARSE],
  'images.*.rehearsal.secure_boot': [true, REHEARSE],
  'images.*.rehearsal.memory': ['3G', REHEARSE],
  'images.*.rehearsal.disks': [3, REHEARSE],
  'images.*.rehearsal.disk_size': ['30G', REHEARSE],
  'images.*.rehearsal.until': ['deployed', REHEARSE],
  'images.*.rehearsal.accelerator': ['auto', NONE],
  'targets.*.url': ['http://two:5240/MAAS', MAAS],
  // The account that asks MAAS does not change what is there.
  'targets.*.key.environment': [{ environment: 'B' }, NONE],
  'targets.*.key.file': [{ file: 'two.txt' }, NONE],
  'targets.*.key.profile': [{ profile: 'two' }, NONE],
  'targets.*.ca_cert': ['two.pem', MAAS],
  'targets.*.patience': ['2m', NONE],
  'machines.concurrency': [2, NONE],
  'machines.timeouts.commissioning': ['2m', NONE],
  'machines.timeouts.testing': ['2m', NONE],
  'machines.timeouts.deploying': ['2m', NONE],
  'machines.timeouts.releasing': ['2m', NONE],
  'machines.timeouts.erasing': ['2m', NONE],
  'machines.timeouts.rescue': ['2m', NONE],
  'machines.timeouts.other': ['2m', NONE],
  'acceptance.machines': [['two'], ACCEPT],
  'acceptance.tags': [['two'], ACCEPT],
  'acceptance.checks': ['two.checks.yaml', ['rehearse', 'accept']],
  'acceptance.wait': ['2m', NONE],
  'acceptance.ssh.user': ['two', ACCEPT],
  'acceptance.ssh.port': [2, ACCEPT],
  'acceptance.ssh.key_file': ['two.key', NONE],
  'acceptance.ssh.bastion': ['two', ACCEPT],
  'acceptance.ssh.timeout': ['2m', NONE],
  'rehearsal.curtin': ['other-curtin', REHEARSE],
  'rehearsal.curtin.path': [{ path: 'other-curtin' }, REHEARSE],
  'rehearsal.curtin.deb': [{ deb: ['one.deb'] }, REHEARSE],
  'rehearsal.curtin.version': [ARCHIVE, REHEARSE],
  'rehearsal.curtin.mirror': [ARCHIVE, REHEARSE],
  'rehearsal.curtin.suite': [ARCHIVE, REHEARSE],
  'rehearsal.curtin.keyring': [{ ...ARCHIVE, keyring: 'one.gpg' }, REHEARSE],
  'rehearsal.ephemeral.kernel': [{ ...FILES, kernel: 'two.txt' }, REHEARSE],
  'rehearsal.ephemeral.initrd': [{ ...FILES, initrd: 'two.txt' }, REHEARSE],
  'rehearsal.ephemeral.squashfs': [{ ...FILES, squashfs: 'two.txt' }, REHEARSE],
  'rehearsal.ephemeral.mirror': [MIRROR, REHEARSE],
  'rehearsal.ephemeral.keyring': [{ ...MIRROR, keyring: 'one.gpg' }, REHEARSE],
  'rehearsal.ephemeral.maas': [{ maas: 'lab' }, REHEARSE],
  'rehearsal.ephemeral.series': [{ ...MIRROR, series: 'noble' }, REHEARSE],
  'rehearsal.ephemeral.subarch': [{ ...MIRROR, subarch: 'hwe-22.04' }, REHEARSE],
  'rehearsal.ephemeral.version': [{ ...MIRROR, version: '20260801' }, REHEARSE],
  'rehearsal.layouts': [['flat'], REHEARSE],
  'rehearsal.kernel_options': ['iommu=pt', REHEARSE],
  'rehearsal.secure_boot': [true, REHEARSE],
  'rehearsal.memory': ['3G', REHEARSE],
  'rehearsal.disks': [3, REHEARSE],
  'rehearsal.disk_size': ['30G', REHEARSE],
  'rehearsal.until': ['deployed', REHEARSE],
  'rehearsal.accelerator': ['auto', NONE],
  // Retention and the schedule of nights: stages do not read them.
  'retention.keep': [2, NONE],
  'retention.days': [2, NONE],
  'retention.deployed_days': [2, NONE],
  'nightly.channel': ['two', NONE],
  'nightly.jobs': [2, NONE],
  'nightly.rebuild_after': ['2d', NONE],
  'nightly.rehearse': [false, NONE],
};

/** The position of a leaf in the project of the example. */
/** The same of an image from archives, for what only such a one has. */
const ARCHIVE_LEAVES: typeof LEAVES = {
  'images.*.archive.root.source': ['https://mirror/two.tar.xz', ['sources']],
  'images.*.archive.root.sha256': ['3'.repeat(64), ['sources']],
  'images.*.archive.root.keyring': ['none', ['sources']],
  'images.*.archive.repository.source': ['https://mirror/two.tgz', ['sources']],
  'images.*.archive.repository.sha256': ['3'.repeat(64), ['sources']],
  'images.*.archive.lock': ['one.provenance.json', ['build']],
};

/** The leaves of LEAVES with other stages for an image from archives. */
const OF_ARCHIVES: typeof LEAVES = {
  'images.*.platform': ['dgx_h100', ['render', 'pack', 'validate', 'rehearse', ...MAAS]],
  'images.*.resource.architecture': ['arm64/generic', ['sources', 'validate', 'rehearse', ...MAAS]],
  'images.*.mirrors.*': ['http://other/ubuntu', NONE],
  'images.*.packages': [['hello', 'gcc'], RENDER],
  'images.*.late_commands.*': ['false', RENDER],
  'images.*.files.mode': ['0644', RENDER],
  'images.*.install': ['archive', NONE],
};

function placeOf(leaf: string): string {
  return leaf
    .replace('images.*', 'images.dgx1')
    .replace('targets.*', 'targets.lab')
    .replace('late_commands.*', 'late_commands.50_one')
    .replace('mirrors.*', 'mirrors.http://archive.ubuntu.com/ubuntu')
    .replace('files.', 'files.0.')
    .replace(
      /^(targets\.lab\.key|store\.token|queue\.password|(?:images\.dgx1\.)?rehearsal\.(?:ephemeral|curtin))\..*/,
      '$1',
    );
}

type Schema = { [key: string]: unknown; properties?: Record<string, Schema>; $ref?: string };

/** Every setting that the schema of the configuration has, `*` standing for a name of the user's. */
function leavesOf(schema: Schema, path: string[] = [], whole = schema): string[] {
  if (schema.$ref !== undefined) {
    const steps = schema.$ref.replace(/^#\//, '').split('/');
    return leavesOf(
      steps.reduce((at, step) => at[step] as Schema, whole),
      path,
      whole,
    );
  }
  const below: [string[], unknown][] = [
    ...Object.entries(schema.properties ?? {}).map(([name, one]): [string[], unknown] => [[name], one]),
    [['*'], schema.additionalProperties],
    [[], schema.items],
    ...['oneOf', 'anyOf', 'allOf'].flatMap((key) =>
      ((schema[key] ?? []) as Schema[]).map((one): [string[], unknown] => [[], one]),
    ),
    [[], schema.then],
  ];
  const found = below.flatMap(([step, one]) =>
    typeof one === 'object' && one !== null ? leavesOf(one as Schema, [...path, ...step], whole) : [],
  );
  return [...new Set(found.length > 0 ? found : [path.join('.')])];
}

let example: Example | undefined;
afterEach(() => example?.remove());

async function fingerprints(all: Everything, from: SourceKind): Promise<Map<StageId, string>> {
  const one = async (id: StageId) =>
    [id, fingerprint(counted(await (example as Example).declaredBy(id, all)))] as const;
  return new Map(await Promise.all(stageIdsOf(from).map(one)));
}

it('every setting of the configuration is in the table', () => {
  const schema = JSON.parse(readFileSync(join(packageRoot(), 'schema/dgxos-maas.schema.json'), 'utf8'));
  const leaves = { ...LEAVES, ...ARCHIVE_LEAVES };
  expect(Object.keys(leaves).sort()).toEqual(leavesOf(schema).sort());
});

it.each([
  ['iso', LEAVES],
  ['archive', { ...ARCHIVE_LEAVES, ...OF_ARCHIVES }],
] as const)(
  '%s: exactly the stages that use a setting run again when it changes',
  async (from, leaves) => {
    example = new Example(from);
    const before = await fingerprints(await example.load(), from);
    const seen: Record<string, StageId[]> = {};
    for (const [leaf, [value]] of Object.entries(leaves)) {
      const all = await example.load({ [placeOf(leaf)]: value });
      const now = await fingerprints(all, from);
      seen[leaf] = [...now].flatMap(([id, digest]) => (digest === before.get(id) ? [] : [id]));
    }
    const wanted = Object.entries(leaves).map(([leaf, [, stages]]) => [leaf, inOrder(stages)]);
    expect(seen).toEqual(Object.fromEntries(wanted));
  },
  120_000,
);
