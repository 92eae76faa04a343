import { stringify } from 'yaml';
import { Fault } from '../../core/faults/fault.ts';
import type { Unit } from '../units.ts';
import type { CiSystem } from './ci-systems.ts';

/** Jobs that GitHub takes in one matrix. */
const MOST_JOBS = 256;

/** Labels of a runner that may take any unit of its kind, unless others are given. */
export const RUNNER_LABELS: Record<CiSystem, readonly string[]> = {
  github: ['self-hosted', 'linux'],
  gitlab: ['dgxos-maas'],
};

/** The label of their processor that GitHub's runners have by themselves. */
const GITHUB_PROCESSORS: Record<string, string> = { amd64: 'x64' };

/** An emulated build needs nothing that other builders do not have. */
const capabilitiesOf = ({ capability, holdsIso }: Unit) => [
  ...(capability === 'tcg' ? [] : [capability]),
  ...(holdsIso ? ['holds-iso'] : []),
];

/** The value of `strategy.matrix` of GitHub Actions. It takes no empty one: the job has a condition. @throws Fault USAGE for too many */
export function githubMatrix(units: readonly Unit[], common = RUNNER_LABELS.github): { include: object[] } {
  if (units.length > MOST_JOBS)
    throw new Fault(
      'USAGE',
      `GitHub takes ${MOST_JOBS} jobs in a matrix, and ${units.length} images need a build`,
      {
        hint: 'Name some of them by name or glob, in a workflow for each part.',
      },
    );
  return {
    include: units.map((unit) => ({
      image: unit.image,
      labels: [...common, GITHUB_PROCESSORS[unit.architecture] ?? unit.architecture, ...capabilitiesOf(unit)],
      built_since: unit.builtSince,
      reason: unit.reason,
    })),
  };
}

/** Lines for $GITHUB_OUTPUT: the matrix, and whether there is anything in it. */
export function githubOutputs(matrix: { include: object[] }): string {
  return `matrix=${JSON.stringify(matrix)}\nany=${matrix.include.length > 0}\n`;
}

/**
 * Jobs of a child pipeline of GitLab, each of them an extension of the job `.unit`. GitLab takes no pipeline without a job, so that a
 * night in which nothing is to be built has one that does nothing.
 */
export function gitlabJobs(units: readonly Unit[], common = RUNNER_LABELS.gitlab): string {
  const jobs = units.map((unit): [string, object] => [
    `build ${unit.image}`,
    {
      extends: '.unit',
      tags: [...common, unit.architecture, ...capabilitiesOf(unit)],
      variables: { IMAGE: unit.image, BUILT_SINCE: unit.builtSince },
    },
  ]);
  const nothing = { tags: [...common], variables: { GIT_STRATEGY: 'none' }, script: ['true'] };
  const document = Object.fromEntries(jobs.length > 0 ? jobs : [['nothing to build', nothing]]);
  // GitLab reads YAML 1.1: a bare time would be a date there, and a bare "on" true.
  return stringify(document, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' });
}
