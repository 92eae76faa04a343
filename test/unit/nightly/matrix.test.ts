import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { githubMatrix, githubOutputs, gitlabJobs } from '../../../pipeline/nightly/output/matrix.ts';
import type { Unit } from '../../../pipeline/nightly/units.ts';
import fc from '../../property.ts';

const unit = (image: string, more: Partial<Unit> = {}): Unit => ({
  ...{ image, reason: 'build: no finished earlier run', needs: { cpus: 2, memoryMiB: 2048 } },
  ...{ builtSince: '2026-11-22T02:17:00.000Z', architecture: 'amd64', capability: 'kvm', holdsIso: false },
  ...more,
});

describe('the matrix for GitHub', () => {
  it('has a job for each unit, with the labels of its runner', () => {
    expect(
      githubMatrix([
        unit('a'),
        unit('b', { architecture: 'arm64', capability: 'namespace', holdsIso: true }),
      ]),
    ).toEqual({
      include: [
        {
          ...{ image: 'a', labels: ['self-hosted', 'linux', 'x64', 'kvm'] },
          ...{ built_since: '2026-11-22T02:17:00.000Z', reason: 'build: no finished earlier run' },
        },
        expect.objectContaining({
          image: 'b',
          labels: ['self-hosted', 'linux', 'arm64', 'namespace', 'holds-iso'],
        }),
      ],
    });
  });

  it('an emulated build goes to any runner, and other labels take the place of the common ones', () => {
    expect(githubMatrix([unit('a', { capability: 'tcg' })], ['dgx']).include).toMatchObject([
      { labels: ['dgx', 'x64'] },
    ]);
  });

  it('says in an output of its own whether there is a job', () => {
    expect(githubOutputs(githubMatrix([]))).toBe('matrix={"include":[]}\nany=false\n');
    const lines = githubOutputs(githubMatrix([unit('a', { reason: 'two\nlines' })])).split('\n');
    expect(lines).toEqual([expect.stringMatching(/^matrix=\{/), 'any=true', '']);
  });

  it('takes 256 jobs and no more', () => {
    const units = (count: number) => Array.from({ length: count }, (_, at) => unit(`i${at}`));
    expect(githubMatrix(units(256)).include).toHaveLength(256);
    expect(() => githubMatrix(units(257))).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('257') }),
    );
  });
});

describe('the child pipeline for GitLab', () => {
  // GitLab's parser (Psych) reads YAML 1.1.
  const read = (text: string) => parseDocument(text, { version: '1.1', schema: 'yaml-1.1' }).toJS();

  it('has a job for each unit, with its tags', () => {
    expect(
      read(
        gitlabJobs([unit('a', { holdsIso: true }), unit('b', { architecture: 'arm64', capability: 'tcg' })]),
      ),
    ).toEqual({
      'build a': {
        ...{ extends: '.unit', tags: ['dgxos-maas', 'amd64', 'kvm', 'holds-iso'] },
        variables: { IMAGE: 'a', BUILT_SINCE: '2026-11-22T02:17:00.000Z' },
      },
      'build b': expect.objectContaining({ tags: ['dgxos-maas', 'arm64'] }),
    });
  });

  it('has a job that does nothing where nothing is to be built', () => {
    expect(read(gitlabJobs([], ['dgx']))).toEqual({
      'nothing to build': { tags: ['dgx'], variables: { GIT_STRATEGY: 'none' }, script: ['true'] },
    });
  });

  it('every name, label and time is text for a reader of YAML 1.1', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/);
    fc.assert(
      fc.property(
        name,
        fc.array(fc.constantFrom('on', 'no', '0x1f', '1_0', '12:30', '~', 'null'), { minLength: 1 }),
        (image, labels) => {
          const job = read(gitlabJobs([unit(image)], labels))[`build ${image}`];
          expect([job.variables.IMAGE, job.tags.slice(0, labels.length)]).toEqual([image, labels]);
          expect(job.variables.BUILT_SINCE).toBe('2026-11-22T02:17:00.000Z');
        },
      ),
    );
  });
});
