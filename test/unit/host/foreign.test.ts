import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { foreignVerdict } from '../../../pipeline/host/foreign.ts';

const MAGIC = '7f454c460201010000000000000000000200b700';
const MASK = 'ffffffffffffff00fffffffffffffffffeffffff';

// As Linux 6.18 writes an entry, by the magic and mask of qemu-user-static 7.2 of Debian 12.
const entry = (flags: string, state = 'enabled', magic = MAGIC) =>
  `${state}\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: ${flags}\noffset 0\nmagic ${magic}\nmask ${MASK}\n`;

function verdict(files: Record<string, string>) {
  const dir = mkdtempSync(join(tmpdir(), 'binfmt-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return foreignVerdict('arm64', dir, [dir]);
}

it('programs of another architecture run where the kernel has an emulator for every root', async () => {
  expect(await verdict({ status: 'enabled\n', 'qemu-aarch64': entry('POCF') })).toMatchObject({
    usable: true,
  });
});

it.each([
  ['of another name', { rosetta: entry('POCF') }],
  ['beside one without F', { 'qemu-aarch64': entry('POC'), other: entry('F') }],
  ['beside one that is switched off', { 'qemu-aarch64': entry('F', 'disabled'), other: entry('F') }],
])('an emulator %s is found by what it is for', async (_, files) => {
  expect(await verdict({ status: 'enabled\n', register: '', ...files })).toMatchObject({ usable: true });
});

it('one that is installed and not registered is registered', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'qemu-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'status'), 'enabled\n');
  writeFileSync(join(dir, 'qemu-aarch64-static'), '', { mode: 0o755 });
  expect(await foreignVerdict('arm64', dir, [dir])).toMatchObject({
    ...{ usable: false, reason: expect.stringContaining('qemu-aarch64-static is installed') },
    hint: expect.stringMatching(/systemd-binfmt.*update-binfmts --import qemu-aarch64$/),
  });
});

it.each([
  ['for amd64', { 'qemu-x86_64': entry('F', 'enabled', MAGIC.replace('b700', '3e00')) }, /no emulator/],
  [
    'for big endian arm64',
    { other: entry('F', 'enabled', '7f454c46020201000000000000000000000200b7') },
    /no emulator/,
  ],
  [
    'by an extension',
    { jar: 'enabled\ninterpreter /usr/bin/jexec\nflags: \nextension .jar\n' },
    /no emulator/,
  ],
])('an entry %s is not taken for it', async (_, files, reason) => {
  expect(await verdict({ status: 'enabled\n', ...(files as Record<string, string>) })).toMatchObject({
    ...{ usable: false, reason: expect.stringMatching(reason) },
  });
});

it.each([
  ['nothing is mounted', {}, /not mounted/, /mount -t binfmt_misc.*qemu-user-static/],
  ['it is switched off', { status: 'disabled\n' }, /switched off/, /echo 1/],
  ['no emulator is there', { status: 'enabled\n' }, /qemu-aarch64/, /apt-get install qemu-user-static/],
  [
    'it is only for another one',
    { status: 'enabled\n', 'qemu-arm': entry('F', 'enabled', '7f454c4601010100000000000000000002002800') },
    /qemu-aarch64/,
    /install/,
  ],
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
