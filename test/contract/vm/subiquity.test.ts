import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderSubiquity } from '../../../pipeline/install/render/subiquity/render.ts';
import { buildRoot } from '../../../pipeline/install/vm/build.ts';
import { subiquityInput } from '../../unit/render/subiquity-example.ts';

let dir: string;
let path: string | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'subiquity-'));
  path = process.env.PATH;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(dir, { recursive: true, force: true });
});

/** A stand-in for QEMU: the guest's part of the interface, and nothing else. */
const GUEST = `#!/bin/bash
[ "$1" = -version ] && { echo 'QEMU emulator version 7.2.0'; exit 0; }
printf '%s\\0' "$@" > "$STAND_IN/argv"
while [ $# -gt 0 ]; do
  case $1 in
    -append) line=$2 ;;
    -serial) console=\${2#file:} ;;
    -drive) case $2 in file=*packer-qemu-1,*) disk=\${2#file=}; disk=\${disk%%,*} ;; esac ;;
  esac
  shift
done
say() { echo "dgxos-installer: $*" >> "$console"; }
parameter() { tr ' ' '\\n' <<< "$line" | sed -n "s/^$1=//p" | sed 's/10\\.0\\.2\\.2/127.0.0.1/'; }
fetch() { curl -fsS -o "$STAND_IN/$2" "$(parameter "$1")" || exit 1; }
`;

/** Builds by the real Packer, with a QEMU whose guest does what `does` says. */
async function build(does: string, { installTimeoutS = 60, fetchWithinS = 60 } = {}) {
  const bin = join(dir, 'bin');
  for (const folder of [bin, join(dir, 'build')]) mkdirSync(folder);
  const qemu = join(bin, 'qemu-system-x86_64');
  writeFileSync(qemu, GUEST.replaceAll('$STAND_IN', dir) + does);
  chmodSync(qemu, 0o755);
  process.env.PATH = `${bin}:${path}`;
  writeFileSync(join(dir, 'a.iso'), 'medium');
  for (const name of ['kernel', 'initrd']) writeFileSync(join(dir, name), name);
  mkdirSync(join(dir, 'root'));
  writeFileSync(join(dir, 'root/hello'), 'hello');
  execFileSync('tar', ['-cf', join(dir, 'root.tar'), '-C', join(dir, 'root'), '.']);
  const medium = { iso: join(dir, 'a.iso'), kernel: join(dir, 'kernel'), initrd: join(dir, 'initrd') };
  const rendered = await renderSubiquity(
    await subiquityInput('demo-subiquity', {
      iso: { path: medium.iso, sha256: createHash('sha256').update('medium').digest('hex'), bytes: 6 },
      ...{ kernel: medium.kernel, initrd: medium.initrd, dir: join(dir, 'render') },
      vm: { diskBytes: 64 * 1024 ** 2 },
    }),
  );
  return buildRoot({
    ...{ rendered, medium, packerVersion: '1.6.6', accelerator: 'tcg', installer: 'subiquity' },
    ...{
      architecture: 'amd64',
      pack: 'guest',
      typed: null,
      fetchWithinS,
      installTimeoutS,
      headless: true,
    },
    ...{ dir: join(dir, 'build'), emit() {}, signal: new AbortController().signal, env: process.env },
  });
}
const INSTALLS = 'fetch url got.iso\nfetch force-ai answers\n';
const WRITES = `dd if="$STAND_IN/root.tar" of="$disk" conv=notrunc status=none\n`;
const left = async () => (await readdir(join(dir, 'build'))).filter((name) => !name.endsWith('.log'));
const at = (script: string) => script.replaceAll('$STAND_IN', dir);

