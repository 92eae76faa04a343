import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { foreignVerdict } from '../../../pipeline/host/foreign.ts';

// As the kernel writes an entry that qemu-user-static registers.
const entry = (flags: string, state = 'enabled') =>
  `${state}\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: ${flags}\noffset 0\nmagic 7f454c46\n`;

function verdict(files: Record<string, string>) {
  const dir = mkdtempSync(join(tmpdir(), 'binfmt-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return foreignVerdict('arm64', dir);
}

it('programs of another architecture run where the kernel has an emulator for every root', async () => {
  expect(await verdict({ status: 'enabled\n', 'qemu-aarch64': entry('POCF') })).toMatchObject({
    usable: true,
  });
});

it.each([
  ['nothing is mounted', {}, /not mounted/, /mount -t binfmt_misc.*qemu-user-static/],
  ['it is switched off', { status: 'disabled\n' }, /switched off/, /echo 1/],
  ['no emulator is there', { status: 'enabled\n' }, /qemu-aarch64/, /apt-get install qemu-user-static/],
  ['it is only for another one', { status: 'enabled\n', 'qemu-arm': entry('F') }, /qemu-aarch64/, /install/],
  [
    'it is switched off alone',
    { status: 'enabled\n', 'qemu-aarch64': entry('F', 'disabled') },
    /off/,
    /echo 1/,
  ],
  ['it lies in this root only', { status: 'enabled\n', 'qemu-aarch64': entry('POC') }, /flag F/, /with F/],
])('%s: the remedy is named', async (_, files, reason, hint) => {
  expect(await verdict(files as Record<string, string>)).toMatchObject({
    ...{ usable: false, reason: expect.stringMatching(reason), hint: expect.stringMatching(hint) },
  });
});
