import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Diagnosis } from '../../../pipeline/doctor/examine.ts';
import { HOST_ARCHITECTURE } from '../../../pipeline/host/architecture.ts';
import { cli, folder } from '../config/cli.ts';

/** Tools with what they say of their versions on Debian 12. */
const TOOLS: Record<string, string> = {
  'apt-get': 'apt 2.6.1 (amd64)',
  tar: 'tar (GNU tar) 1.34',
  xz: 'xz (XZ Utils) 5.4.1',
  gpgv: 'gpgv (GnuPG) 2.2.40',
};
const SUM = 'a'.repeat(64);

function image({
  root = `sha256: ${SUM}`,
  platform = 'neutral',
  architecture = HOST_ARCHITECTURE as string,
} = {}) {
  return `{ release: dgxos7, platform: ${platform}, version: "7", resource: { architecture: ${architecture}/generic }, archive: { root: { source: r.tar, ${root} }, repository: { source: f.tgz, sha256: ${SUM} } } }`;
}

/** The findings for these images on a host with these tools. */
async function doctor(images: Record<string, string>, { without = [] as string[] } = {}) {
  const cwd = folder();
  const bin = join(cwd, 'bin');
  mkdirSync(bin);
  for (const [name, says] of Object.entries(TOOLS).filter(([name]) => !without.includes(name))) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho '${says}'\n`);
    chmodSync(join(bin, name), 0o755);
  }
  symlinkSync(process.execPath, join(bin, 'node'));
  for (const name of ['unshare', 'sh', 'mount', 'cat', 'echo'])
    symlinkSync(`/usr/bin/${name}`, join(bin, name));
  const lines = Object.entries(images).map(([name, text]) => `  ${name}: ${text}\n`);
  writeFileSync(join(cwd, 'dgxos-maas.yaml'), `images:\n${lines.join('')}`);
  writeFileSync(join(cwd, 'site.gpg'), 'keys');
  writeFileSync(join(cwd, 'empty.gpg'), '');
  const { code, stdout } = await cli(cwd, ['--json', 'doctor'], { PATH: bin });
  const diagnosis = JSON.parse(stdout) as Diagnosis;
  return { code, diagnosis, of: (tool: string) => diagnosis.findings.find((one) => one.tool === tool) };
}

it('an image from archives needs apt, tar, xz and namespaces, and nothing of media and VMs', async () => {
  const { code, diagnosis, of } = await doctor({ one: image({ root: `sha256: ${SUM}, keyring: none` }) });
  // The space on this machine's disk is not what is asked.
  const others = diagnosis.findings.filter(({ tool }) => tool !== 'workspace');
  expect(others.filter(({ status }) => !['ok', 'optional'].includes(status))).toEqual([]);
  expect(code).toBe(of('workspace')?.status === 'unusable' ? 4 : 0);
  for (const tool of ['apt-get', 'tar', 'xz', 'namespaces'])
    expect(of(tool)).toMatchObject({ status: 'ok', neededFor: 'install one from archives' });
  // A sum alone asks for no signature, and this host's own programs for no emulator.
  for (const tool of ['gpgv', 'keyring', 'qemu-user arm64', 'qemu-user amd64'])
    expect(of(tool)).toBeUndefined();
  expect(of('packer')).toMatchObject({ status: 'optional' });
  expect(diagnosis.findings.filter(({ tool }) => tool === 'tar')).toHaveLength(1);
});

it.each(['apt-get', 'tar', 'xz'])('%s that is missing ends with its package', async (tool) => {
  const { code, diagnosis, of } = await doctor({ one: image() }, { without: [tool] });
  expect([code, of(tool)?.status]).toEqual([4, 'missing']);
  expect(diagnosis.installCommand).toMatch(/apt-get install -y (apt|tar|xz-utils)$/);
});

it('gpgv and the keyring are required where nothing else verifies the root', async () => {
  const pinned = await doctor({ one: image() }, { without: ['gpgv'] });
  expect(pinned.of('gpgv')).toMatchObject({ status: 'optional', fix: 'sudo apt-get install gpgv' });
  for (const root of ['keyring: site.gpg', `sha256: ${SUM}, keyring: site.gpg`]) {
    const { code, of } = await doctor({ one: image({ root }) }, { without: ['gpgv'] });
    expect([code, of('gpgv')?.status]).toEqual([4, 'missing']);
    expect(of('keyring')).toMatchObject({ status: 'ok', found: expect.stringMatching(/\/site\.gpg$/) });
  }
});

it.each([
  ['that is empty', 'empty.gpg', /empty\.gpg is empty/],
  ['that is not there', 'none.gpg', /none\.gpg cannot be read/],
])('a keyring %s', async (_, name, found) => {
  const { code, of } = await doctor({ one: image({ root: `keyring: ${name}` }), two: image() });
  expect(code).toBe(4);
  expect(of('keyring')).toMatchObject({
    ...{ status: 'missing', found: expect.stringMatching(found), neededFor: 'verify the signed sums of one' },
  });
});

it('an image of another architecture needs an emulator', async () => {
  const other = HOST_ARCHITECTURE === 'arm64' ? 'amd64' : 'arm64';
  const { of } = await doctor({ own: image(), other: image({ architecture: other }) });
  const finding = of(`qemu-user ${other}`);
  // Whether one is registered depends on the host; whose it is and what to do does not.
  expect(finding).toMatchObject({ neededFor: `install other on ${HOST_ARCHITECTURE}` });
  expect(finding?.status === 'ok' ? null : finding?.fix).toEqual(
    finding?.status === 'ok' ? null : expect.stringMatching(/binfmt/),
  );
});

it('with an image from an ISO beside it, the tools of media are needed', async () => {
  const iso = `{ release: demo, platform: demo1, version: "1", iso: { source: a.iso, sha256: ${SUM} } }`;
  const { code, of } = await doctor({ one: image(), two: iso });
  expect([code, of('packer')?.status, of('xorriso')?.status]).toEqual([4, 'missing', 'missing']);
});
