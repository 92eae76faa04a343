import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { publicParameters, publicSource } from '../../../pipeline/image/attest/parameters.ts';
import { loadSigningKey } from '../../../pipeline/image/attest/signing-key.ts';
import { writeAttestations } from '../../../pipeline/image/attest/write.ts';
import type { NamedImage, Origin } from '../../../pipeline/image/origin.ts';
import { packRoot } from '../../../pipeline/image/pack/root.ts';
import type { StageData } from '../../../pipeline/stages/types.ts';
import { image } from '../../unit/render/example.ts';
import { runOk } from '../process/run-tool.ts';

const FORMAT = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n';

/** A folder that goes when the test ends. */
export async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'attest-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A root with packages whose licences stand there in every way that Debian knows; as GNU tar packs it. */
export async function rootTar(dir: string): Promise<string> {
  const root = join(dir, 'root');
  const put = async (path: string, text: string) => {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  };
  const stanza = (name: string, version: string, status = 'install ok installed') =>
    `Package: ${name}\nStatus: ${status}\nArchitecture: amd64\nVersion: ${version}\n`;
  await put(
    'etc/os-release',
    'ID=ubuntu\nVERSION_ID="20.04"\nVERSION_CODENAME=focal\nPRETTY_NAME="Ubuntu 20.04"\n',
  );
  await put(
    'var/lib/dpkg/status',
    [
      stanza('bash', '5.0-6ubuntu1'),
      stanza('libstdc++6', '10.5.0-1ubuntu1~20.04'),
      stanza('gcc-base', '1:10'),
      stanza('coreutils', '8.30-3'),
      stanza('free-text', '1'),
      stanza('removed', '1', 'deinstall ok config-files'),
    ].join('\n'),
  );
  await put('usr/share/doc/bash/copyright', `${FORMAT}Files: *\nLicense: GPL-3+\n`);
  await put('usr/share/doc/gcc-base/copyright', `${FORMAT}Files: *\nLicense: Expat\n`);
  await put('usr/share/doc/free-text/copyright', 'This package is free software.\n');
  await symlink('gcc-base', join(root, 'usr/share/doc/libstdc++6'));
  await mkdir(join(root, 'usr/share/doc/coreutils'));
  await symlink('../bash/copyright', join(root, 'usr/share/doc/coreutils/copyright'));
  await put('lib/modules/5.4.0-1-generic/modules.dep', '');
  await put('lib/modules/5.4.0-1-generic/kernel/a.ko', 'a');
  await put('lib/modules/5.4.0-1-generic/kernel/b.ko.zst', 'b');
  const tar = join(dir, 'root.tar');
  await runOk(['tar', '-C', root, '--sort=name', '-cf', tar, '.']);
  return tar;
}

export interface Attested {
  dir: string;
  artifact: string;
  sha256: string;
  written: string[];
}

/** Packs the root and writes everything beside it, signed where there is a key. */
export async function attested(
  tar: string,
  dir: string,
  keyFile: string | null = null,
  env: NodeJS.ProcessEnv = {},
): Promise<Attested> {
  await mkdir(dir, { recursive: true });
  const artifact = join(dir, 'dgx1.tar.gz');
  const { signal } = new AbortController();
  const packed = await packRoot({ kind: 'tar', path: tar, bytes: 0 }, artifact, {
    level: 'fast',
    emit: () => {},
    signal,
  });
  const written = await writeAttestations({
    image: named,
    origin: originOf(),
    packed,
    date: '20260102',
    signingKey: keyFile === null ? null : await loadSigningKey(keyFile, env, () => {}),
  });
  return { dir, artifact, sha256: packed.sha256, written };
}

/** The outputs of the build. */
export function built(tar: string): StageData['build'] {
  const { build, ...origin } = originOf();
  return { ...build, origin, root: { kind: 'tar', path: tar, bytes: 0 } };
}

const named: NamedImage = {
  ...{ name: image.name, release: image.release, platform: image.platform, version: image.version },
  ...{ compression: 'fast', members: 'many' },
};

function originOf(): Origin {
  const file = (path: string) => ({ path, sha256: 'c'.repeat(64) });
  return {
    parameters: publicParameters({
      ...image,
      lateCommands: { '50_secret': 'echo root:letmein | chpasswd' },
    }),
    pack: 'guest',
    packerMaasCommit: null,
    iso: {
      source: publicSource(image.iso.source),
      medium: { sha256: 'a'.repeat(64), size: 5 },
      facts: { volumeId: 'DGXOS5' },
    },
    archive: null,
    rendered: {
      files: [file('http/curtin.yaml')],
      settings: { cpus: { value: '8', from: 'upstream' } },
      way: 'vm',
      accelerator: 'kvm',
      sources: [file('templates/hcl/source.pkr.hcl'), file('packer-maas/dgxos5/dgxos5.json')],
    },
    build: {
      buildId: 'b7b0f0f4-7f0d-4c53-9a5f-3e6a3c1c2d11',
      startedAt: '2026-01-02T03:04:05.678Z',
      tools: { packer: '1.6.6', qemu: '7.2.22' },
      boot: 'direct',
    },
  };
}
