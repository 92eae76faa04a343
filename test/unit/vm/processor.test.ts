import { expect, it } from 'vitest';
import { processorOf } from '../../../pipeline/host/vm/processor.ts';

it.each([
  ['kvm', 'amd64', /^host$/],
  ['kvm', 'arm64', /^host$/],
  ['tcg', 'arm64', /^max$/],
  // Features of x86-64-v2, which programs of RHEL 9 and its like take for granted.
  [
    'tcg',
    'amd64',
    /^qemu64(?=.*\+cx16)(?=.*\+lahf-lm)(?=.*\+popcnt)(?=.*\+ssse3)(?=.*\+sse4\.1)(?=.*\+sse4\.2)/,
  ],
] as const)('gives a VM of %s on %s a processor', (accelerator, architecture, processor) => {
  expect(processorOf(accelerator, architecture)).toMatch(processor);
});
