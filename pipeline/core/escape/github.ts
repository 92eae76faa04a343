import { visible } from './visible.ts';

/** One annotation of a job: a line whatever the texts are. */
export function annotation(level: 'error' | 'warning' | 'notice', title: string, text: string): string {
  return `::${level} title=${property(title)}::${data(text)}`;
}

/**
 * Text of a workflow command of GitHub Actions.
 * @see https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions
 */
function data(text: string): string {
  return visible(text).replaceAll('%', '%25').replaceAll('\n', '%0A');
}

/** A property of a workflow command. */
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
