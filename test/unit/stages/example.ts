import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Document } from 'yaml';
import { loadConfig } from '../../../pipeline/config/load.ts';
import { loadRelease } from '../../../pipeline/config/releases/load.ts';
import type { Config, ImageConfig, Release } from '../../../pipeline/config/types.ts';
import { newKeyPair } from '../../../pipeline/image/attest/signing-key.ts';
import { ROWS, type SourceKind, type StageId } from '../../../pipeline/stages/rows.ts';
import { contextFor } from '../../../pipeline/stages/run/runner.ts';
import { stagesFor } from '../../../pipeline/stages/table.ts';
import type { Stage, StageData } from '../../../pipeline/stages/types.ts';
import { lockedStatement } from '../archive/statement.ts';
import { FIXTURE } from '../render/example.ts';
import { tools } from './tools.ts';

const STAND_IN_CURTIN = join(import.meta.dirname, '../../fixtures/stand-in-curtin');

/** Everything that stages declare their inputs from. */
export interface Everything {
  config: Config;
  image: ImageConfig;
  release: Release;
  before: StageData;
}

/** A project with a value for every setting, and files beside it. The test file puts `answer` of tools.ts in the place of `run`. */
export class Example {
  readonly dir = mkdtempSync(join(tmpdir(), 'stages-'));
  channel = 'stable';
  again = false;
  readonly env: NodeJS.ProcessEnv = { XDG_STATE_HOME: join(this.dir, 'state') };
  readonly #from: SourceKind;

  /** @param from what its image is made of */
  constructor(from: SourceKind = 'iso') {
    this.#from = from;
    tools.clear();
    tools.set('packer', 'Packer v1.11.2');
    tools.set('qemu-system-x86_64', 'QEMU emulator version 8.2.2 (Debian)');
    tools.set('unshare', 'unshare from util-linux 2.38.1');
    tools.set('unsquashfs', 'unsquashfs version 4.5.1 (2022/03/17)');
    tools.set('tar', 'tar (GNU tar) 1.34');
    for (const name of ['packer-maas', 'other-packer-maas'])
      cpSync(FIXTURE, join(this.dir, name), { recursive: true });
    for (const name of ['curtin', 'other-curtin'])
      cpSync(STAND_IN_CURTIN, join(this.dir, name), { recursive: true });
    this.file('other-curtin/curtin/more.py', '');
    for (const name of ['one', 'two']) {
      this.file(`${name}.txt`, name);
      this.file(`${name}.deb`, name);
      this.file(`${name}.gpg`, `keys ${name}`);
      this.file(`${name}.layout.yaml`, `# ${name}\n`);
      this.file(`${name}.pem`, `certificate ${name}`);
      this.file(`${name}.key`, newKeyPair(undefined).privatePem, 0o600);
      this.file(`${name}.waivers.yaml`, `- { check: machine-id, reason: ${name}, until: 2999-12-31 }\n`);
      this.file(
        `${name}.checks.yaml`,
        `checks: [{ id: ${name}, title: t, command: "true", why: w, fix: f }]\n`,
      );
    }
    const locked = [{ name: 'hello', version: '2.10-3', architecture: 'amd64', sha256: '4'.repeat(64) }];
    this.file('one.provenance.json', lockedStatement('a'.repeat(64), locked));
    this.file(
      'facts.json',
      JSON.stringify({
        facts: {
          kernels: [
            { version: '5.4.0', image: null, initrd: null, modules: true, modulesDep: true, nvidia: false },
          ],
        },
      }),
    );
  }

