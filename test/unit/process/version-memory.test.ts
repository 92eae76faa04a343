import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

// A file that has just been written is not remembered; here time passes at once.
const clock = vi.hoisted(() => ({ fresh: false }));
vi.mock('../../../pipeline/host/files/identity.ts', async (original) => ({
  ...(await original<object>()),
  isFresh: () => clock.fresh,
}));

let dir: string;
let memory: string;
const before = process.env.PATH;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'versions-'));
  memory = join(dir, 'cache', 'tool-versions.json');
  process.env.PATH = `${dir}:${before}`;
  clock.fresh = false;
});
afterEach(() => {
  process.env.PATH = before;
  rmSync(dir, { recursive: true });
});

/** As a process of its own: nothing is known but what the file remembers. */
async function asked(...argv: [string, ...string[]]): Promise<string> {
  vi.resetModules();
  const { rememberVersions, versionOutput } = await import(
    '../../../pipeline/host/process/version-output.ts'
  );
  rememberVersions(memory);
  return (await versionOutput(argv)).stdout.trim();
}

const answers = () => JSON.parse(readFileSync(memory, 'utf8')).answers;

/** Every remembered answer becomes another one, by which it is known where an answer is from. */
function mark(): void {
  const marked = answers().map((one: object) => ({ ...one, stdout: 'remembered' }));
  writeFileSync(memory, JSON.stringify({ answers: marked }));
}

const program = (name = 'a-tool') => {
  copyFileSync('/bin/echo', join(dir, name));
  return name;
};

test('a program is asked once for the same arguments, by all processes', async () => {
  const name = program();
  expect(await asked(name, '1.0')).toBe('1.0');
  mark();
  expect(await asked(name, '1.0')).toBe('remembered');
  expect(await asked(name, '2.0')).toBe('2.0');
  expect(await asked(name, '1.0', 'more')).toBe('1.0 more');
  expect(await asked(name, '1.0')).toBe('remembered');
  expect(answers()).toHaveLength(3);
});

test('a program whose file was written again is asked again, and its answer takes the place of the old one', async () => {
  const name = program();
  await asked(name, '1.0');
  mark();
  copyFileSync('/bin/echo', join(dir, name));
  await utimes(join(dir, name), 1, 1);
  expect(await asked(name, '1.0')).toBe('1.0');
  expect(answers()).toHaveLength(1);
});

describe('nothing is remembered of', () => {
  test.each<[string, () => string]>([
    [
      'a script, which may start another program',
      () => {
        writeFileSync(join(dir, 'a-script'), '#!/bin/sh\necho "$@"\n');
        chmodSync(join(dir, 'a-script'), 0o755);
        return 'a-script';
      },
    ],
    [
      'a link to a program of another name, which may do the same',
      () => {
        symlinkSync(join(dir, program()), join(dir, 'a-link'));
        return 'a-link';
      },
    ],
    [
      'a program that has just been written, which another write would leave the same times',
      () => {
        clock.fresh = true;
        return program();
      },
    ],
  ])('%s', async (_, make) => {
    const name = make();
    expect(await asked(name, '1.0')).toBe('1.0');
    expect(() => answers()).toThrow('ENOENT');
  });

  test('a program whose file changes while it is asked', async () => {
    copyFileSync('/usr/bin/touch', join(dir, 'touches'));
    await asked('touches', join(dir, 'touches'));
    expect(() => answers()).toThrow('ENOENT');
  });

  test('a program that said nothing, or more than a version', async () => {
    copyFileSync('/bin/false', join(dir, 'fails'));
    await asked('fails');
    const long = 'x'.repeat(5000);
    expect(await asked(program(), long)).toBe(long);
    expect(() => answers()).toThrow('ENOENT');
  });
});

test.each(['', '{', '{"answers":[{}]}'])('a damaged memory (%j) is as good as none', async (content) => {
  const name = program();
  await asked(name, '1.0');
  writeFileSync(memory, content);
  expect(await asked(name, '1.0')).toBe('1.0');
  expect(answers()).toHaveLength(1);
});

test('the exit code of an answer is remembered too', async () => {
  copyFileSync('/bin/ls', join(dir, 'lists'));
  const arguments_ = ['lists', '/', join(dir, 'none')] as const;
  await asked(...arguments_);
  expect(answers()).toMatchObject([{ exitCode: 2, stderr: expect.stringContaining('none') }]);
  mark();
  expect(await asked(...arguments_)).toBe('remembered');
});

test('a memory that cannot be written costs nothing but the time', async () => {
  writeFileSync(join(dir, 'cache'), '');
  expect(await asked(program(), '1.0')).toBe('1.0');
});

test('a link of the same name to a program is remembered as that program', async () => {
  const name = program();
  const links = mkdtempSync(join(tmpdir(), 'links-'));
  symlinkSync(join(dir, name), join(links, name));
  process.env.PATH = links;
  try {
    await asked(name, '1.0');
    mark();
    expect(await asked(name, '1.0')).toBe('remembered');
  } finally {
    rmSync(links, { recursive: true });
  }
});
