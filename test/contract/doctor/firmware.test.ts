import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kvmVerdict } from '../../../pipeline/host/accelerator.ts';
import { folder } from '../config/cli.ts';

it('the firmware of a real QEMU speaks on the line that is listened to', async () => {
  const dir = folder();
  const emulated = join(dir, 'qemu');
  // The same command line, emulated: so the test says the same on a host with and without KVM.
  writeFileSync(
    emulated,
    `#!/bin/sh
for arg do
  shift
  [ "$arg" = pc,accel=kvm ] && arg=pc,accel=tcg
  set -- "$@" "$arg"
done
exec qemu-system-x86_64 "$@"
`,
  );
  chmodSync(emulated, 0o755);
  writeFileSync(join(dir, 'cpuinfo'), 'flags : svm\n');
  writeFileSync(join(dir, 'kvm'), '');
  const host = {
    cpuinfo: join(dir, 'cpuinfo'),
    kvmDevice: join(dir, 'kvm'),
    qemu: emulated,
    waitMs: 60_000,
  };
  expect(await kvmVerdict(host)).toEqual({ usable: true, reason: 'a VM boots with it' });
});
