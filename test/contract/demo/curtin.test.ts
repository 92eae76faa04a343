import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StandIn } from './stand-in.ts';

let curtin: StandIn;
beforeEach(async () => {
  curtin = await StandIn.open();
});
afterEach(() => curtin.close());

const stages = (console: string[]) => console.filter((line) => line.startsWith('dgxos-installer: stage '));

test('stages run in the order of `stages`, commands in the order of their keys, lists and text alike', async () => {
  const out = curtin.path('out');
  const { exitCode, console } = await curtin.install({
    stages: ['early', 'late'],
    late_commands: {
      '20_text': `echo "$TARGET_MOUNT_POINT" >> ${out}`,
      '10_list': ['sh', '-c', `echo 10 >> ${out}`],
    },
    early_commands: { '05_first': `printf '%s\\n' first >> ${out}`, '06_nothing': [] },
    network_commands: { '01_not_a_stage': 'false' },
  });
  expect(await readFile(out, 'utf8')).toBe(`first\n10\n${curtin.path('target')}\n`);
  expect(console).toEqual([
    'dgxos-installer: stage early: 05_first',
    'dgxos-installer: stage late: 10_list',
    'dgxos-installer: stage late: 20_text',
    'dgxos-installer: done',
  ]);
  expect(exitCode).toBe(0);
});

test('block and flow style, anchors, folded and literal text are all YAML', async () => {
  const { console, log } = await curtin.install(`
install: {log_file: ${curtin.path('curtin.log')}, target: ${curtin.path('target')}}
stages: [late]
late_commands:
  10_block:
    - &shell sh
    - -c
    - >-
      echo folded
      text
  20_flow: [*shell, "-c", 'echo "it''s quoted" # a comment of the shell']
  30_literal: |
    echo one
    echo two
`);
  expect(stages(console)).toHaveLength(3);
  expect(log).toContain('folded text\n');
  expect(log).toContain('\none\ntwo\n');
  expect(log).toContain("\nit's quoted\n");
});

test('a failed command ends the installation with its key and exit code, and shows the end of the log', async () => {
  const { exitCode, console, log } = await curtin.install({
    install: {
      error_tarfile: curtin.path('logs/errors.tar'),
      post_files: [curtin.path('curtin.log'), '/nowhere'],
    },
    stages: ['early', 'late'],
    early_commands: { '10_fails': 'echo said before; exit 100' },
    late_commands: { '10_never': `touch ${curtin.path('never')}` },
  });
  expect(exitCode).toBe(1);
  expect(console).toContain('dgxos-installer: FAILED early 10_fails rc=100');
  expect(console).toContain('dgxos-installer| said before');
  expect(console.some((line) => line.includes('done'))).toBe(false);
  expect(log).toContain('said before');
  await expect(stat(curtin.path('never'))).rejects.toThrow('ENOENT');
  const { stdout } = await execa('tar', ['-tf', curtin.path('logs/errors.tar')]);
  expect(stdout).toContain('curtin.log');
});

test('a program that does not exist fails as in a shell', async () => {
  const { console } = await curtin.install({
    stages: ['late'],
    late_commands: { '10_x': ['no-such-program'] },
  });
  expect(console[1]).toBe('dgxos-installer: FAILED late 10_x rc=127');
});

test.each([
  ['unknown top-level key', { storage: { version: 1 } }, 'storage: unknown key; known here: '],
  ['unknown key of install', { install: { umout: 'disabled' } }, 'install.umout: unknown key'],
  [
    'umount is disabled or absent',
    { install: { umount: 'lazy' } },
    "install.umount: 'lazy' is not known; known: disabled",
  ],
  ['unknown stage', { stages: ['early', 'rinse'] }, "stages[1]: unknown stage 'rinse'; known: early, "],
  ['stages are a list', { stages: 'late' }, 'stages: expected a list, found text'],
  [
    'an argv of text',
    { late_commands: { '10_sleep': ['sleep', 600] } },
    'late_commands.10_sleep[1]: expected text, found a number',
  ],
  [
    'a mapping is not a command',
    { late_commands: { a: { b: 'c' } } },
    'late_commands.a: expected a list or text, found a mapping',
  ],
  ['keys of commands', { early_commands: ['true'] }, 'early_commands: expected a mapping, found a list'],
  ['source without type', { sources: { a: { uri: 'file:///x' } } }, 'sources.a.type: is missing'],
  [
    'source of another type',
    { sources: { a: { uri: 'file:///x', type: 'dd-tgz' } } },
    "sources.a.type: 'dd-tgz' is not known; known: tgz, txz, tbz",
  ],
  [
    'source from elsewhere',
    { sources: { a: { uri: 'http://x/y', type: 'tgz' } } },
    'sources.a.uri: expected file:///…',
  ],
  [
    'reporting elsewhere',
    { reporting: { a: { type: 'webhook' } } },
    "reporting.a.type: 'webhook' is not known",
  ],
  ['file without path', { write_files: { a: { content: '' } } }, 'write_files.a.path: is missing'],
  [
    'odd permissions',
    { write_files: { a: { path: '/x', permissions: 'rw' } } },
    'write_files.a.permissions: expected octal digits',
  ],
])('refused with its path: %s', async (_, config, message) => {
  const { exitCode, console } = await curtin.install({
    stages: ['late'],
    late_commands: { '10': `touch ${curtin.path('ran')}` },
    ...config,
  });
  expect(exitCode).toBe(1);
  expect(console).toHaveLength(1);
  expect(console[0]).toContain(`dgxos-installer: FAILED config rc=1: ${message}`);
  await expect(stat(curtin.path('ran'))).rejects.toThrow('ENOENT');
});