describe('an installation that nobody logs in to, by the real Packer', () => {
  it('is served its medium and its answers, and its second disk is taken for the root', async () => {
    const root = await build(at(`${INSTALLS}${WRITES}say 'hand-over done'\n`));
    expect(execFileSync('tar', ['-tf', root.path], { encoding: 'utf8' })).toBe('./\n./hello\n');
    expect(readFileSync(join(dir, 'got.iso'), 'utf8')).toBe('medium');
    expect(readFileSync(join(dir, 'answers'), 'utf8')).toContain('\nversion: 1\n');
    expect(await left()).toEqual(['root.tar']);

    const argv = readFileSync(join(dir, 'argv'), 'utf8').split('\0');
    const valuesOf = (flag: string) => argv.flatMap((word, i) => (argv[i - 1] === flag ? [word] : []));
    expect(valuesOf('-machine')).toEqual(['type=q35,accel=tcg,pflash0=efi_code,pflash1=efi_vars']);
    expect(valuesOf('-blockdev')).toEqual([
      expect.stringMatching(/^driver=file,node-name=efi_code,read-only=on,filename=\/.*CODE.*\.fd$/),
      `driver=file,node-name=efi_vars,filename=${join(dir, 'build/efi-variables.fd')}`,
    ]);
    // Both disks are Packer's own, in their order.
    expect(valuesOf('-drive').map((drive) => /packer-qemu(?:-1)?(?=,)|a\.iso/.exec(drive)?.[0])).toEqual([
      ...['packer-qemu', 'packer-qemu-1', 'a.iso'],
    ]);
    // No port of the host leads into the VM.
    expect(valuesOf('-netdev')).toEqual(['user,id=user.0']);
    expect(argv.join(' ')).not.toContain('hostfwd');
    // A restart would install anew, for ever.
    expect(argv).toContain('-no-reboot');
  });

  it('that turns the VM off without a hand-over has made nothing, also where the disk looks like a tar', async () => {
    await expect(build(at(`${INSTALLS}${WRITES}say 'stage late: 30_packages'\n`))).rejects.toMatchObject({
      ...{ code: 'BUILD_NO_ARTIFACT', exitCode: 5, message: 'The VM ended without handing its root over' },
      detail: expect.stringContaining('stage late: 30_packages'),
    });
    expect(await left()).toEqual([]);
  });

  it('that says it has failed is ended at once, with its own words', async () => {
    const fails = `${INSTALLS}say 'FAILED config rc=1: storage.raid: unknown key; known here: config, grub, swap'\nexec sleep 60\n`;
    await expect(build(at(fails))).rejects.toMatchObject({
      ...{ code: 'BUILD_INSTALL_FAILED', exitCode: 5 },
      message: expect.stringContaining('storage.raid: unknown key'),
    });
    expect(await left()).toEqual([]);
  });

  it('that does not end within its time is ended, and the message says so', async () => {
    await expect(build(at(`${INSTALLS}exec sleep 60\n`), { installTimeoutS: 3 })).rejects.toMatchObject({
      ...{ code: 'BUILD_TIMEOUT', exitCode: 5, message: expect.stringContaining('did not finish in time') },
    });
    expect(await left()).toEqual([]);
  });

  const prints = (text: string) => `cat >> "$console" <<'END'\n${text}\nEND\n`;
  it.each([
    [
      'a kernel that cannot go on',
      '[    1.201337] VFS: Cannot open root device "" or unknown-block(0,0)\n[    1.3] Kernel panic - not syncing: VFS: Unable to mount root fs',
      'Kernel panic - not syncing: VFS: Unable to mount root fs',
      /Cannot open root device/,
    ],
    [
      // As initramfs-tools 0.142 prints it, with the busybox of Ubuntu 24.04.
      'an initrd without its medium',
      "Unable to find a medium containing a live file system\n\n\nBusyBox v1.36.1 (Ubuntu 1:1.36.1-6ubuntu3.1) built-in shell (ash)\nEnter 'help' for a list of built-in commands.\n\n(initramfs) ",
      'the initrd of the medium gave up and started a shell',
      /Unable to find a medium containing a live file system/,
    ],
    [
      'a live system that does not start',
      'You are in emergency mode. After logging in, type "journalctl -xb"',
      'the live system is in emergency mode',
      /emergency mode/,
    ],
    [
      // subiquity/client/client.py prints both.
      'subiquity, where no error command reports it',
      "finish: subiquity/load_autoinstall_config: Malformed autoinstall in 'apt' section\nAn error occurred. Press enter to start a shell",
      'subiquity: An error occurred. Press enter to start a shell',
      /Malformed autoinstall in 'apt' section/,
    ],
  ])('ends at once, with what the console said last: %s', async (_, text, message, detail) => {
    await expect(build(at(`${INSTALLS}${prints(text)}exec sleep 60\n`))).rejects.toMatchObject({
      ...{ code: 'BUILD_INSTALL_FAILED', exitCode: 5, message: `The installer stopped: ${message}` },
      detail: expect.stringMatching(detail),
    });
    expect(await left()).toEqual([]);
  });

  it.each([
    ['the VM never requested the ISO', 'exec sleep 60\n', /^The VM never requested the ISO: .*no network/],
    [
      'the medium does not know force-ai=',
      'fetch url got.iso\nexec sleep 60\n',
      /^The VM has fetched the ISO, and its installer never requested autoinstall\.yaml/,
    ],
  ])('that does not begin names how far it came: %s', async (_, does, hint) => {
    // Twice as long under emulation.
    await expect(build(at(does), { fetchWithinS: 4 })).rejects.toMatchObject({
      ...{ code: 'BUILD_MISTYPED', exitCode: 5, hint: expect.stringMatching(hint) },
      message: 'The installer did not request its configuration within 8.0 s',
    });
    expect(await left()).toEqual([]);
  });

  it('that ends before it has read its answers says so', async () => {
    await expect(build(at('fetch url got.iso\n'))).rejects.toMatchObject({
      ...{ code: 'BUILD_NO_ARTIFACT', exitCode: 5 },
      hint: expect.stringMatching(/^The VM has fetched the ISO, and its installer never requested/),
    });
  });
});
