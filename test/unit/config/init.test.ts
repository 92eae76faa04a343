import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initialConfig } from '../../../pipeline/config/init.ts';
import { releaseIds } from '../../../pipeline/config/releases/load.ts';
import { writeNew } from '../../../pipeline/config/write-new.ts';
import { CONFIG_SCHEMA, schemaText } from '../../../pipeline/config/yaml/schema.ts';
import { packageRoot } from '../../../pipeline/host/process/package-root.ts';
import { folder, load } from './written.ts';

interface Schema {
  $ref?: string;
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  definitions?: Record<string, Schema>;
}

/** Every key of the schema with its description. */
function keysOf(schema: Schema, root: Schema): [key: string, description: string | undefined][] {
  const target = schema.$ref ? root.definitions![schema.$ref.split('/').pop()!]! : schema;
  const inner = [
    target.items,
    typeof target.additionalProperties === 'object' ? target.additionalProperties : undefined,
  ];
  return [
    ...Object.entries(target.properties ?? {}).flatMap(([key, value]) => [
      [key, value.description ?? (value.$ref ? keyDescription(value, root) : undefined)] as [
        string,
        string | undefined,
      ],
      ...keysOf(value, root),
    ]),
    ...inner.flatMap((one) => (one ? keysOf(one, root) : [])),
  ];
}

function keyDescription(schema: Schema, root: Schema): string | undefined {
  return root.definitions![schema.$ref!.split('/').pop()!]!.description;
}

const schema = JSON.parse(schemaText(CONFIG_SCHEMA)) as Schema;

