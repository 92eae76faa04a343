import { expect, test } from 'vitest';
import { machineStopped, unreadable } from '../../../pipeline/maas/rehearse/machine-stopped.ts';

// The words are those of glibc's strerror, as QEMU passes them on.
test.each([
  ['No space left on device', /df -i.*quota -s/],
  ['Disk quota exceeded', /df -i.*quota -s/],
  ['File too large', /ulimit -f/],
  ['Stale file handle', /remote one/],
  ['Transport endpoint is not connected', /remote one/],
  ['Input/output error', /smartctl/],
  ['something else', /smartctl/],
])('%s has its own remedy', (reason, hint) => {
  const fault = machineStopped({ disk: 'vda', operation: 'write', reason }, [
    '/c/vda.boot.qcow2',
    '/c/vda.qcow2',
  ]);
  expect(fault).toMatchObject({ code: 'REHEARSAL_STOPPED', exitCode: 75 });
  expect(fault.message).toBe(`This host cannot write the machine's disk vda: ${reason}`);
  expect(fault.detail).toBe('its file: /c/vda.boot.qcow2\non top of: /c/vda.qcow2');
  expect(fault.hint).toMatch(hint);
});

test('a machine that QEMU stops without a disk’s fault has the state as its reason', () => {
  const fault = machineStopped({ disk: null, operation: null, reason: 'internal-error' }, []);
  expect(fault).toMatchObject({ code: 'REHEARSAL_STOPPED', exitCode: 75 });
  expect(fault.message).toBe('QEMU has stopped the machine of the rehearsal: internal-error');
});

test('a file that the machine fetches', () => {
  const error = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
  expect(unreadable('/c/demo.tar.gz', error)).toMatchObject({
    exitCode: 75,
    message:
      'This host cannot read /c/demo.tar.gz, which the machine fetches: the disk or the file system failed',
  });
});
