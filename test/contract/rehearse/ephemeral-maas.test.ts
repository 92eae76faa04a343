import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { MaasEphemeral } from '../../../pipeline/config/settings/ephemeral.ts';
import type { TargetConfig } from '../../../pipeline/config/types.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import { createClient } from '../../../pipeline/maas/api/client.ts';
import { fetchEphemeral, offeredEphemeral } from '../../../pipeline/maas/rehearse/ephemeral-source.ts';
import type { OfferedEphemeral } from '../../../pipeline/maas/rehearse/offered.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/server.ts';
import { sha256 } from './mirror.ts';

let cache: string;
const emit = () => {};
const { signal } = new AbortController();

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const dir = mkdtempSync(join(tmpdir(), 'imported-'));
  const sandbox = await startSandbox({ ...options, dir: join(dir, 'maas') });
  cache = join(dir, 'cache');
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return sandbox;
}

const target = (name: string, { url }: { url: string }): TargetConfig => ({
  ...{ name, url, key: { from: 'environment', variable: 'KEY' }, caCert: null, patienceS: 60 },
});
const source = (more: Partial<MaasEphemeral> = {}): MaasEphemeral => ({
  ...{ from: 'maas', target: 'lab', series: null, subarch: null, version: null },
  ...more,
});

function offered(sandbox: Sandbox, more: Partial<MaasEphemeral> = {}, key = sandbox.apiKey) {
  const config = { cache, targets: { lab: target('lab', sandbox) }, file: null };
  const work = { config, env: { KEY: key }, emit, signal };
  return offeredEphemeral(source(more), 'ubuntu/jammy', work) as Promise<OfferedEphemeral>;
}

// The addresses of each version: urls.py and bootresources.py of 3.4.10, regiond.nginx.conf of 3.5.0, 3.5.13 and 3.7.3.
test.each([
  ['3.4', 'images-stream/ubuntu/amd64/generic/jammy/20260801/boot-kernel'],
  ['3.5.1', 'boot-resources/SUM/boot-kernel'],
  ['3.5', 'boot-resources/SHORT/boot-kernel'],
  ['3.7', 'boot-resources/SHORT/boot-kernel'],
])('MAAS %s gives what it has imported, with the sums of its API', async (family, path) => {
  const sandbox = await start({ family });
  const found = await offered(sandbox);
  const { kernel } = found.files;
  expect(kernel.url).toBe(
    `${sandbox.url}/${path.replace('SUM', kernel.sha256).replace('SHORT', kernel.sha256.slice(0, 7))}`,
  );
  expect(found.name).toBe(`ubuntu/jammy amd64/generic 20260801 of ${sandbox.url}`);
  const ephemeral = await fetchEphemeral(found, { emit, signal, cache });
  expect(ephemeral).toMatchObject({ kind: 'maas', disk: null });
  for (const part of ['kernel', 'initrd', 'squashfs'] as const)
    expect(sha256(readFileSync(ephemeral[part]!))).toBe(found.files[part].sha256);
});

test('up to 3.4 a MAAS is a simplestreams mirror too, without a signature', async () => {
  const sandbox = await start({ family: '3.4' });
  const mirror = `${sandbox.url}/images-stream`;
  const config = { cache, targets: {}, file: null };
  const found = (await offeredEphemeral(
    { from: 'mirror', mirror, keyring: 'none', series: null, subarch: null, version: null },
    'ubuntu/focal',
    { config, env: {}, emit, signal },
  )) as OfferedEphemeral;
  expect(found.name).toBe(`ubuntu/focal amd64/generic 20260801 of ${mirror}, not signed`);
  expect((await fetchEphemeral(found, { emit, signal, cache })).kind).toBe('mirror');
});

test('from 3.5 on it is not', async () => {
  const { url } = await start({ family: '3.7' });
  expect((await fetch(`${url}/images-stream/streams/v1/index.json`)).status).toBe(404);
  expect((await fetch(`${url}/boot-resources/0000000/boot-kernel`)).status).toBe(404);
});

test.each<[string, Partial<MaasEphemeral>, string, RegExp]>([
  [
    'a series that it has not imported',
    { series: 'noble' },
    'EPHEMERAL_UNUSABLE',
    /ubuntu\/noble for amd64\/ga-NN\.04\n.*It has: ubuntu\/focal amd64\/generic, .*ubuntu\/jammy amd64\/generic/s,
  ],
  ['a kernel that it has not imported', { subarch: 'hwe-22.04' }, 'EPHEMERAL_UNUSABLE', /amd64\/hwe-22\.04/],
  [
    'a version that it does not have',
    { version: '20250101' },
    'EPHEMERAL_UNUSABLE',
    /version 20250101 .*\n.*It has: 20260801\./s,
  ],
  ['a target that is not there', { target: 'lap' }, 'TARGET_UNKNOWN', /Did you mean "lab"/],
])('%s is refused', async (_, more, code, said) => {
  const error = await offered(await start(), more).catch((one: unknown) => one);
  const { message, hint } = error as { message: string; hint: string };
  expect(error).toMatchObject({ code });
  expect(`${message}\n${hint}`).toMatch(said);
});

test('a key that MAAS does not know is refused', async () => {
  await expect(
    offered(await start(), {}, `${'a'.repeat(18)}:${'b'.repeat(18)}:${'c'.repeat(32)}`),
  ).rejects.toMatchObject({ code: 'MAAS_UNAUTHORIZED' });
});

test('the only target needs no name; one of several does', async () => {
  const sandbox = await start();
  const targets = { lab: target('lab', sandbox) };
  const work = (all: Record<string, TargetConfig>) => ({
    ...{ config: { cache, targets: all, file: null }, env: { KEY: sandbox.apiKey }, emit, signal },
  });
  const only = await offeredEphemeral(source({ target: null }), 'ubuntu/jammy', work(targets));
  expect(only).toMatchObject({ from: 'maas' });
  const two = offeredEphemeral(
    source({ target: null }),
    'ubuntu/jammy',
    work({ ...targets, other: target('other', sandbox) }),
  );
  await expect(two).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('maas=lab, maas=other'),
  });
});

test('an image that has not come whole is not used', async () => {
  const stopped = Date.now();
  const sandbox = await start({ now: () => stopped });
  const key = parseApiKey(sandbox.apiKey, 'of the test');
  const client = createClient({ url: sandbox.url, key, caCert: null, emit, signal });
  const noble = { os: 'ubuntu', release: 'noble', arches: 'amd64', subarches: '*', labels: '*' };
  await client.post('boot-sources/1/selections/', noble);
  await client.call('boot-resources/?op=import', {});
  await expect(offered(sandbox, { series: 'noble' })).rejects.toMatchObject({
    code: 'EPHEMERAL_UNUSABLE',
    message: expect.stringContaining('no version of ubuntu/noble amd64/generic with boot-kernel'),
    hint: expect.stringContaining('end of an import'),
  });
});
