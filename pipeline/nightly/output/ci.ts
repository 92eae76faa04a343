import { annotation } from '../../core/escape/github.ts';
import { json } from '../../core/escape/json.ts';
import type { ImageNight, Night } from '../types.ts';
import { counts, WORDS, why, wrongPhrase } from './phrases.ts';

/** The variables that later jobs of a pipeline decide by. */
export function variables(night: Night): Record<string, string> {
  const of = (status: ImageNight['status']) =>
    night.images
      .filter((image) => image.status === status)
      .map(({ image }) => image)
      .join(' ');
  return {
    outcome: night.outcome,
    built: of('built'),
    updated: of('updated'),
    unchanged: of('unchanged'),
    failed: of('failed'),
  };
}

/** For `artifacts:reports:dotenv` of GitLab: NIGHTLY_OUTCOME=new. The values need no quotes, and GitLab knows none. */
export function dotenv(night: Night): string {
  return Object.entries(variables(night))
    .map(([name, value]) => `NIGHTLY_${name.toUpperCase()}=${value}\n`)
    .join('');
}

/** For $GITHUB_OUTPUT: outcome=new. */
export function githubOutput(night: Night): string {
  return Object.entries(variables(night))
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/**
 * For `artifacts:reports:annotations` of GitLab: links from the job to the pages.
 * @param base URL of the folder among the job's artifacts
 * @param pages of the images, by name
 */
export function gitlabAnnotations(base: string, pages: ReadonlyMap<string, string>): string {
  const link = (label: string, path: string) => ({ external_link: { label, url: `${base}/${path}` } });
  const links = [...pages].map(([image, path]) => link(`Report on ${image}`, path));
  return `${json({ nightly: [link('Summary of the night', 'summary.html'), ...links] }, 2)}\n`;
}

/** Workflow commands of GitHub Actions: an error for each image that failed, a warning for each new failed check. */
export function githubAnnotations(night: Night): string {
  return [
    ...night.images.flatMap((image) =>
      image.failure
        ? [annotation('error', image.image, [why(image), image.failure.hint].filter(Boolean).join('\n'))]
        : [],
    ),
    ...night.pruned.flatMap(({ target, failure }) =>
      failure ? [annotation('error', `pruning ${target}`, failure.message)] : [],
    ),
    ...night.images.flatMap(({ image, changes }) =>
      (changes?.newlyFailing ?? []).map((check) =>
        annotation(
          'warning',
          `${image}: ${check.id}`,
          `newly failing: ${wrongPhrase(check)}\ncheck: ${check.title}`,
        ),
      ),
    ),
    annotation('notice', 'nightly', `${WORDS[night.outcome]}: ${counts(night)}`),
  ].join('\n');
}
