import { describe, expect, test } from 'vitest';
import { causeOf } from '../../../pipeline/maas/machines/causes.ts';
import type { FailedScript, MachineEvent } from '../../../pipeline/maas/machines/types.ts';
import { machine } from './machine.ts';

let id = 0;
const event = (type: string, description = '', level = 'ERROR'): MachineEvent => ({
  id: ++id,
  time: 'Mon, 23 Nov. 2026 03:10:11',
  level,
  type,
  description,
});
const log = (output: string): FailedScript => ({
  name: '/tmp/install.log',
  status: 'Failed',
  exitStatus: 3,
  output,
});

/** Ends of logs as they were reported by users of MAAS, and what they mean. */
const LOGS: [id: string, output: string][] = [
  ['no-efi', "grub-install: error: failed to get canonical path of `/boot/efi'.\n+ exit 1"],
  ['no-efi', 'grub-install: error: cannot find EFI directory.'],
  ['no-efi', 'UEFI system requires a /boot/efi filesystem. Please configure /boot/efi to proceed.'],
  ['wrong-architecture', "chroot: failed to run command 'lsb_release': Exec format error"],
  ['image-damaged', 'gzip: stdin: unexpected end of file\ntar: Unexpected EOF in archive'],
  ['image-download', 'wget: unable to resolve host address ‘rack1.maas’'],
  ['no-space', 'tar: ./usr/lib/libcuda.so: Cannot write: No space left on device'],
  [
    'no-cloud-init',
    "chroot: failed to run command 'cloud-init': No such file\ncloud-init: command not found",
  ],
  ['packages', 'E: Unable to locate package linux-generic'],
  [
    'hook',
    "finish: cmd-install/stage-curthooks/builtin/cmd-curthooks: FAIL\nCommand: ['/tmp/tmpx/target/curtin/curtin-hooks']",
  ],
];

describe('the cause of a failed deployment', () => {
  test.each(LOGS)('%s', (expected, output) => {
    const failed = machine({ status: 'failed_deployment' });
    const explained = causeOf(failed, [event('Marking node failed', 'Installation failed')], [log(output)]);
    expect(explained.id).toBe(expected);
    expect(explained.cause.split('\n')).toHaveLength(1);
    expect(explained.remedy).not.toBe('');
  });

  const EVENTS: [id: string, type: string, description: string, says: string][] = [
    [
      'missing-boot-image',
      'Marking node failed',
      'Missing boot image custom/amd64/ga-20.04/rocky9',
      'no boot image custom/amd64/ga-20.04/rocky9',
    ],
    [
      'bmc-unreachable',
      'Failed to power on node',
      "Power on for the node failed: Could not contact node's BMC: Connection timed out while performing power action.",
      'gpu01 cannot be reached',
    ],
    [
      'bmc-credentials',
      'Failed to power on node',
      'Power on for the node failed: Could not contact node: Incorrect password.  Check BMC configuration and try again.',
      'does not accept the user or the password',
    ],
    [
      'silent',
      'Marking node failed',
      "Node operation 'Deploying' timed out after 30 minutes.",
      'received nothing from gpu01 for 30 minutes while deploying',
    ],
  ];
  test.each(EVENTS)('%s, from events', (expected, type, description, says) => {
    const { id: found, cause } = causeOf(
      machine(),
      [event('Deploying', '', 'INFO'), event(type, description)],
      [],
    );
    expect([found, cause]).toEqual([expected, expect.stringContaining(says)]);
  });

  test('a failure of an earlier deployment is not the cause of this one', () => {
    const events = [
      event('Deploying', '', 'INFO'),
      event('Failed to power on node', 'Connection timed out while performing power action.'),
      event('Deploying', '', 'INFO'),
      event('Marking node failed', "Node operation 'Deploying' timed out after 30 minutes."),
    ];
    expect(causeOf(machine(), events, []).id).toBe('silent');
  });

  test('a script without a known cause is named with its exit status', () => {
    const script = { name: 'smartctl-validate', status: 'Failed', exitStatus: 4, output: 'odd' };
    expect(causeOf(machine({ status: 'failed_testing' }), [], [script]).cause).toBe(
      'The script smartctl-validate failed with exit status 4 on gpu01',
    );
  });

  test('an unknown cause is reported by the last error, never by nothing', () => {
    expect(causeOf(machine({ status: 'broken' }), [event('Odd', 'things')], []).cause).toContain(
      'Odd - things',
    );
    expect(causeOf(machine({ status: 'broken' }), [], []).cause).toContain('MAAS reports no reason');
  });

  test('nothing that a machine wrote is read as a pattern of a replacement', () => {
    const { cause } = causeOf(machine({ hostname: 'a$1b' }), [event('x', "Missing boot image $&$'$h")], []);
    expect(cause).toContain("$&$'$h");
  });
});