  file(name: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.dir, name), text);
    chmodSync(join(this.dir, name), mode);
  }

  /** Another file with the content of one. @returns its path */
  copy(name: string): string {
    const copy = join(this.dir, `copy-of-${name}`);
    cpSync(join(this.dir, name), copy);
    return copy;
  }

  /** The loaded project, with changes to its settings. @param settings values by their dotted paths */
  async load(settings: Record<string, unknown> = {}): Promise<Everything> {
    const document = new Document(project(this.#from));
    for (const [path, value] of Object.entries(settings)) document.setIn(stepsOf(path), value);
    this.file('dgxos-maas.yaml', document.toString());
    const { config } = await loadConfig({ file: join(this.dir, 'dgxos-maas.yaml'), env: {}, cwd: this.dir });
    const image = config.images.dgx1 as ImageConfig;
    return structuredClone({
      ...{ config, image, release: await loadRelease(image.release), before: this.#before() },
    });
  }

  /** The inputs that a stage declares. */
  async declaredBy(id: StageId, { config, image, release, before }: Everything): Promise<object> {
    const stages = stagesFor(
      { rehearse: true, accept: true, promote: this.channel, again: this.again },
      this.#from,
    );
    const { signal } = new AbortController();
    const request = { config, image, release, stages, selection: {}, emit() {}, signal, env: this.env };
    const stage = stages.find((one) => one.id === id) as Stage;
    return stage.inputs(contextFor(request, stage, before));
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The outputs of the stages before. */
  #before(): StageData {
    const sha256 = 'a'.repeat(64);
    const file = (path: string) => ({ path, sha256 });
    return {
      iso: {
        medium: { path: '/iso/a.iso', sha256, size: 1 },
        facts: { volumeId: 'DGXOS5', installer: 'live-curtin', squashfsOffset: 2048 },
        ...{ kernel: '/made/vmlinuz', initrd: '/made/initrd' },
      },
      sources: {
        root: { path: '/cache/root.tar.xz', sha256, size: 1 },
        repository: { path: '/cache/files.tgz', sha256, size: 1 },
        ...{ architecture: 'amd64', archives: [], verified: { pinned: true, signature: null } },
      },
      render: {
        ...{ packerDir: '/made/packer', httpDir: '/made/http', files: [file('curtin.yaml')] },
        sources: [file('templates/hcl/source.pkr.hcl.eta'), file('packer-maas/scripts/tar-root')],
        ...{ settings: {}, way: 'vm', accelerator: 'tcg', packerVersion: '1.11.2', installTimeoutS: 1 },
        layer: null,
      },
      build: {
        ...{ buildId: 'one', startedAt: '', tools: {}, boot: 'direct' },
        root: { kind: 'tar', path: '/made/root.tar', bytes: 1 },
        origin: {},
      },
      pack: {
        artifact: { path: '/made/dgx1.tar.gz', manifest: '', sha256, size: 5, date: '20261128' },
        ...{ facts: join(this.dir, 'facts.json'), factsSha256: sha256 },
      },
    } as unknown as StageData;
  }
}

/** The URL of an archive is one step, its dots included. */
function stepsOf(path: string): string[] {
  const at = path.indexOf('mirrors.');
  if (at < 0) return path.split('.');
  return [...path.slice(0, at + 'mirrors'.length).split('.'), path.slice(at + 'mirrors.'.length)];
}

/** Ids of stages in the order of the table. */
export const inOrder = (ids: Iterable<StageId>) =>
  ROWS.map(({ id }) => id).filter((id) => [...ids].includes(id));

/** Of every setting one value that is not its default. */
const project = (from: SourceKind) => ({
  ...{
    workspace: 'work',
    cache: 'cache',
    cache_layers: '1G',
    cache_members: '1G',
    packer_maas: 'packer-maas',
    waivers: 'one.waivers.yaml',
    queue: { place: 'redis://one', user: 'one', password: { environment: 'A' }, ca_cert: 'one.pem' },
    store: { place: 'store', user: 'one', token: { environment: 'A' }, ca_cert: 'one.pem', read_only: false },
  },
  sign: { key_file: 'one.key' },
  verify: { public_key: 'one.pub' },
  images: {
    dgx1: {
      ...(from === 'iso'
        ? {
            ...{ release: 'dgxos5', platform: 'demo1', version: '5.0', install: 'vm' },
            iso: { source: 'https://mirror/one.iso', sha256: '1'.repeat(64) },
          }
        : {
            ...{ release: 'dgxos7', platform: 'neutral', version: '7.6', install: 'auto' },
            archive: {
              root: { source: 'https://mirror/root.tar.xz', sha256: '1'.repeat(64), keyring: 'one.gpg' },
              repository: { source: 'https://mirror/files.tgz', sha256: '2'.repeat(64) },
            },
          }),
      mirrors: { 'http://archive.ubuntu.com/ubuntu': 'http://mirror/ubuntu' },
      accept_eula: true,
      vm: {
        ...{ disk_size: '20G', memory: '4G', cpus: 4, accelerator: 'tcg', headless: false, boot: 'direct' },
        install_timeout: '30m',
      },
      packages: ['hello'],
      late_commands: { '50_one': 'true' },
      files: [{ source: 'one.txt', path: '/etc/one', mode: '0600', owner: '1:1' }],
      pack: 'guest',
      compression: { level: 'fast', members: 'many' },
      resource: {
        name: 'custom/{release}-{platform}-{version}-{digest}',
        ...{ title: 'One', architecture: 'amd64/ga-20.04', base_image: 'ubuntu/jammy' },
      },
      upload: ['lab'],
    },
  },
  targets: {
    lab: { url: 'http://lab:5240/MAAS', key: { environment: 'A' }, ca_cert: 'one.pem', patience: '1m' },
    floor2: { url: 'http://floor2:5240/MAAS' },
  },
  machines: {
    concurrency: 1,
    timeouts: {
      ...{ commissioning: '1m', testing: '1m', deploying: '1m', releasing: '1m', erasing: '1m' },
      ...{ rescue: '1m', other: '1m' },
    },
  },
  acceptance: {
    ...{ machines: ['one'], tags: ['one'], checks: 'one.checks.yaml', wait: '1m' },
    ssh: { user: 'one', port: 1, key_file: 'one.key', bastion: 'one', timeout: '1m' },
  },
  rehearsal: {
    ...{
      curtin: 'curtin',
      layouts: ['lvm', 'one.layout.yaml'],
      kernel_options: 'quiet',
      memory: '4G',
      disks: 2,
    },
    ephemeral: { kernel: 'one.txt', initrd: 'one.txt', squashfs: 'one.txt' },
    ...{ disk_size: '20G', accelerator: 'tcg' },
  },
  retention: { keep: 1, days: 1, deployed_days: 1 },
  nightly: { channel: 'one', jobs: 1, rebuild_after: '1d', rehearse: true },
});
