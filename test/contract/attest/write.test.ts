import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';
import { packerMaasCommit } from '../../../pipeline/image/attest/packer-maas.ts';
import { run, runOk } from '../process/run-tool.ts';
import { attested, folder, rootTar } from './attested.ts';

const read = async (dir: string, name: string) => JSON.parse(await readFile(join(dir, name), 'utf8'));
const { signal } = new AbortController();

describe('the files beside an artifact', () => {
  it('is there whole, and sha256sum takes its sums', async () => {
    const work = await folder();
    const { dir, written } = await attested(await rootTar(work), join(work, 'pack'));
    expect(written.map((path) => basename(path)).sort()).toEqual([
      'SHA256SUMS',
      'dgx1.manifest.json',
      'dgx1.provenance.json',
      'dgx1.sbom.cdx.json',
    ]);
    expect((await readdir(dir)).sort()).toEqual([...written.map((p) => basename(p)), 'dgx1.tar.gz'].sort());
    const { stdout } = await runOk(['sha256sum', '--strict', '-c', 'SHA256SUMS'], { cwd: dir });
    expect(stdout.trim().split('\n')).toHaveLength(4);
    await writeFile(join(dir, 'dgx1.manifest.json'), '{}');
    expect((await run(['sha256sum', '-c', 'SHA256SUMS'], { cwd: dir })).exitCode).toBe(1);
  });

  it('has an SBOM with the packages and the licences that the image declares', async () => {
    const work = await folder();
    const { dir, sha256 } = await attested(await rootTar(work), join(work, 'pack'));
    const text = await readFile(join(dir, 'dgx1.sbom.cdx.json'), 'utf8');
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
    const bom = JSON.parse(text);
    expect(bom.metadata.component.hashes).toEqual([{ alg: 'SHA-256', content: sha256 }]);
    const licences = Object.fromEntries(
      bom.components.map(({ purl, licenses }: { purl: string; licenses?: { license: { id: string } }[] }) => [
        purl,
        licenses?.map(({ license }) => license.id),
      ]),
    );
    const q = '?arch=amd64&distro=focal';
    expect(licences).toEqual({
      [`pkg:deb/ubuntu/bash@5.0-6ubuntu1${q}`]: ['GPL-3.0-or-later'],
      // By a link of the file, and of the folder.
      [`pkg:deb/ubuntu/coreutils@8.30-3${q}`]: ['GPL-3.0-or-later'],
      [`pkg:deb/ubuntu/libstdc%2B%2B6@10.5.0-1ubuntu1~20.04${q}`]: ['MIT'],
      [`pkg:deb/ubuntu/gcc-base@1:10${q}`]: ['MIT'],
      [`pkg:deb/ubuntu/free-text@1${q}`]: undefined,
    });
  });

  it('has the same manifest and SBOM when the same root is packed again', async () => {
    const work = await folder();
    const tar = await rootTar(work);
    const [a, b] = [await attested(tar, join(work, 'a')), await attested(tar, join(work, 'b'))];
    for (const name of ['dgx1.manifest.json', 'dgx1.sbom.cdx.json'])
      expect(await readFile(join(b.dir, name), 'utf8')).toBe(await readFile(join(a.dir, name), 'utf8'));
  });

  it('has a manifest that says what is in the image', async () => {
    const work = await folder();
    const { dir, sha256 } = await attested(await rootTar(work), join(work, 'pack'));
    expect(await read(dir, 'dgx1.manifest.json')).toMatchObject({
      artifact: { file: 'dgx1.tar.gz', sha256 },
      osRelease: { codename: 'focal' },
      kernels: [{ version: '5.4.0-1-generic', moduleFiles: 2, modulesDep: true }],
      packages: expect.arrayContaining([
        { name: 'bash', version: '5.0-6ubuntu1', arch: 'amd64', status: 'ii' },
      ]),
      biggest: expect.arrayContaining([{ path: 'var/lib/dpkg/status', bytes: expect.any(Number) }]),
      counts: { files: 8 },
      tools: { packer: '1.6.6', compressor: expect.any(String) },
    });
  });

  it('has provenance that names everything that went in, and nobody', async () => {
    const work = await folder();
    const { dir, sha256 } = await attested(await rootTar(work), join(work, 'pack'));
    const text = await readFile(join(dir, 'dgx1.provenance.json'), 'utf8');
    const sbom = await readFile(join(dir, 'dgx1.sbom.cdx.json'));
    const { predicate, ...statement } = JSON.parse(text);
    expect(statement).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'dgx1.tar.gz', digest: { sha256 } }],
      predicateType: 'https://slsa.dev/provenance/v1',
    });
    const { buildDefinition, runDetails } = predicate;
    expect(buildDefinition.resolvedDependencies).toEqual([
      {
        name: 'iso',
        digest: { sha256: 'a'.repeat(64) },
        annotations: { volumeId: 'DGXOS5', size: 5, file: 'a.iso' },
      },
      { name: 'source:templates/hcl/source.pkr.hcl', digest: { sha256: 'c'.repeat(64) } },
      { name: 'source:packer-maas/dgxos5/dgxos5.json', digest: { sha256: 'c'.repeat(64) } },
      { name: 'rendered:http/curtin.yaml', digest: { sha256: 'c'.repeat(64) } },
    ]);
    expect(runDetails).toMatchObject({
      builder: { version: { 'dgxos-maas': expect.stringMatching(/^\d+\.\d+\.\d+/), packer: '1.6.6' } },
      metadata: {
        invocationId: 'b7b0f0f4-7f0d-4c53-9a5f-3e6a3c1c2d11',
        startedOn: '2026-01-02T03:04:05.678Z',
      },
      byproducts: expect.arrayContaining([
        { name: 'dgx1.sbom.cdx.json', digest: { sha256: createHash('sha256').update(sbom).digest('hex') } },
      ]),
    });
    expect(Object.keys(buildDefinition.internalParameters.host).sort()).toEqual([
      'architecture',
      'cpus',
      'kernel',
      'memoryMiB',
      'os',
      'processor',
    ]);
    for (const secret of ['letmein', 'somebody', work]) expect(text).not.toContain(secret);
  });
});

describe('the commit of packer-maas', () => {
  it('is that of the checkout, and never that of the repository around it', async () => {
    const around = await folder();
    const git = (...args: string[]) =>
      runOk(['git', '-c', 'user.name=x', '-c', 'user.email=x@example', '-C', around, ...args]);
    await git('init', '-q');
    await git('commit', '-q', '--allow-empty', '-m', 'first');
    const commit = (await git('rev-parse', 'HEAD')).stdout.trim();
    const below = join(around, 'packer-maas');
    await mkdir(below);
    expect(await packerMaasCommit(around, signal)).toBe(commit);
    expect(await packerMaasCommit(below, signal)).toBeNull();
    expect(await packerMaasCommit(join(around, 'absent'), signal)).toBeNull();
  });
});
