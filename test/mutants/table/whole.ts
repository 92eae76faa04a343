import type { Whole } from '../every.ts';

const of = (files: string, ...tests: string[]): Whole[] =>
  files.split(' ').map((file) => ({ file: `pipeline/${file}.ts`, tests }));

/** Files of which every comparison and every guard is to be held, with the tests that hold them. */
export const WHOLE: readonly Whole[] = [
  ...of('maas/images/retention', 'test/unit/images/retention.test.ts'),
  ...of('maas/images/upload-state', 'test/unit/images/upload-state.test.ts'),
  ...of('maas/images/stored', 'test/unit/images/stored.test.ts'),
  ...of('maas/images/chunk-size', 'test/unit/images/chunk-size.test.ts'),
  ...of('maas/images/local-file', 'test/unit/images/local-file.test.ts'),
  ...of(
    'image/tar/header image/tar/member image/tar/pax image/tar/sparse image/tar/extended image/tar/tar-scanner image/tar/tail image/tar/names',
    'test/unit/image/archive.test.ts',
    'test/contract/checks/gnu-tar.test.ts',
  ),
  ...of(
    'stages/run/runner stages/run/plan workspace/fingerprint',
    'test/unit/run/runner.test.ts',
    'test/unit/run/fingerprint.test.ts',
  ),
  ...of('workspace/lock', 'test/contract/run/lock.test.ts'),
  ...of('maas/acceptance/expect', 'test/unit/acceptance/expect.test.ts'),
  ...of('maas/acceptance/quarantine', 'test/unit/acceptance/quarantine.test.ts'),
  ...of(
    'maas/acceptance/check-rules maas/acceptance/checks-file',
    'test/unit/acceptance/checks-file.test.ts',
  ),
  ...of('maas/acceptance/lease', 'test/unit/acceptance/lease.test.ts'),
  ...of('image/attest/dsse', 'test/unit/attest/dsse.test.ts', 'test/contract/attest/verify.test.ts'),
  ...of('image/attest/purl', 'test/unit/attest/purl.test.ts'),
  ...of('image/attest/spdx', 'test/unit/attest/spdx.test.ts'),
  ...of('image/attest/sums', 'test/unit/attest/sums.test.ts'),
  ...of('image/attest/parameters', 'test/unit/attest/parameters.test.ts'),
  ...of('image/checks/sshd', 'test/unit/checks/sshd.test.ts'),
  ...of(
    'image/checks/apt',
    'test/unit/checks/apt.test.ts',
    'test/unit/checks/checks.test.ts',
    'test/contract/checks/probe-sources.test.ts',
  ),
  ...of('image/checks/cloud', 'test/unit/checks/cloud.test.ts'),
  ...of('image/checks/architecture image/facts/architecture', 'test/unit/checks/architecture.test.ts'),
  ...of('image/checks/storage', 'test/unit/checks/storage.test.ts'),
];
