import { json } from '../../core/escape/json.ts';
import { redactDeep } from '../../core/secrets/registry.ts';
import type { Writers } from '../../report/formats/table.ts';
import type { Night } from '../types.ts';
import { dotenv, githubAnnotations, githubOutput, gitlabAnnotations } from './ci.ts';
import { nightJunit, type StageVerdict } from './junit.ts';
import { nightMarkdown } from './markdown.ts';
import { nightPage } from './page.ts';

/** A night, with what its reports show besides. */
export interface NightReport {
  night: Night;
  /** On the images' artifacts, by the image's name. */
  verdicts: ReadonlyMap<string, readonly StageVerdict[]>;
  /** File names of the images' own reports beside it, by the image's name. */
  pages: ReadonlyMap<string, string>;
  /** The address under which GitLab will show the folder's files, if GitLab runs this. */
  artifactsUrl: string | undefined;
}

export const NIGHT: Writers<NightReport> = {
  junit: ({ night, verdicts }) => nightJunit(night, verdicts),
  markdown: ({ night }) => nightMarkdown(night),
  html: ({ night, pages }) => nightPage(night, pages),
  github: ({ night }) => githubAnnotations(night),
  outputs: ({ night }) => githubOutput(night),
  dotenv: ({ night }) => dotenv(night),
  gitlab: ({ artifactsUrl, pages }) =>
    artifactsUrl === undefined ? null : gitlabAnnotations(artifactsUrl, pages),
  json: ({ night }) => `${json(redactDeep(night), 2)}\n`,
};
