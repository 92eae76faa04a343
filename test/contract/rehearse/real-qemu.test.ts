import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import { type MachineRequest, machineArgv, runMachine } from '../../../pipeline/maas/rehearse/machine.ts';
import { rehearsalFiles } from '../../../pipeline/workspace/layout.ts';

// The installed QEMU runs the machine of a rehearsal, with a BIOS and a boot sector in the place of firmware and kernel.

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'real-qemu-')), 'machine');
  mkdirSync(folder);
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

/**
 * Reads or writes 64 sectors after the other, from sector 2048 on, and prints W or E for each 64 on the serial console: xor ax,ax; mov ds,ax; mov ss,ax; mov
 * sp,0x7c00; mov si,packet; again: mov word [si+2],64; mov ah,[op]; mov al,0; mov dl,[drive]; push si; int 0x13; pop si; mov al,'W'; jnc 1f; mov al,'E'; 1: mov dx,0x3f8; out
 * dx,al; add dword [si+8],64; jmp again.
 */
function bootSector(does: 'read' | 'write', drive: number): Buffer {
  const sector = Buffer.alloc(512);
  sector.write(
    '31c08ed88ed0bc007cbe327cc7440240008a26307cb0008a16317c56cd135eb0577302b045baf803ee6683440840ebdc',
    'hex',
  );
  sector.writeUInt8(does === 'read' ? 0x42 : 0x43, 0x30);
  sector.writeUInt8(0x80 + drive, 0x31);
  sector.write('10004000007c00000008', 0x32, 'hex');
  sector.write('55aa', 510, 'hex');
  return sector;
}

interface Trouble {
  does: 'read' | 'write';
  /** The first disk is that of the layout, the second the artifact's. */
  drive: number;
  /** An error of the first or second file, by its errno: QEMU's own blkdebug makes it. */
  errno?: number;
  /** Bytes that a file may have. */
  fsize?: number;
}

/** The fault that stops the machine; null: it has printed 50 results. */
async function run({
  does,
  drive,
  errno,
  fsize,
}: Trouble): Promise<{ fault: Fault | null; console: string }> {
  const files = rehearsalFiles(folder);
  const artifact = join(folder, '../demo.tar.gz');
  const raw = join(folder, '../raw');
  writeFileSync(raw, bootSector(does, drive));
  for (const path of [raw, artifact]) {
    writeFileSync(path, '', { flag: 'a' });
    truncateSync(path, 64 << 20);
  }
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, files.disk('vda')]);
  const request: MachineRequest = {
    folder,
    identity: {
      ...{ origin: 'http://10.0.2.2:1', systemId: 'id', images: 'im', hostname: 'rehearsal' },
      mac: '52:54:00:da:60:01',
    },
    ephemeral: { kind: 'lean', name: 'x', kernel: '', initrd: '', squashfs: null, disk: null },
    ...{ artifact, kernelOptions: '', accelerator: 'tcg', memory: 64 },
    disks: [{ name: 'vda', serial: 'one', bytes: 64 << 20 }],
    firmware: { code: '', vars: '' },
  };
  const config = join(folder, '../blkdebug.conf');
  const event = does === 'read' ? 'read_aio' : 'write_aio';
  // A disk that is read is not that of the boot sector.
  const injected = drive === 1 ? artifact : files.disk('vda');
  writeFileSync(config, `[inject-error]\nevent = "${event}"\nerrno = "${errno}"\n`);
  const argv = machineArgv(request).map((word) =>
    errno === undefined ? word : word.replace(`file=${injected}`, `file=blkdebug:${config}:${injected}`),
  );
  for (const without of ['-readconfig', '-drive', '-drive']) argv.splice(argv.indexOf(without), 2);
  const ending = new AbortController();
  let fault: Fault | null = null;
  const over = runMachine(
    request,
    {
      emit() {},
      signal: ending.signal,
      onStopped(found) {
        fault = found;
        ending.abort(found);
      },
    },
    [...(fsize === undefined ? [] : ['prlimit', `--fsize=${fsize}`]), ...argv] as [string, ...string[]],
  ).catch((error: unknown) => error);
  const said = () => {
    try {
      return readFileSync(files.rawConsole, 'latin1');
    } catch {
      return '';
    }
  };
  for (let tries = 0; tries < 300 && !fault && said().length < 50; tries++) await sleep(50);
  ending.abort();
  await over;
  return { fault, console: said() };
}

// EDQUOT has the number 122, EIO 5, ENOSPC 28.
test.each<[string, Trouble, string]>([
  ['a quota', { does: 'write', drive: 0, errno: 122 }, "write the machine's disk vda: Disk quota exceeded"],
  [
    'a full disk',
    { does: 'write', drive: 0, errno: 28 },
    "write the machine's disk vda: No space left on device",
  ],
  [
    'a limit of the size of a file',
    { does: 'write', drive: 0, fsize: 1_000_000 },
    "write the machine's disk vda: File too large",
  ],
  [
    'an artifact that cannot be read',
    { does: 'read', drive: 1, errno: 5 },
    "read the machine's disk artifact: Input/output error",
  ],
])('%s ends the machine, and the guest sees nothing of it', async (_, trouble, message) => {
  const { fault, console } = await run(trouble);
  expect(fault).toMatchObject({ code: 'REHEARSAL_STOPPED', exitCode: 75 });
  expect(fault!.message).toContain(message);
  expect(console).not.toContain('E');
});

test.each<[string, Trouble, RegExp]>([
  ['what goes well', { does: 'write', drive: 0 }, /^W+$/],
  ['a guest that writes to a disk that is read-only', { does: 'write', drive: 1 }, /^E+$/],
])('%s stops nothing', async (_, trouble, prints) => {
  const { fault, console } = await run(trouble);
  expect(fault).toBeNull();
  expect(console).toMatch(prints);
});