test.each([
  ['late_commands: {a: [b}', 'line 1, column'],
  ['just text', 'the configuration: expected a mapping, found text'],
  ['', 'the configuration: expected a mapping, found nothing'],
])('broken YAML is refused with its place: %j', async (text, message) => {
  const { exitCode, console } = await curtin.install(text);
  expect(exitCode).toBe(1);
  expect(console.join('\n')).toContain(message);
});

test('the sources are unpacked in order, attributes included, and the files of write_files laid over them', async () => {
  for (const name of ['one', 'two']) {
    await mkdir(curtin.path(name, 'etc'), { recursive: true });
    await writeFile(curtin.path(name, 'etc', 'last'), name);
    await writeFile(curtin.path(name, 'etc', name), name);
  }
  await execa('setfattr', ['-n', 'user.demo', '-v', 'kept', curtin.path('one/etc/one')]);
  const tar = (name: string, to: string, by: string) =>
    execa('tar', [by, '--xattrs', '--format=posix', '-cf', curtin.path(to), '-C', curtin.path(name), '.']);
  await tar('one', 'one.tar.xz', '-J');
  await tar('two', 'two.tar.gz', '-z');
  const { console } = await curtin.install({
    stages: ['extract'],
    sources: {
      '20_second': { uri: `file://${curtin.path('two.tar.gz')}`, type: 'tgz' },
      '10_first': { uri: `file://${curtin.path('one.tar.xz')}`, type: 'txz' },
    },
    write_files: { a: { path: '/etc/demo/release', content: 'x="ü"\n', permissions: '0640' } },
  });
  expect(console.at(-1)).toBe('dgxos-installer: done');
  const target = (name: string) => curtin.path('target/etc', name);
  expect(await readFile(target('last'), 'utf8')).toBe('two');
  expect(await readFile(target('demo/release'), 'utf8')).toBe('x="ü"\n');
  expect((await stat(target('demo/release'))).mode & 0o777).toBe(0o640);
  const { stdout } = await execa('getfattr', ['--only-values', '-n', 'user.demo', target('one')]);
  expect(stdout).toBe('kept');
});

test('a source that is not on the medium is named', async () => {
  const { console } = await curtin.install({
    stages: ['extract'],
    sources: { a: { uri: 'file:///curtin/no-root.tar.xz', type: 'tgz' } },
  });
  expect(console[1]).toBe('dgxos-installer: FAILED extract builtin rc=1');
  expect(console.join('\n')).toContain('curtin extract: sources.a.uri: no such file /curtin/no-root.tar.xz');
});

test('the configuration and the log are saved in the target, readable by root only', async () => {
  await mkdir(curtin.path('root/etc'), { recursive: true });
  await execa('tar', ['-cJf', curtin.path('root.tar.xz'), '-C', curtin.path('root'), '.']);
  await curtin.install({
    install: { save_install_config: '/var/log/conf.yaml', save_install_log: '/var/log/install.log' },
    stages: ['extract'],
    sources: { a: { uri: `file://${curtin.path('root.tar.xz')}`, type: 'txz' } },
  });
  for (const name of ['conf.yaml', 'install.log'])
    expect((await stat(curtin.path('target/var/log', name))).mode & 0o777).toBe(0o400);
});

test('a target that holds something is left alone', async () => {
  await writeFile(curtin.path('target/precious'), '');
  const { exitCode, console } = await curtin.install({
    stages: ['late'],
    late_commands: { a: `rm ${curtin.path('target/precious')}` },
  });
  expect(exitCode).toBe(1);
  expect(console[0]).toContain('is not empty');
  await stat(curtin.path('target/precious'));
});

test('curthooks runs the hook of the image, and has none of its own', async () => {
  const hook = curtin.path('target/curtin/curtin-hooks');
  const config = {
    stages: ['early', 'curthooks', 'hook'],
    early_commands: {
      '10': `mkdir -p ${curtin.path('target/curtin')}; printf '#!/bin/sh\\necho hook of the image' > ${hook}; chmod +x ${hook}`,
    },
  };
  const { log, exitCode } = await curtin.install(config);
  expect(log).toContain('hook of the image');
  expect(exitCode).toBe(0);
});

test('without a hook in the image the stage curthooks fails', async () => {
  const { console } = await curtin.install({ stages: ['curthooks'] });
  expect(console).toContain('dgxos-installer: FAILED curthooks builtin rc=1');
  expect(console.join('\n')).toContain('the target has no /curtin/curtin-hooks');
});
