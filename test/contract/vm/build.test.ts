import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { CREDENTIAL_TOKEN } from '../../../pipeline/install/render/types.ts';
import { type BuildRequest, buildRoot } from '../../../pipeline/install/vm/build.ts';
import { type Behaviour, qemuPlugin, standIns } from './stand-ins.ts';

let dir: string;
let path: string | undefined;
let events: Event[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'build-'));
  mkdirSync(join(dir, 'build'));
  mkdirSync(join(dir, 'http'));
  writeFileSync(join(dir, 'http/curtin.yaml'), `x: "echo 'root:${CREDENTIAL_TOKEN}' | chpasswd -e"\n`);
  writeFileSync(join(dir, 'hello'), 'hello');
  execFileSync('tar', ['-cf', join(dir, 'root.tar'), '-C', dir, './hello']);
  path = process.env.PATH;
  events = [];
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(dir, { recursive: true, force: true });
});

function request(
  builds: Behaviour[],
  boot: 'direct' | 'typed' = 'direct',
  { version = '1.6.6', env = {} as NodeJS.ProcessEnv } = {},
): BuildRequest {
  process.env.PATH = `${standIns(dir, { version, builds })}:${path}`;
  return {
    rendered: { packerDir: join(dir, 'packer'), httpDir: join(dir, 'http') },
    medium: { iso: '/a.iso', kernel: null, initrd: null },
    packerVersion: version,
    accelerator: 'kvm',
    installer: 'live-curtin',
    architecture: 'amd64',
    pack: 'guest',
    typed: boot === 'typed' ? { bootWaitS: 3, keyIntervalMs: 100 } : null,
    // Longer than a busy host takes to start the stand-in; those that wait for its end have a shorter one.
    fetchWithinS: 60,
    installTimeoutS: 5400,
    headless: true,
    dir: join(dir, 'build'),
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    env,
  };
}

