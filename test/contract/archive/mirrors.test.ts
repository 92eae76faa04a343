import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { throughMirror } from '../../../pipeline/install/archive/mirrors.ts';
import { repositoryFiles } from '../../../scripts/archive/build.ts';
import { makeDebs } from '../../../scripts/archive/debs.ts';
import { type ArchiveKey, makeDists, makeKey } from '../../../scripts/archive/sign.ts';
import { cli, folder } from '../config/cli.ts';
import { Keys } from './keys.ts';
import { recordingProxy } from './recording-proxy.ts';

/** The only host that answers; every other one is asked by mistake. */
const MIRROR = 'mirror.example';
const ROOT = 'root.tar.xz';
const FILES = 'dgx-repo-files.tgz';

let dir: string;
let keys: Keys;
let archive: ArchiveKey;
let sums: Record<string, string>;

beforeAll(async () => {
  $.quiet = true;
  dir = await mkdtemp(join(tmpdir(), 'mirrors-'));
  archive = await makeKey();
  const ubuntu = join(dir, MIRROR, 'ubuntu');
  await mkdir(ubuntu, { recursive: true });
  await makeDebs(join(ubuntu, 'pool'), { 'nvidia-imex': { version: '580.95.05-1' } }, 'amd64');
  await makeDists(ubuntu, { key: archive, suite: 'demo', architecture: 'amd64' });
  const [images, baseos] = [join(dir, MIRROR, 'images/noble'), join(dir, MIRROR, 'nvidia/baseos')];
  for (const one of [images, baseos]) await mkdir(one, { recursive: true });
  await repositoryFiles(join(baseos, FILES), archive.keyring, dir, 'http://archive.example/ubuntu');
  await mkdir(join(dir, 'root/etc/apt'), { recursive: true });
  await writeFile(join(dir, 'root/etc/os-release'), 'ID=ubuntu\n');
  await $`tar -C ${join(dir, 'root')} -cJf ${join(images, ROOT)} .`;
  sums = {};
  for (const file of [join(images, ROOT), join(baseos, FILES)])
    sums[file.split('/').at(-1)!] = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  keys = await Keys.make();
  await keys.add('publisher');
  await keys.export(['publisher'], join(dir, 'publisher.gpg'));
  const list = join(images, 'SHA256SUMS');
  await writeFile(list, `${sums[ROOT]} *${ROOT}\n`);
  await keys.sign(['publisher'], list, `${list}.gpg`);
}, 120_000);
afterAll(async () => {
  await keys?.remove();
  await archive?.remove();
  await rm(dir, { recursive: true, force: true });
});

/** An image whose files, and whose archive, are at hosts that only a mirror stands for. */
async function project(image: { sha256?: string; mirrors?: Record<string, string> } = {}): Promise<string> {
  const cwd = folder();
  await copyFile(join(dir, 'publisher.gpg'), join(cwd, 'publisher.gpg'));
  const settings = {
    ...{ release: 'demo-archive', platform: 'neutral', version: '1.0', accept_eula: true },
    archive: {
      root: {
        source: `https://me:secret@cloud-images.example/noble/${ROOT}`,
        ...(image.sha256 && { sha256: image.sha256 }),
        keyring: 'publisher.gpg',
      },
      repository: { source: `https://repo.example/baseos/${FILES}`, sha256: sums[FILES] },
    },
    mirrors: image.mirrors ?? {
      'https://cloud-images.example': `http://${MIRROR}/images`,
      'https://repo.example/baseos': `http://${MIRROR}/nvidia/baseos/`,
      'http://archive.example/ubuntu': `http://${MIRROR}/ubuntu`,
    },
  };
  // JSON is YAML.
  await writeFile(
    join(cwd, 'dgxos-maas.yaml'),
    JSON.stringify({ workspace: 'work', cache: 'cache', images: { demo: settings } }),
  );
  return cwd;
}

async function run(cwd: string) {
  const proxy = await recordingProxy(dir);
  try {
    const names = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'all_proxy'];
    const env = { ...Object.fromEntries(names.map((name) => [name, proxy.url])), no_proxy: '', NO_PROXY: '' };
    return { ...(await cli(cwd, ['run', 'demo', '--until', 'render'], env)), ...proxy };
  } finally {
    proxy.close();
  }
}

