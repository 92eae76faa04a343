import type { Whole } from '../every.ts';

const of = (files: string, ...tests: string[]): Whole[] =>
  files.split(' ').map((file) => ({ file: `pipeline/${file}.ts`, tests }));

/** Files of which every comparison and every guard is to be held, with the tests that hold them. */
export const WHOLE: readonly Whole[] = [
  ...of('upload/retention', 'test/unit/images/retention.test.ts'),
  ...of('upload/standing', 'test/unit/images/standing.test.ts'),
  ...of('upload/stored', 'test/unit/images/stored.test.ts'),
  ...of('upload/chunk-size', 'test/unit/images/chunk-size.test.ts'),
  ...of('upload/local-file', 'test/unit/images/local-file.test.ts'),
  ...of(
    'image/header image/member image/pax image/sparse image/extended image/tap image/tail image/names',
    'test/unit/image/archive.test.ts',
    'test/contract/checks/gnu-tar.test.ts',
  ),
  ...of(
    'run/runner run/plan run/fingerprint',
    'test/unit/run/runner.test.ts',
    'test/unit/run/fingerprint.test.ts',
  ),
  ...of('run/lock', 'test/contract/run/lock.test.ts'),
  ...of('accept/expect', 'test/unit/acceptance/expect.test.ts'),
  ...of('accept/standing', 'test/unit/acceptance/standing.test.ts'),
  ...of('accept/check-rules accept/checks-file', 'test/unit/acceptance/checks-file.test.ts'),
  ...of('accept/lease', 'test/unit/acceptance/lease.test.ts'),
  ...of('attest/dsse', 'test/unit/attest/dsse.test.ts', 'test/contract/attest/verify.test.ts'),
  ...of('attest/purl', 'test/unit/attest/purl.test.ts'),
  ...of('attest/spdx', 'test/unit/attest/spdx.test.ts'),
  ...of('attest/sums', 'test/unit/attest/sums.test.ts'),
  ...of('attest/parameters', 'test/unit/attest/parameters.test.ts'),
  ...of('checks/sshd', 'test/unit/checks/sshd.test.ts'),
  ...of(
    'checks/apt',
    'test/unit/checks/apt.test.ts',
    'test/unit/checks/checks.test.ts',
    'test/contract/checks/probe-sources.test.ts',
  ),
  ...of('checks/cloud', 'test/unit/checks/cloud.test.ts'),
  ...of('checks/architecture image/architecture', 'test/unit/checks/architecture.test.ts'),
  ...of('checks/storage', 'test/unit/checks/storage.test.ts'),
];