const calls = () =>
  readFileSync(join(dir, 'bin/calls.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { args: string[]; env: Record<string, string> });
const left = async () => (await readdir(join(dir, 'build'))).filter((name) => !name.endsWith('.log'));
const disk = () => join(dir, 'root.tar');

describe('a build', () => {
  it('cuts the hand-over disk to the tar and leaves nothing else but logs', async () => {
    const root = await buildRoot(request([{ disk: disk() }]));
    expect(root).toEqual({ kind: 'tar', path: join(dir, 'build/root.tar'), bytes: statSync(root.path).size });
    expect(root.bytes).toBeLessThan(100_000);
    expect(execFileSync('tar', ['-tf', root.path], { encoding: 'utf8' })).toBe('./hello\n');
    expect(await left()).toEqual(['root.tar']);
  });

  it('gives the password by the environment only, and the guest its hash', async () => {
    await buildRoot(request([{ disk: disk() }]));
    const [call] = calls();
    const password = call?.env.PKR_VAR_ssh_password as string;
    expect(password).toHaveLength(32);
    expect(call?.args.join(' ')).not.toContain(password);
    expect(call?.args.join(' ')).not.toContain('$6$');
    const fetched = readFileSync(join(dir, 'bin/fetched'), 'utf8');
    expect(fetched).toMatch(/root:\$6\$/);
    expect(fetched).not.toContain(password);
    for (const name of await readdir(join(dir, 'build')))
      expect(readFileSync(join(dir, 'build', name), 'latin1')).not.toContain(password);
  });

  it('gives the time limit and the window as variables', async () => {
    await buildRoot({ ...request([{ disk: disk() }]), installTimeoutS: 0.5, headless: false });
    expect(calls()[0]?.args).toEqual(expect.arrayContaining(['install_timeout=0.5s', 'headless=false']));
  });

  it("keeps Packer's caches and temporary files inside the workspace", async () => {
    await buildRoot(request([{ disk: disk() }]));
    const env = calls()[0]?.env ?? {};
    for (const name of ['PACKER_CACHE_DIR', 'PACKER_CONFIG_DIR', 'TMPDIR', 'PACKER_LOG_PATH'])
      expect(env[name]).toContain(join(dir, 'build'));
    expect(env.CHECKPOINT_DISABLE).toBe('1');
  });

  it.each([
    ['did not arrive', []],
    [
      'arrived garbled, so that the installer refused it',
      ['dgxos-installer: FAILED preseed rc=1: no platform'],
    ],
  ])('types again, slower, when the boot command %s', async (_, console) => {
    const first = { fetch: false, hang: true, console };
    const typed = request([first, { disk: disk() }], 'typed');
    if (console.length === 0) typed.fetchWithinS = 8;
    const root = await buildRoot(typed);
    expect(root.kind).toBe('tar');
    const paces = calls().map(({ args }) => args.filter((arg) => arg.startsWith('boot_')));
    expect(paces).toEqual([
      ['boot_wait=3s', 'boot_key_interval=100ms'],
      ['boot_wait=8s', 'boot_key_interval=200ms'],
    ]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'notice', message: expect.stringContaining('more slowly') }),
    );
  });

  it('says so when a direct boot never asks for its configuration', async () => {
    const silent = request([{ fetch: false, hang: true, console: ['Booting the kernel.'] }]);
    await expect(buildRoot({ ...silent, fetchWithinS: 8 })).rejects.toMatchObject({
      code: 'BUILD_MISTYPED',
      exitCode: 5,
      detail: expect.stringContaining('Booting the kernel.'),
    });
    expect(calls()).toHaveLength(1);
    expect(await left()).toEqual([]);
  });

  it('stops the VM when the installer says that it has failed', async () => {
    const console = ['dgxos-installer: FAILED late 23_apt_update rc=100', 'E: no such repository'];
    await expect(buildRoot(request([{ console, hang: true }]))).rejects.toMatchObject({
      code: 'BUILD_INSTALL_FAILED',
      message: expect.stringContaining('23_apt_update'),
      detail: expect.stringContaining('no such repository'),
    });
  });

  it('names the disk of this host when the installer has failed after an error of it', async () => {
    const error = 'I/O error, dev vda, sector 2048 op 0x1:(WRITE) flags 0x0 phys_seg 1 prio class 2';
    const console = [error, ...Array(100).fill('…'), 'dgxos-installer: FAILED extract rc=1'];
    await expect(buildRoot(request([{ console, hang: true }]))).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringContaining(error),
      detail: expect.stringContaining('FAILED extract'),
    });
  });

  it.each([
    ['Build errored: Timeout waiting for SSH.', 'BUILD_NO_SSH'],
    ['qemu: write: No space left on device', 'DISK_FULL'],
    ['anything else', 'BUILD_FAILED'],
  ])('finds the cause in "%s"', async (said, code) => {
    await expect(buildRoot(request([{ say: [said], exit: 1 }]))).rejects.toMatchObject({ code });
    expect(await left()).toEqual([]);
  });

  it('does not believe an exit code of 0 without an artifact', async () => {
    await expect(buildRoot(request([{}]))).rejects.toMatchObject({ code: 'BUILD_NO_ARTIFACT' });
  });

  it('does not take a tar that is cut off for an image', async () => {
    const whole = readFileSync(disk());
    const big = Buffer.concat([whole.subarray(0, 512), Buffer.alloc(64 << 20, 1)]);
    writeFileSync(join(dir, 'cut.tar'), big);
    await expect(buildRoot(request([{ disk: join(dir, 'cut.tar') }]))).rejects.toMatchObject({ exitCode: 5 });
  });

  it.skipIf(process.getuid?.() !== 0)(
    'stops the VM when the disk is full (needs root for a small one)',
    async () => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16M', 'tmpfs', join(dir, 'build')]);
      try {
        await expect(buildRoot(request([{ hang: true }]))).rejects.toMatchObject({
          code: 'DISK_FULL',
          exitCode: 4,
        });
      } finally {
        execFileSync('umount', [join(dir, 'build')]);
      }
    },
  );

  it('ends Packer when it is interrupted', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 1000);
    await expect(buildRoot({ ...request([{ hang: true }]), signal: abort.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    expect(await left()).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    "packs by packer-maas' own scripts when asked to (they need root)",
    async () => {
      mkdirSync(join(dir, 'packer'));
      const script = join(dir, 'packer/upstream-pack');
      writeFileSync(script, '#!/bin/sh\n[ -d output-qemu ] || exit 1\ntar -czf "$OUTPUT" -C .. ./hello\n');
      chmodSync(script, 0o755);
      const wanted = request([{ disk: disk() }]);
      wanted.pack = 'packer-maas';
      const root = await buildRoot(wanted);
      expect(root).toMatchObject({ kind: 'tgz', path: join(dir, 'build/root.tar.gz') });
      expect(execFileSync('tar', ['-tzf', root.path], { encoding: 'utf8' })).toBe('./hello\n');
    },
  );

  it.skipIf(process.getuid?.() !== 0)(
    "reports what packer-maas' scripts said when they fail (they need root)",
    async () => {
      mkdirSync(join(dir, 'packer'));
      const script = join(dir, 'packer/upstream-pack');
      writeFileSync(script, '#!/bin/sh\necho "modprobe: FATAL: Module nbd not found" >&2\nexit 1\n');
      chmodSync(script, 0o755);
      const wanted = request([{ disk: disk() }]);
      wanted.pack = 'packer-maas';
      await expect(buildRoot(wanted)).rejects.toMatchObject({
        code: 'PACK_FAILED',
        detail: expect.stringContaining('nbd not found'),
      });
      expect(await left()).toEqual([]);
    },
  );
});