/** The text with every commented setting taken in; sentences start with a capital and stay comments. */
function uncommented(text: string): string {
  return text.replace(/^( *)# ( *(?:- )?[a-z0-9_]+:.*)$/gm, '$1$2');
}

const RELEASES = await releaseIds();

describe('what init writes', () => {
  it.each(RELEASES)('loads, and loads with every comment taken in: %s', async (id) => {
    const cwd = folder();
    const text = await initialConfig(id, join(cwd, 'dgxos-maas.yaml'));
    const plain = await load(text, { cwd });
    const full = await load(uncommented(text), { cwd });
    const [image] = Object.values(plain.config.images);
    expect(image).toMatchObject({ release: id });
    // What stands in the comments is what is in force without them, but for the examples.
    const { vm, resource, pack, compression } = Object.values(full.config.images)[0]!;
    expect({ resource, pack, compression }).toEqual({
      resource: image!.resource,
      pack: image!.pack,
      compression: image!.compression,
    });
    expect(vm).toMatchObject({ accelerator: image!.vm.accelerator, boot: image!.vm.boot });
    expect(full.config.targets.lab?.url).toBe('http://maas.example:5240/MAAS');
  });

  it('names every key of the schema', async () => {
    const text = uncommented(await initialConfig('dgxos5', '/x/dgxos-maas.yaml'));
    const missing = keysOf(schema, schema).filter(([key]) => !new RegExp(`\\b${key}\\b`).test(text));
    expect(missing).toEqual([]);
  });

  it('points editors at the published schema, from wherever it stands', async () => {
    const there = join(packageRoot(), 'dgxos-maas.yaml');
    const elsewhere = join(folder(), 'dgxos-maas.yaml');
    for (const file of [there, elsewhere]) {
      const modeline = /^# yaml-language-server: \$schema=(.+)$/m.exec(
        await initialConfig('dgxos5', file),
      )?.[1];
      expect(existsSync(resolve(dirname(file), modeline!))).toBe(true);
    }
    expect(await initialConfig('dgxos5', there)).toContain('$schema=schema/dgxos-maas.schema.json');
  });

  it('replaces nothing unasked', async () => {
    const file = join(folder(), 'dgxos-maas.yaml');
    writeFileSync(file, 'mine');
    await expect(writeNew(file, 'new', false)).rejects.toMatchObject({ code: 'FILE_EXISTS', exitCode: 3 });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await writeNew(file, 'new', true);
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it('an unknown release is named with those that are', async () => {
    await expect(initialConfig('dgxos', '/x')).rejects.toMatchObject({ code: 'RELEASE_UNKNOWN' });
  });
});

describe('the published schema', () => {
  it('describes every key', () => {
    expect(keysOf(schema, schema).filter(([, description]) => !description)).toEqual([]);
  });

  it('has no key that the loader does not know', async () => {
    // Each key, set to something that is not the default, changes the resolved configuration.
    const base = folder();
    mkdirSync(join(base, 'other'));
    const text = await initialConfig('dgxos5', join(base, 'dgxos-maas.yaml'));
    const changes: Record<string, [from: RegExp, to: string]> = {
      workspace: [/^workspace: .*$/m, 'workspace: other'],
      cache: [/^cache: .*$/m, 'cache: other'],
      packer_maas: [/^packer_maas: .*$/m, 'packer_maas: other'],
      sign: [/release\.pem /, 'other.pem '],
      waivers: [/waivers\.yaml /, 'other.yaml '],
      key_file: [/release\.pem /, 'other.pem '],
      verify: [/release\.pem\.pub/, 'other.pub'],
      public_key: [/release\.pem\.pub/, 'other.pub'],
      images: [/^ {2}dgx1:/m, '  other:'],
      release: [/release: dgxos5/, 'release: demo'],
      platform: [/platform: dgx1/, 'platform: demo1'],
      version: [/version: "5\.0"/, 'version: "6"'],
      iso: [/source: DGXOS.*iso/, 'source: other.iso'],
      source: [/source: files.*/, 'source: other'],
      sha256: [/sha256: .*/, `sha256: "${'0'.repeat(64)}"`],
      vm: [/disk_size: 9G/, 'disk_size: 10G'],
      disk_size: [/disk_size: 9G/, 'disk_size: 10G'],
      memory: [/memory: 2048M/, 'memory: 1G'],
      cpus: [/cpus: 8/, 'cpus: 3'],
      accelerator: [/accelerator: auto/, 'accelerator: kvm'],
      headless: [/headless: true/, 'headless: false'],
      boot: [/boot: direct/, 'boot: typed'],
      install_timeout: [/install_timeout: 90m/, 'install_timeout: 1h'],
      packages: [/packages: \[htop\]/, 'packages: [other]'],
      late_commands: [/50_motd/, '60_motd'],
      files: [/files\/site/, 'files/other'],
      path: [/path: .*/, 'path: /other'],
      mode: [/mode: "0644"/, 'mode: "0600"'],
      owner: [/owner: "0:0"/, 'owner: "1:1"'],
      pack: [/pack: guest/, 'pack: packer-maas'],
      compression: [/compression: normal/, 'compression: small'],
      resource: [/title: .*/, 'title: other'],
      name: [/name: "custom/, 'name: "custom/x-'],
      title: [/title: .*/, 'title: other'],
      architecture: [/architecture: amd64/, 'architecture: arm64'],
      base_image: [/base_image: ubuntu\/focal/, 'base_image: ubuntu/noble'],
      upload: [/upload: \[lab\]/, 'upload: []'],
      targets: [/maas\.example/, 'other.example'],
      url: [/maas\.example/, 'other.example'],
      key: [/environment: MAAS_API_KEY/, 'environment: OTHER'],
      environment: [/environment: MAAS_API_KEY/, 'environment: OTHER'],
      file: [/environment: MAAS_API_KEY/, 'file: other'],
      profile: [/environment: MAAS_API_KEY/, 'profile: other'],
      ca_cert: [/ca_cert: ca\.pem/, 'ca_cert: other.pem'],
      patience: [/patience: 2h/, 'patience: 1h'],
      machines: [/concurrency: 32/, 'concurrency: 9'],
      concurrency: [/concurrency: 32/, 'concurrency: 9'],
      timeouts: [/deploying: 1h/, 'deploying: 2h'],
      commissioning: [/commissioning: 30m/, 'commissioning: 31m'],
      testing: [/testing: 2h/, 'testing: 3h'],
      deploying: [/deploying: 1h/, 'deploying: 2h'],
      releasing: [/releasing: 15m/, 'releasing: 16m'],
      erasing: [/erasing: 24h/, 'erasing: 25h'],
      rescue: [/rescue: 30m/, 'rescue: 31m'],
      other: [/other: 30m/, 'other: 31m'],
      acceptance: [/image-test/, 'other'],
      tags: [/image-test/, 'other'],
      checks: [/checks: acceptance\.yaml/, 'checks: other.yaml'],
      wait: [/wait: 30m/, 'wait: 31m'],
      ssh: [/user: ubuntu/, 'user: other'],
      user: [/user: ubuntu/, 'user: other'],
      port: [/port: 22/, 'port: 23'],
      bastion: [/admin@bastion/, 'other@bastion'],
      timeout: [/timeout: 15m/, 'timeout: 16m'],
      retention: [/keep: 3/, 'keep: 4'],
      keep: [/keep: 3/, 'keep: 4'],
      days: [/days: 14/, 'days: 15'],
      deployed_days: [/deployed_days: 30/, 'deployed_days: 31'],
      nightly: [/jobs: 1/, 'jobs: 2'],
      channel: [/channel: nightly/, 'channel: other'],
      jobs: [/jobs: 1/, 'jobs: 2'],
      rebuild_after: [/rebuild_after: 7d/, 'rebuild_after: never'],
    };
    expect([...new Set(keysOf(schema, schema).map(([key]) => key))].sort()).toEqual(
      Object.keys(changes).sort(),
    );
    const full = uncommented(text);
    const before = JSON.stringify((await load(full, { cwd: base })).config);
    for (const [key, [from, to]] of Object.entries(changes)) {
      let changed = full.replace(from, to);
      if (key === 'release') changed = changed.replace('platform: dgx1', 'platform: demo1');
      if (key === 'name') changed = changed.replace('custom/x-/', 'custom/x-');
      expect(JSON.stringify((await load(changed, { cwd: base })).config), key).not.toBe(before);
    }
  });
});
