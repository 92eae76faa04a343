import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { buildInNamespace, type NamespaceBuildRequest } from '../../../pipeline/install/namespace/build.ts';
import { listLayers } from '../../../pipeline/install/namespace/layer-store.ts';
import { ended, mountsBelow } from '../../e2e/namespaces.ts';
import { INSTALL, medium } from './medium.ts';

type Request = Omit<NamespaceBuildRequest, 'emit' | 'signal'>;

const folders: string[] = [];
afterEach(() => {
  for (const dir of folders.splice(0)) {
    execFileSync('sh', ['-c', `! mountpoint -q "$1" || umount "$1"`, 'sh', dir]);
    rmSync(dir, { recursive: true, force: true });
  }
});

async function on(preseed: string | null, options: Parameters<typeof medium>[1] = {}) {
  const request = await medium(preseed, options);
  folders.push(dirname(request.dir));
  return request;
}

async function build(request: Request, signal = new AbortController().signal) {
  const events: Event[] = [];
  const notices = () => events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  const result = await buildInNamespace({ ...request, emit: (event) => events.push(event), signal }).catch(
    (error: unknown) => error,
  );
  return { result, notices: notices() };
}

/** Nothing runs, nothing is mounted, and what is left is logs and these. */
async function expectLeft(request: Request, ...names: string[]) {
  expect(await ended(request.dir)).toEqual([]);
  expect(await mountsBelow(request.dir)).toEqual([]);
  expect(readdirSync(request.dir).filter((name) => !name.endsWith('.log'))).toEqual(names);
}

describe('an installation in namespaces', () => {
  it('ends with the root as a tar', async () => {
    const request = await on(INSTALL);
    const { result } = await build(request);
    expect(result).toMatchObject({ kind: 'tar', path: join(request.dir, 'root.tar') });
    const names = execFileSync('tar', ['-tf', join(request.dir, 'root.tar')], { encoding: 'utf8' });
    expect(names).toContain('./etc/os-release\n');
    await expectLeft(request, 'root.tar');
  });

  it("sees neither this host's name nor its serial number", async () => {
    const request = await on(`ls -A /sys/devices/virtual/dmi 2>/dev/null > /target/dmi\n${INSTALL}`);
    await build(request);
    const tar = join(request.dir, 'root.tar');
    expect(execFileSync('tar', ['-xOf', tar, './dmi'], { encoding: 'utf8' })).toBe('');
  });

  it('that does not end is ended at its time limit, with what it has started', async () => {
    const request = await on('setsid sleep 100000 & sleep 100000');
    const { result } = await build({ ...request, installTimeoutS: 2 });
    expect(result).toMatchObject({
      code: 'BUILD_TIMEOUT',
      message: expect.stringContaining('2 s'),
      hint: expect.stringContaining('install_timeout'),
    });
    await expectLeft(request);
  });

  it('that ignores every signal is ended, too', async () => {
    const request = await on("trap '' TERM INT HUP; while :; do sleep 1; done");
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1500);
    const { result } = await build(request, stop.signal);
    expect(result).toMatchObject({ code: 'INTERRUPTED' });
    await expectLeft(request);
  });

  it.each([
    [
      'without curtin and without Python',
      INSTALL,
      { curtin: false },
      'the live system has no curtin; without it, it must have Python 3.6 or later with PyYAML',
    ],
    ['without a preseed.sh', null, {}, 'the live system has no /curtin/preseed.sh'],
    ['whose installer fails', 'echo why; exit 3', {}, 'the installer ended with 3'],
    ['that says nowhere where its target is', 'mkdir -p /target/etc', {}, 'did not say where its target is'],
    ['that leaves root open', INSTALL.replace("'root:*", "'root:"), {}, 'root is not locked'],
  ])('of a medium %s fails with the reason', async (_, preseed, options, why) => {
    const request = await on(preseed, options);
    const { result } = await build(request);
    expect(result).toMatchObject({ code: 'BUILD_INSTALL_FAILED', message: expect.stringContaining(why) });
    await expectLeft(request);
  });

  it("gives real curtin's reason, not that of the logs that it collects afterwards", async () => {
    const said = 'curtin: Installation failed with exception: Unexpected error\nCommand: [one]\nExit code: 3';
    const after = 'Command: [sudo, lshw]\\n'.repeat(9);
    const request = await on(`printf '%s\\n' '${said}'; printf '${after}'; exit 1`);
    const { result } = await build(request);
    expect(result).toMatchObject({
      code: 'BUILD_INSTALL_FAILED',
      message: expect.stringContaining('Installation failed with exception'),
      detail: expect.stringContaining('Command: [one]'),
    });
  });

  it('mounts what is below, too, and unmounts it by a plain umount, as real curtin does', async () => {
    const request = await on(
      `mkdir -p /target/dev /target/run && mount --bind /dev /target/dev && mount --bind /run /target/run || exit 7
[ -c /target/dev/null ] && [ -d /target/run/build ] || exit 8
umount /target/run && umount /target/dev || exit 9
${INSTALL}`,
    );
    expect((await build(request)).result).toMatchObject({ kind: 'tar' });
  });

  it('two at once from one medium are two', async () => {
    const [one, two] = [await on(`sleep 1\n${INSTALL}`), await on(`sleep 1\n${INSTALL}`)];
    const results = await Promise.all([build(one), build(two)]);
    expect(results.map(({ result }) => result)).toEqual([
      expect.objectContaining({ kind: 'tar' }),
      expect.objectContaining({ kind: 'tar' }),
    ]);
  });
});