describe('the qemu plugin of Packer 1.7 and newer', () => {
  it.each([
    ['1.7.0', '.packer.d/plugins', {}],
    ['1.7.10', '.config/packer/plugins', {}],
    ['1.8.7', '.config/packer/plugins', { PACKER_PLUGIN_PATH: 'elsewhere' }],
    ['1.9.1', 'two', { PACKER_PLUGIN_PATH: 'one:two' }],
    ['1.9.2', 'one', { PACKER_PLUGIN_PATH: 'one:two' }],
    ['1.10.3', 'xdg/packer/plugins', { XDG_CONFIG_HOME: 'xdg' }],
    ['1.11.2', 'plugins', { PACKER_PLUGIN_PATH: 'plugins' }],
    ['1.12.0', '.config/packer/plugins', {}],
    ['1.14.3', 'own/.packer.d/plugins', { PACKER_CONFIG_DIR: 'own' }],
    ['1.16.0', '.packer.d/plugins', {}],
  ])('%s finds it in %s, as when the user calls it', async (version, folder, variables) => {
    const absolute = (value: string) =>
      value
        .split(':')
        .map((part) => join(dir, part))
        .join(':');
    const env: NodeJS.ProcessEnv = { HOME: dir };
    for (const [name, value] of Object.entries(variables)) env[name] = absolute(value);
    const build = () => buildRoot(request([{ disk: disk() }], 'direct', { version, env }));
    await expect(build()).rejects.toMatchObject({ code: 'PLUGIN_MISSING', exitCode: 4 });
    qemuPlugin(join(dir, folder), '1.1.2');
    await expect(build()).rejects.toMatchObject({ code: 'PLUGIN_MISSING' });
    qemuPlugin(join(dir, folder), '1.1.3');
    expect(await build()).toMatchObject({ kind: 'tar' });
  });

  it('1.11 and newer take one folder', async () => {
    const env = { HOME: dir, PACKER_PLUGIN_PATH: '/a:/b' };
    await expect(buildRoot(request([{}], 'direct', { version: '1.11.0', env }))).rejects.toMatchObject({
      code: 'PLUGIN_MISSING',
      message: expect.stringContaining('accept one'),
    });
  });
});
