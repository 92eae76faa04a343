import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../pipeline/config/types.ts';
import { describeImage } from '../../../pipeline/image/diff/describe.ts';
import { describeJson } from '../../../pipeline/image/diff/json-file.ts';
import { keepRelease, keptRelease } from '../../../pipeline/image/diff/release-store.ts';
import { keepBuilt } from '../../../pipeline/image/diff/workspace.ts';
import { ledgerFile } from '../../../pipeline/workspace/layout.ts';
import { writeRecord } from '../../../pipeline/workspace/record.ts';
import { goodRoot } from '../checks/root.ts';
import { whole } from './facts.ts';

const SHA = 'c0ffee'.padEnd(64, '0');
let dir: string;
let env: NodeJS.ProcessEnv;
const config = async () => ({ images: { demo: {} }, workspace: join(dir, 'work') }) as unknown as Config;
const describeIt = (name: string) =>
  describeImage(name, { env, signal: new AbortController().signal, config });

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'diff-'));
  env = { XDG_STATE_HOME: join(dir, 'state') };
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function put(path: string, content: string): Promise<string> {
  const file = join(dir, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

/** The record of a finished artifact in the workspace. */
async function packed(): Promise<void> {
  const imageDir = join(dir, 'work/demo');
  const paths = {
    path: join(imageDir, 'pack/demo.tar.gz'),
    manifest: join(imageDir, 'pack/demo.manifest.json'),
  };
  await writeRecord(imageDir, {
    ...{ stage: 'pack', fingerprint: 'f', inputs: {}, files: [], summary: 's', seconds: 1 },
    data: {
      artifact: { ...paths, sha256: SHA, size: 7, date: '20261123' },
      facts: join(imageDir, 'pack/facts.json'),
    },
    finishedAt: '2026-11-23T00:00:00.000Z',
  });
}

describe('an image by its name', () => {
  it('is a manifest', async () => {
    const manifest = {
      format: 1,
      version: '5.0',
      date: '20261123',
      artifact: { sha256: SHA, size: 7 },
      packages: [],
    };
    const found = await describeIt(await put('x.manifest.json', JSON.stringify(manifest)));
    expect(found).toMatchObject({ sha256: SHA, size: 7, version: '5.0', facts: { packages: [] } });
    expect(found.facts.services).toBeUndefined();
  });

  it('is the finished artifact of an image of the configuration', async () => {
    await put('work/demo/pack/facts.json', JSON.stringify({ facts: whole(), stream: { bytes: 7 } }));
    await packed();
    expect(await describeIt('demo')).toMatchObject({
      name: 'demo',
      sha256: SHA,
      facts: { services: ['ssh.service'] },
    });
  });

  it('is still known when it was kept and the workspace has moved on', async () => {
    await put('work/demo/pack/facts.json', JSON.stringify({ facts: whole(), stream: { bytes: 7 } }));
    await packed();
    await keepBuilt(join(dir, 'work/demo'), env);
    await rm(join(dir, 'work'), { recursive: true });
    expect(await keptRelease(SHA, 'x', env)).toMatchObject({ name: 'x', date: '20261123', facts: whole() });
    expect(await keptRelease('../../etc/passwd', 'x', env)).toBeUndefined();
  });

  it('is its folder in the workspace', async () => {
    await put('work/demo/pack/facts.json', JSON.stringify({ facts: whole(), stream: { bytes: 7 } }));
    await packed();
    expect(await describeIt(join(dir, 'work/demo'))).toMatchObject({ sha256: SHA });
  });

  it('is not an archive that breaks off, or whose compression does', async () => {
    const tar = await goodRoot().tar();
    const gz = gzipSync(tar);
    for (const [name, bytes, why] of [
      ['a.tar', tar.subarray(0, 5000), 'the archive is truncated'],
      ['b.tar.gz', gz.subarray(0, gz.length - 9), /cannot be compared: .*gzip/],
    ] as const) {
      await put(name, '');
      await writeFile(join(dir, name), bytes);
      await expect(describeIt(join(dir, name))).rejects.toMatchObject({
        code: 'IMAGE_UNREADABLE',
        message: typeof why === 'string' ? expect.stringContaining(why) : expect.stringMatching(why),
        hint: expect.stringContaining(`validate ${join(dir, name)}`),
      });
    }
    await writeFile(join(dir, 'c.tar'), tar);
    expect((await describeIt(join(dir, 'c.tar'))).size).toBe(tar.length);
  });

  it('that nobody knows is answered in words where there are no names', async () => {
    const none = async () => ({ images: {}, workspace: join(dir, 'work') }) as unknown as Config;
    await expect(
      describeImage('dmo', { env, signal: new AbortController().signal, config: none }),
    ).rejects.toMatchObject({ hint: expect.stringContaining('No image is configured or uploaded.') });
  });

  it('that is not built says how to build it', async () => {
    await expect(describeIt('demo')).rejects.toMatchObject({ code: 'IMAGE_NOT_BUILT' });
  });

  it('is an upload of the ledger by name, by custom/name or by digest; the latest of that name', async () => {
    const made = {
      time: '',
      target: 'http://maas/MAAS',
      architecture: 'amd64/generic',
      set: '20260101',
      file: '/x',
    };
    const entry = { ...made, did: 'completed', name: 'dgx1-5.0', sha256: SHA, image: 'demo', size: 7 };
    const lines = [{ ...entry, sha256: 'f'.repeat(64) }, entry].map((e) => JSON.stringify(e));
    await mkdir(dirname(ledgerFile(env)), { recursive: true });
    await writeFile(ledgerFile(env), `${lines.join('\n')}\n`);
    await expect(describeIt('dgx1-5.0')).rejects.toMatchObject({ code: 'IMAGE_NOT_BUILT' });
    await keepRelease({ name: 'x', sha256: SHA, size: 7, facts: whole() }, env);
    for (const name of ['dgx1-5.0', 'custom/dgx1-5.0', SHA.slice(0, 8), SHA])
      expect(await describeIt(name)).toMatchObject({
        name,
        sha256: SHA,
        facts: { services: ['ssh.service'] },
      });
  });

  it('that nobody knows is answered with the names there are', async () => {
    await expect(describeIt('dmo')).rejects.toMatchObject({
      code: 'IMAGE_UNKNOWN',
      hint: expect.stringContaining('demo'),
    });
  });
});

describe('a JSON file', () => {
  it.each([
    ['no JSON', '{'],
    ['a description of nothing', '{"a": 1}'],
    ['null', 'null'],
    ['a list', '[]'],
    ['packages that are not a list', '{"packages": 3}'],
    ['a package without a version', '{"packages": [{"name": "x"}]}'],
    ['facts of another shape', '{"facts": {"owners": {"setuid": [1]}}}'],
  ])('that is %s is refused', (_, content) => {
    expect(() => describeJson('x.json', content)).toThrow(
      expect.objectContaining({ code: 'IMAGE_UNREADABLE' }),
    );
  });

  it('with a wrong entry says where it is wrong', () => {
    const content = JSON.stringify({ packages: [{ name: 'x', version: 1, arch: '', status: '' }] });
    expect(() => describeJson('x.json', content)).toThrow(/packages\/0\/version must be string/);
  });
});