describe.skipIf(process.getuid?.() !== 0)('on a full disk (needs root to mount a small one)', () => {
  const small = (megabytes: number) => {
    const dir = mkdtempSync(join(tmpdir(), 'small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}M`, 'small', dir]);
    folders.push(dir);
    return dir;
  };

  it('of the workspace: what to do, and nothing is left', async () => {
    const request = await on(`dd if=/dev/zero of=/target/large bs=1M count=400\n${INSTALL}`);
    const dir = join(small(120), 'build');
    mkdirSync(dir);
    const { result } = await build({ ...request, dir });
    expect(result).toMatchObject({ code: 'DISK_FULL', hint: expect.stringContaining('workspace:') });
    await expectLeft({ ...request, dir });
  });

  it('of the cache: the layer alone is lost', async () => {
    const keep = readFileSync(join(import.meta.dirname, '../../../templates/curtin/keep-layer.sh'), 'utf8');
    const request = await on(
      `${INSTALL}\ndd if=/dev/zero of=/target/large bs=1M count=20\nsh /run/build/config/keep.sh ./none`,
    );
    writeFileSync(join(request.httpDir, 'keep.sh'), keep);
    const cache = small(30);
    const layer = { cache, most: 1 << 30, rule: { medium: 'one' }, decidedBy: {} };
    const { result, notices } = await build({ ...request, layer });
    expect(result).toMatchObject({ kind: 'tar' });
    expect(notices).toEqual([
      expect.stringMatching(/^No layer is kept: the disk of the cache has only \d+ KiB/),
    ]);
    expect(readdirSync(join(cache, 'layers'))).toEqual([]);

    const wide = await build({ ...request, layer: { ...layer, cache: small(200), most: 10 << 20 } });
    expect(wide.result).toMatchObject({ kind: 'tar' });
    expect(wide.notices).toEqual([
      expect.stringMatching(/^No layer is kept: it needs \d+ KiB, and cache_layers/),
    ]);
  });
});

describe('a layer', () => {
  /** Installs from the medium, and keeps the layer as the late command of a build does; goes on from one where there is one. */
  const PRESEED = `if [ -f /run/build/layer.tar ]; then tar -C /target -xf /run/build/layer.tar; echo /target > /run/build-target
else ${INSTALL}
touch /target/from-medium
sh /run/build/config/keep.sh ./secret
fi
[ ! -e /run/build/config/fail ] || exit 1
touch /target/mine`;

  async function layered() {
    const request = await on(PRESEED);
    const keep = readFileSync(join(import.meta.dirname, '../../../templates/curtin/keep-layer.sh'), 'utf8');
    writeFileSync(join(request.httpDir, 'keep.sh'), keep);
    return { ...request, layer: { ...request.layer, most: 1 << 30, rule: { medium: 'one' } } };
  }
  const names = (request: Request) =>
    execFileSync('tar', ['-tf', join(request.dir, 'root.tar')], { encoding: 'utf8' }).split('\n');

  it('is kept by the first build, also by one that fails after it, and is what the next goes on from', async () => {
    const request = await layered();
    writeFileSync(join(request.httpDir, 'fail'), '');
    const failed = await build(request);
    expect(failed.result).toMatchObject({ code: 'BUILD_INSTALL_FAILED' });
    expect(failed.notices).toEqual([expect.stringMatching(/is kept as a layer/)]);
    await expectLeft(request);

    rmSync(join(request.httpDir, 'fail'));
    const { result, notices } = await build(request);
    expect([result, notices]).toEqual([expect.objectContaining({ kind: 'tar' }), []]);
    expect(readFileSync(join(request.dir, 'console.log'), 'utf8')).toContain('going on from the layer');
    expect(names(request)).toEqual(expect.arrayContaining(['./from-medium', './mine']));
  });

  it('is not asked for where the rule refuses it, and the build says so', async () => {
    const request = await layered();
    const { result, notices } = await build({
      ...request,
      layer: {
        ...request.layer,
        rule: { refusal: 'its late command 30_odd may change more than the target' },
      },
    });
    expect(result).toMatchObject({ kind: 'tar' });
    expect(notices).toEqual([expect.stringContaining('30_odd')]);
    expect(existsSync(request.layer.cache)).toBe(false);
  });

  it('that cannot be kept costs nothing but itself', async () => {
    const request = await layered();
    writeFileSync(request.layer.cache, 'a file, not a folder');
    const { result, notices } = await build(request);
    expect(result).toMatchObject({ kind: 'tar' });
    expect(notices).toEqual([expect.stringMatching(/^No layer can be kept in /)]);
  });

  it('that is deleted under a build is done without', async () => {
    const request = await layered();
    await build(request);
    const [layer] = await listLayers(request.layer.cache);
    // Between the look at it and its use: the folder with the script goes first.
    const script = join(request.packerDir, 'build.sh');
    const text = readFileSync(script, 'utf8');
    writeFileSync(
      script,
      text.replace('\nclean\n', `\nclean\n[ -z "$LAYER" ] || rm -rf '${layer!.folder}'\n`),
    );
    const { result, notices } = await build(request);
    expect(result).toMatchObject({ kind: 'tar' });
    expect(notices).toEqual([expect.stringContaining('deleted meanwhile')]);
    expect(names(request)).toEqual(expect.arrayContaining(['./from-medium', './mine']));
  });

  it('is unpacked in memory, or on the disk where the memory does not suffice', async () => {
    const request = await layered();
    await build(request);
    const asked: string[][] = [];
    const inMemory = (kib: number) => async (archives: string[]) => {
      asked.push(archives);
      return kib;
    };
    const fits = await build({ ...request, memory: inMemory(1 << 20) });
    expect([fits.result, fits.notices]).toEqual([expect.objectContaining({ kind: 'tar' }), []]);
    expect(asked).toEqual([[request.iso, expect.stringMatching(/layers\/[0-9a-f]{64}\/root\.tar$/)]]);
    const whole = names(request);

    rmSync(join(request.dir, 'root.tar'));
    const tooLittle = await build({ ...request, memory: inMemory(64) });
    expect(tooLittle.result).toMatchObject({ kind: 'tar' });
    expect(tooLittle.notices).toEqual([expect.stringMatching(/did not fit in memory/)]);
    expect(names(request)).toEqual(whole);
    await expectLeft(request, 'root.tar');
  });

  it('that two builds keep at once is one', async () => {
    const one = await layered();
    const two = { ...(await layered()), layer: one.layer };
    const results = await Promise.all([build(one), build(two)]);
    for (const { result } of results) expect(result).toMatchObject({ kind: 'tar' });
    expect(await listLayers(one.layer.cache)).toHaveLength(1);
    expect(readdirSync(join(one.layer.cache, 'layers'))).toHaveLength(1);
  });
});