describe('with mirrors for every archive', () => {
  it('the root, its signed sums, the repository files and apt ask no host but the mirror', async () => {
    const cwd = await project();
    const { code, stderr, asked, logins } = await run(cwd);
    expect(code, stderr).toBe(0);
    expect([...new Set(asked.map((url) => new URL(url).hostname))]).toEqual([MIRROR]);
    const paths = asked.map((url) => new URL(url).pathname);
    for (const path of [
      `/images/noble/${ROOT}`,
      '/images/noble/SHA256SUMS',
      '/images/noble/SHA256SUMS.gpg',
      `/nvidia/baseos/${FILES}`,
      '/ubuntu/dists/demo/InRelease',
    ])
      expect(paths).toContain(path);
    // The login is for the archive, not for who stands in for it.
    expect(logins).toEqual([]);
    expect(stderr).toMatch(/sha256 verified: that of SHA256SUMS, signed by [0-9A-F]{40}/);
    expect((await stat(join(cwd, 'work/demo/sources/sums/SHA256SUMS'))).isFile()).toBe(true);
    // Rendered files go by hand to other hosts.
    const { stdout } = await $({ nothrow: true })`grep -rl ${MIRROR} ${join(cwd, 'work/demo/render')}`;
    expect(stdout).toBe('');
    const record = JSON.parse(await readFile(join(cwd, 'work/demo/sources.json'), 'utf8'));
    expect(record.data.verified).toMatchObject({ pinned: false, signature: { key: expect.any(String) } });
    // All is fresh by another mirror, and without any network.
    const again = await cli(cwd, ['run', 'demo', '--until', 'render'], { http_proxy: 'http://127.0.0.1:1' });
    expect(again.stderr.match(/fresh/g)).toHaveLength(2);
  }, 120_000);

  it('a sum of the configuration that is not the signed one ends the run before the root is fetched', async () => {
    const { code, stderr, asked } = await run(await project({ sha256: 'e'.repeat(64) }));
    expect(code).toBe(3);
    expect(stderr).toContain('[SUMS_UNTRUSTED]');
    expect(asked.some((url) => url.endsWith(ROOT))).toBe(false);
  });

  it('without one of them the archive itself is asked: the test would see it', async () => {
    const { code, asked, tunnels } = await run(
      await project({
        sha256: sums[ROOT]!,
        mirrors: { 'https://cloud-images.example': `http://${MIRROR}/images` },
      }),
    );
    expect(code).not.toBe(0);
    expect(asked.map((url) => new URL(url).hostname)).toContain(MIRROR);
    expect(tunnels).toContain('repo.example:443');
  });
});

describe('a URL by its mirror', () => {
  const mirrors = {
    'https://a.example': 'http://m/a',
    'https://a.example/deep/er': 'http://m/deep',
    'http://b.example:8080/x': 'http://[::1]:3142/x',
    'HTTP://C.example/c': 'http://m/c',
  };
  it.each([
    ['https://a.example/one', 'http://m/a/one'],
    ['https://A.EXAMPLE:443/one', 'http://m/a/one'],
    ['https://a.example', 'http://m/a/'],
    ['https://a.example/deep/er/f?x=1', 'http://m/deep/f?x=1'],
    ['https://a.example/deep/error', 'http://m/a/deep/error'],
    ['https://u:p@a.example/one', 'http://m/a/one'],
    ['https://a.example.org/one', 'https://a.example.org/one'],
    ['http://a.example/one', 'http://a.example/one'],
    ['http://b.example:8080/x/y', 'http://[::1]:3142/x/y'],
    ['http://b.example/x/y', 'http://b.example/x/y'],
    ['http://c.example/c/d', 'http://m/c/d'],
    ['/srv/root.tar.xz', '/srv/root.tar.xz'],
    ['file:///srv/root.tar.xz', 'file:///srv/root.tar.xz'],
  ])('%s', (url, by) => {
    expect(throughMirror(url, mirrors)).toBe(by);
  });
});
