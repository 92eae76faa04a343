import { dirname, resolve } from 'node:path';
import { dotted, type Path, type Problem, toFault } from '../../config/yaml/problem.ts';
import { prune } from '../../config/yaml/prune.ts';
import { readText, shownName } from '../../config/yaml/read-text.ts';
import { dataAsWritten, schemaProblems } from '../../config/yaml/schema.ts';
import { Source } from '../../config/yaml/source.ts';
import type { Fault, Where } from '../../core/faults/fault.ts';
import type { RawSite } from './raw-site.ts';
import { resolveSite } from './resolve.ts';
import { siteRuleProblems } from './rules/all.ts';
import type { Site } from './site.ts';

export const SITE_FILE = 'site.yaml';
/** The published schema of site.yaml, relative to the package. */
export const SITE_SCHEMA = 'schema/site.schema.json';

export interface LoadedSite {
  site: Site;
  /** The fault for problems that only the running MAAS shows, at their places in the file. */
  fault(problems: readonly Problem[]): Fault;
  /** The longest part of a path that is in the file, and its position; undefined where there is none. */
  find(path: Path): { path: Path; where: Where } | undefined;
}

/**
 * Reads, checks and resolves a site.yaml.
 * @throws Fault CONFIG_NOT_FOUND, CONFIG_SYNTAX or CONFIG_INVALID; the last two hold every problem of the file
 */
export async function loadSite(options: {
  file: string;
  env: NodeJS.ProcessEnv;
  cwd: string;
}): Promise<LoadedSite> {
  const file = resolve(options.cwd, options.file);
  const text = await readText(
    file,
    'Create one with dgxos-maas site init, or from a running MAAS with dgxos-maas site export.',
  );
  const source = new Source(shownName(file, options.cwd), text);
  const fault = (problems: readonly Problem[]) =>
    toFault(
      'CONFIG_INVALID',
      problems.map((problem) => source.place(problem)),
    );
  const data = dataAsWritten(SITE_SCHEMA, source) as object;
  const found = schemaProblems(SITE_SCHEMA, data);
  // The rest is still checked after the wrong parts are taken out, so that one run reports every problem.
  const known = prune(data, found.filter(isUnknownKey));
  const written = prune(known, schemaProblems(SITE_SCHEMA, known).map(wholeSection)) as RawSite;
  found.push(...siteRuleProblems(written, { env: options.env, sections: new Set(Object.keys(data)) }));
  const site = await resolveSite(written, dirname(file), options.env, found);
  if (found.length) throw fault(firstAtEachPath(found));
  const find = (path: Path) => {
    const known = inData(data, path);
    return known.length > 0 ? { path: known, where: source.where(known) } : undefined;
  };
  return { site, fault, find };
}

/** A path as far as the data has it. */
function inData(data: unknown, path: Path): Path {
  let value = data;
  const known = path.findIndex((step) => {
    const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    if (inside) value = (value as Record<string | number, unknown>)[step];
    return !inside;
  });
  return known < 0 ? path : path.slice(0, known);
}

/** Without a key that nobody knows, the rest of its item is as good as before. */
function isUnknownKey({ at, accepts }: Problem): boolean {
  return at === 'key' && accepts !== undefined;
}

/** Items lean on each other and on what they must have: a section with something wrong in it is taken out whole. */
function wholeSection(problem: Problem): Problem {
  return { ...problem, path: problem.path.slice(0, problem.path[0] === 'region' ? 2 : 1) };
}

/** One value can break several rules; the first message says enough. */
function firstAtEachPath(problems: readonly Problem[]): Problem[] {
  return [
    ...new Map(problems.toReversed().map((problem) => [dotted(problem.path), problem])).values(),
  ].reverse();
}
