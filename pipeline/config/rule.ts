import { suggest } from '../core/text/suggest.ts';
import type { RawConfig, RawImage } from './raw-config.ts';
import type { Release } from './types.ts';
import { dotted, type Path, type Problem, quoted } from './yaml/problem.ts';

/** The inputs of the rules besides the file. */
export interface RuleContext {
  written: RawConfig;
  /** Those that images name. */
  releases: ReadonlyMap<string, Release>;
  knownReleases: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Names of targets, the one of the environment included. */
  targets: readonly string[];
  /** Images whose ISO comes from the environment or a flag. */
  isoElsewhere: (image: string) => boolean;
}

export type Rule = (context: RuleContext) => Problem[];
export type ImageRule = (image: RawImage, path: Path, context: RuleContext) => Problem[];

/** `value` at `path` is none of `known`. */
export function unknown(path: Path, what: string, value: string, known: readonly string[]): Problem {
  return {
    path,
    at: 'value',
    message: `${dotted(path)}: there is no ${what} ${quoted(value)}`,
    accepts: known.join(', ') || 'none is configured',
    suggestion: suggest(value, known),
  };
}
