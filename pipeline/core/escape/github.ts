import { visible } from './visible.ts';

/**
 * Text of a workflow command of GitHub Actions.
 * @see https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions
 */
export function data(text: string): string {
  return visible(text).replaceAll('%', '%25').replaceAll('\n', '%0A');
}

/** A property of a workflow command. */
export function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
