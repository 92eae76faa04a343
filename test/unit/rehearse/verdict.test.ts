import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Progress } from '../../../pipeline/maas/rehearse/phases.ts';
import type { Sign, StatusEvent } from '../../../pipeline/maas/rehearse/types.ts';
import { failureOf } from '../../../pipeline/maas/rehearse/verdict.ts';

const status = (
  kind: StatusEvent['kind'],
  name: string,
  result: string | null = null,
  description = name,
): Sign => ({
  type: 'status',
  event: { kind, name, description, origin: 'curtin', result, files: [] },
});
const begun: Sign[] = [
  { type: 'asked', what: 'preseed' },
  status('start', 'cmd-install'),
  status('start', 'cmd-install/stage-partitioning'),
  status('start', 'cmd-install/stage-partitioning/builtin'),
  status('finish', 'cmd-install/stage-partitioning/builtin', 'SUCCESS'),
  status('start', 'cmd-install/stage-extract'),
];
const late: Sign[] = [status('start', 'cmd-install/stage-late'), { type: 'netboot-off' }];
const logs = { installLog: '', screen: [] as string[] };

function followed(...signs: Sign[]): Progress {
  let now = 0;
  const progress = new Progress(() => now);
  for (const sign of signs) {
    now += 10;
    progress.see(sign);
  }
  return progress;
}

test('deployed: curtin ended with SUCCESS, and the machine asks not to boot from the network', () => {
  const progress = followed(...begun, ...late, status('finish', 'cmd-install', 'SUCCESS'));
  expect(failureOf(progress, logs)).toBeNull();
  progress.close();
  expect(progress.done).toEqual([
    { phase: 'power-on', seconds: 10 },
    { phase: 'ephemeral', seconds: 20 },
    { phase: 'partitioning', seconds: 30 },
    { phase: 'extract', seconds: 10 },
    { phase: 'late', seconds: 20 },
    { phase: 'end', seconds: 0 },
  ]);
});

test('without netboot_off it would boot the ephemeral again', () => {
  const progress = followed(...begun, status('finish', 'cmd-install', 'SUCCESS'));
  expect(failureOf(progress, logs)).toMatchObject({ said: expect.stringContaining('netboot_off') });
});

test('the innermost event that failed decides the phase and the words', () => {
  const progress = followed(
    ...begun,
    status('finish', 'cmd-install/stage-extract/builtin', 'FAIL', 'acquiring and extracting image'),
    status('finish', 'cmd-install/stage-extract', 'FAIL', 'writing install sources to disk'),
    status('finish', 'cmd-install', 'FAIL', 'curtin command install'),
  );
  const installLog = 'one\ntar: Unexpected EOF in archive\nlast\n';
  expect(failureOf(progress, { ...logs, installLog })).toMatchObject({
    phase: 'extract',
    said: 'cmd-install/stage-extract/builtin: acquiring and extracting image',
    cause: expect.stringContaining('damaged'),
    log: { name: 'install.log', lines: ['one', 'tar: Unexpected EOF in archive', 'last'] },
  });
});

test('of an exception of curtin’s the first below the failed event is the error, of a command its argv and words', () => {
  const error = (log: string) =>
    failureOf(followed(...begun, status('finish', 'cmd-install', 'FAIL')), { ...logs, installLog: log })
      ?.error;
  // As curtin 23.1.1 wrote it.
  const event =
    'finish: cmd-install/stage-curthooks/builtin/cmd-curthooks/writing-apt-config: FAIL: configuring apt';
  const trace = 'Traceback (most recent call last):\n  File "x.py", line 1, in y\n';
  expect(
    error(
      `KeyError: 'earlier'\n${event}\n${trace}PermissionError: [Errno 1] Operation not permitted: '/sys'\n`,
    ),
  ).toBe("PermissionError: [Errno 1] Operation not permitted: '/sys'");
  const command =
    "Command: ['/t/curtin/curtin-hooks']\nExit code: 1\nReason: -\nStdout: ''\nStderr: lsblk: failed\n";
  expect(
    error(`${event}\ncurtin.util.ProcessExecutionError: Unexpected error while running command.\n${command}`),
  ).toBe("Command: ['/t/curtin/curtin-hooks']; Exit code: 1; Stderr: lsblk: failed");
  expect(error('nothing of the kind')).toBeNull();
});

