import { dotted, type Path, type Problem, quoted } from '../../../config/yaml/problem.ts';
import type { RawSite } from '../raw-site.ts';

/** Rules that a schema cannot express. Each finds everything of its kind and ignores missing values. */
export type SiteRule = (site: RawSite, context: RuleContext) => Problem[];

/** The inputs of the rules besides the file. */
export interface RuleContext {
  env: NodeJS.ProcessEnv;
  /** The sections of the file, those that hold something wrong included. */
  sections: ReadonlySet<string>;
}

/** A value that is not accepted. */
export function wrong(path: Path, why: string, accepts?: string, suggestion?: string): Problem {
  return {
    path,
    at: 'value',
    message: `${dotted(path)}: ${why}`,
    ...(accepts === undefined ? {} : { accepts }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** Every item whose key an earlier item has already. */
export function twice<T>(
  items: readonly T[] | undefined,
  path: Path,
  key: string,
  of: (item: T) => unknown,
  pathOf: (index: number) => Path = (index) => [...path, index, key],
): Problem[] {
  const seen = new Map<unknown, number>();
  return (items ?? []).flatMap((item, index) => {
    const value = of(item);
    const earlier = seen.get(value);
    if (earlier === undefined) {
      seen.set(value, index);
      return [];
    }
    return [wrong(pathOf(index), `${quoted(value)} occurs twice, also as ${dotted([...path, earlier])}`)];
  });
}
