import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { attempt } from '../../../pipeline/install/vm/attempt.ts';
import { packerVersion } from '../../../pipeline/install/vm/packer.ts';

/**
 * The installed Packer runs a QEMU that fails: mostly the installed one with an argument added. Packer says only "Qemu failed
 * to start" and writes the reason to its debug log.
 */
let dir: string;
let events: Event[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'qemu-says-'));
  events = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const QEMU = execFileSync('sh', ['-c', 'command -v qemu-system-x86_64'], { encoding: 'utf8' }).trim();

/** One attempt with `script` in place of QEMU; it is called with QEMU's arguments. */
async function build(script: string, signal = new AbortController().signal) {
  const packerDir = join(dir, 'packer');
  mkdirSync(packerDir);
  mkdirSync(join(dir, 'http'));
  mkdirSync(join(dir, 'build'), { recursive: true });
  writeFileSync(join(dir, 'x.iso'), Buffer.alloc(65_536));
  const qemu = join(dir, 'qemu');
  writeFileSync(qemu, `#!/bin/sh\ncase $1 in *-version) exec ${QEMU} --version ;; esac\n${script}\n`, {
    mode: 0o755,
  });
  writeFileSync(
    join(packerDir, 'source.pkr.hcl'),
    `variable "console_log" { type = string }
variable "config_url" { type = string }
variable "ssh_password" { type = string }
source "qemu" "dgxos" {
  iso_url          = "file://${dir}/x.iso"
  iso_checksum     = "none"
  qemu_binary      = "${qemu}"
  headless         = true
  ssh_username     = "root"
  ssh_password     = var.ssh_password
  ssh_timeout      = "10m"
  boot_wait        = "1s"
  disk_size        = "10M"
  accelerator      = "tcg"
  output_directory = "${dir}/out"
}
build { sources = ["source.qemu.dgxos"] }
`,
  );
  return attempt({
    packerDir,
    httpDir: join(dir, 'http'),
    dir: join(dir, 'build'),
    variables: {},
    host: { version: await packerVersion(), env: process.env },
    typed: false,
    configFile: 'curtin.yaml',
    unattended: null,
    fetchWithinS: 600,
    emit: (event) => events.push(event),
    signal,
  });
}
/** The installed QEMU with one more argument. */
const withArgument = (argument: string) => `exec ${QEMU} "$@" ${argument}`;
const says = (...lines: string[]) =>
  `printf '%s\\n' ${lines.map((line) => `"${line}"`).join(' ')} >&2; exit 1`;

describe('the reason that QEMU gives reaches the user', () => {
  it.each([
    [
      'a CPU model that it does not know',
      withArgument('-cpu nonsense'),
      'QEMU_REFUSED',
      4,
      "unable to find CPU model 'nonsense'",
    ],
    [
      'a machine type that it does not know',
      withArgument('-machine nonsense'),
      'QEMU_REFUSED',
      4,
      'unsupported machine type',
    ],
    [
      'a device that it does not know',
      withArgument('-device nonsense'),
      'QEMU_REFUSED',
      4,
      'not a valid device model name',
    ],
    [
      'the CPU of the host without KVM',
      withArgument('-cpu host'),
      'KVM_UNUSABLE',
      4,
      "CPU model 'host' requires KVM",
    ],
    ['more memory than there is', withArgument('-m 900G'), 'HOST_MEMORY', 4, 'Cannot allocate memory'],
    [
      'a firmware that is not there',
      withArgument('-bios /nope.fd'),
      'FIRMWARE_MISSING',
      4,
      "could not load PC BIOS '/nope.fd'",
    ],
    [
      'a flash that is not there',
      withArgument('-drive if=pflash,format=raw,file=/usr/share/OVMF/NOPE.fd'),
      'FIRMWARE_MISSING',
      4,
      'No such file or directory',
    ],
    [
      'a kernel that is not there',
      withArgument('-kernel /nope'),
      'BUILD_FAILED',
      5,
      "could not open kernel file '/nope'",
    ],
    // The same messages from a stand-in, for those that the host of the tests cannot produce.
    [
      'no permission for KVM',
      says(
        'Could not access KVM kernel module: Permission denied',
        'qemu-system-x86_64: failed to initialize kvm: Permission denied',
      ),
      'KVM_UNUSABLE',
      4,
      'failed to initialize kvm: Permission denied',
    ],
    [
      'no user networking',
      says(
        "qemu-system-x86_64: -netdev user,id=user.0: network backend 'user' is not compiled into this binary",
      ),
      'QEMU_NO_NETWORK',
      4,
      'not compiled',
    ],
  ])('%s', async (_, script, code, exitCode, line) => {
    await expect(build(script)).rejects.toMatchObject({
      code,
      exitCode,
      detail: expect.stringContaining(line),
    });
    // The lines that --verbose adds.
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'log', source: 'qemu', line: expect.stringContaining(line) }),
    );
  });

  it('a port that another program took meanwhile is temporary', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const forward = withArgument(`-netdev user,id=taken,hostfwd=tcp:127.0.0.1:${port}-:22`);
    await expect(build(forward)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      exitCode: 75,
      detail: expect.stringContaining('Could not set up host forwarding rule'),
    });
    server.close();
  });

  it('a disk that another VM holds', async () => {
    const disk = join(dir, 'held.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '10M']);
    const drive = `file=${disk},if=virtio,format=qcow2`;
    const other = spawn(QEMU, ['-display', 'none', '-nodefaults', '-monitor', 'stdio', '-drive', drive]);
    await once(other.stdout, 'data');
    const tried = build(withArgument(`-drive ${drive}`));
    await expect(tried).rejects.toMatchObject({ code: 'DISK_LOCKED', exitCode: 75 });
    other.kill('SIGKILL');
  });

  it('a VM that breaks down later is not waited for until ssh times out', async () => {
    const started = Date.now();
    const later = `${QEMU} "$@" & sleep 4; echo 'KVM internal error. Suberror: 1' >&2; wait`;
    await expect(build(later)).rejects.toMatchObject({ code: 'KVM_UNUSABLE', exitCode: 4 });
    expect(Date.now() - started).toBeLessThan(120_000);
  });

  it('a VM that is killed is not waited for either', async () => {
    const killed = `${QEMU} "$@" & sleep 4; kill -KILL $!; exit 1`;
    await expect(build(killed)).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringContaining('The VM ended in the middle'),
    });
  });

  it("an earlier attempt's reason is not taken for this one's", async () => {
    mkdirSync(join(dir, 'build'));
    const log = join(dir, 'build/packer-debug.log');
    writeFileSync(
      log,
      '2026/11/28 19:00:12 packer-builder-qemu plugin: Qemu stderr: KVM internal error. Suberror: 1\n',
    );
    await expect(build(withArgument('-kernel /nope'))).rejects.toMatchObject({ code: 'BUILD_FAILED' });
    expect(readFileSync(log, 'utf8')).not.toContain('Suberror');
  });
});
