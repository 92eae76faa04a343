import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { elfArchitecture } from '../../../pipeline/image/parsers/elf.ts';
import { elf } from './elf.ts';

// The first 20 bytes of /bin/dash of Debian 12's packages, by `xxd -p -l 20`.
test.each([
  ['amd64', '7f454c4602010100000000000000000003003e00'],
  ['arm64', '7f454c460201010000000000000000000300b700'],
  ['armhf', '7f454c4601010100000000000000000003002800'],
  ['i386', '7f454c4601010100000000000000000003000300'],
])('dash of %s', (architecture, head) =>
  expect(elfArchitecture(Buffer.from(head, 'hex'))).toBe(architecture),
);

test.each([
  ['ppc64el', elf(21)],
  ['ppc64', elf(21, { little: false })],
  ['s390x', elf(22, { little: false })],
  ['riscv64', elf(243)],
  ['loong64', elf(258)],
  ['mips64el', elf(8)],
  ['x32', elf(62, { bits: 32 })],
  ['machine 999', elf(999)],
])('%s', (architecture, head) => expect(elfArchitecture(head)).toBe(architecture));

test('a file other than ELF gives nothing', () => {
  for (const other of ['', '#!/bin/sh\n', '\x7fELF', 'MZ'.padEnd(64, '\0')])
    expect(elfArchitecture(Buffer.from(other, 'latin1'))).toBeNull();
});

test("this host's own node", () => {
  const own = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  expect(elfArchitecture(readFileSync(process.execPath).subarray(0, 64))).toBe(own);
});