test('archives that are not there are no cause: apt warns of them in every rehearsal', () => {
  const installLog =
    'W: Failed to fetch http://archive.ubuntu.com/ubuntu/dists/focal/InRelease  503  Service Unavailable\n';
  expect(
    failureOf(followed(...begun, status('finish', 'cmd-install', 'FAIL')), { ...logs, installLog })?.cause,
  ).toBeNull();
});

test.each([
  ['cloud-init not detected, MAAS will not be able to configure this machine properly', 'no cloud-init'],
  ['bash: line 1: cloud-init: command not found', 'no cloud-init'],
  ['bash: line 1: netplan: command not found', 'no netplan'],
  ['/curtin/curtin-hooks: Permission denied', 'curtin-hooks'],
  ['E: Unable to locate package grub-efi-amd64-signed', 'no archives'],
  ['no availble python? [PY3OR2_DEBUG=1 for more info]', 'python3-packaging'],
])('%s: the cause is known', (said, cause) => {
  const progress = followed(...begun, status('finish', 'cmd-install', 'FAIL'));
  const failure = failureOf(progress, { ...logs, installLog: said });
  expect(failure?.cause).toContain(cause);
  expect(failure?.remedy).not.toBeNull();
});

const LOGS = join(import.meta.dirname, '../../fixtures/curtin-logs');

// Parts of the logs that curtin 23.1.1 (canonical/curtin 737e305d) wrote of images that scripts/broken-images.ts makes, without the lines of source.
test.each([
  ['no-cloud-init', 'The image has no cloud-init', "ValueError: invalid literal for int() with base 10: ''"],
  ['no-netplan', 'The image has no netplan', 'netplan info'],
  ['hook-not-executable', 'curtin-hooks cannot be run', 'Permission denied'],
  [
    'hook-installs-kernel',
    'installs another kernel than the image has: linux-image-generic',
    'E: Unable to locate package linux-image-generic',
  ],
  ['no-lvm2', 'curtin misses packages in the image', "'lvm2'"],
  ['no-efi-packages', 'a rehearsal has no archives: grub-efi-amd64', "'grub-efi-amd64'"],
  ['dead-repository', 'fails at a source of the image, and with it every deployment: file:/var/', "'update'"],
  ['old-kdump-tools', 'kdump-tools of the image is older', 'kdump_set_default'],
  ['kernel-without-modules', 'no kernel with its modules', 'curtin-hooks: no kernel with modules found in'],
])('%s: cause and curtin’s own error are named', (name, cause, error) => {
  const progress = followed(...begun, status('finish', 'cmd-install', 'FAIL'));
  const installLog = readFileSync(join(LOGS, `${name}.log`), 'utf8');
  const failure = failureOf(progress, { ...logs, installLog })!;
  expect(failure.cause).toContain(cause);
  expect(failure.error).toContain(error);
});

test('words of a command that is part of every log are not a cause', () => {
  const progress = followed(...begun, status('finish', 'cmd-install', 'FAIL'));
  const installLog = `Running command ['bash', '-c', 'cloud-init --version || (echo "cloud-init not detected, MAAS will not be able to configure this machine properly" && exit 1)']\n`;
  expect(failureOf(progress, { ...logs, installLog })!.cause).toBeNull();
});

test('a machine that just ends has failed in its phase, and the console is all there is', () => {
  const screen = ['Kernel panic - not syncing'];
  expect(failureOf(followed(...begun), { ...logs, screen })).toMatchObject({
    phase: 'extract',
    said: 'the machine ended before curtin reported its end',
    log: { name: 'console.log', lines: screen },
  });
});

test('the words of a guest make no second line and no sequence of the terminal, and are cut', () => {
  const hostile = `\x1b]0;x\x07\n${'y'.repeat(10_000)}`;
  const progress = followed(...begun, status('finish', `cmd-install/${hostile}`, 'FAIL', hostile));
  const failure = failureOf(progress, { ...logs, installLog: `${hostile}\n` })!;
  expect(failure.said).not.toMatch(/[\x00-\x1f]/);
  expect(failure.said.length).toBeLessThanOrEqual(400);
  for (const line of failure.log.lines) expect(line.length).toBeLessThanOrEqual(400);
});

test('a guest that floods with failures is remembered in part', () => {
  const flood = Array.from({ length: 5000 }, (_, at) => status('finish', `x-${at}`, 'FAIL'));
  expect(followed(...begun, ...flood).failures).toHaveLength(100);
});
