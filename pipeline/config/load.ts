import { dirname } from 'node:path';
import { type LocatedConsent, missingConsent } from './consent.ts';
import { CONFIG_FILE, fileInForce } from './find.ts';
import { Given, type Overrides } from './given.ts';
import { keysInFile } from './key-in-file.ts';
import { maasUrlProblem } from './maas-url-problem.ts';
import type { RawConfig } from './raw-config.ts';
import { loadRelease, releaseIds } from './releases/load.ts';
import { ENVIRONMENT_TARGET, resolveConfig, type ValueWithOrigin } from './resolve.ts';
import { ruleProblems } from './rules.ts';
import { SETTINGS } from './settings/table.ts';
import type { Config, Release } from './types.ts';
import { dotted, type LocatedProblem, type Path, type Problem, toFault } from './yaml/problem.ts';
import { prune } from './yaml/prune.ts';
import type { Source } from './yaml/source.ts';

export { selectImage, selectTarget } from './select.ts';

export interface LoadOptions {
  /** The file given by --config; else DGXOS_MAAS_CONFIG, else the nearest dgxos-maas.yaml upward from `cwd`. */
  file?: string | undefined;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Values of flags, which override everything else. */
  overrides?: Overrides;
}

export interface LoadedConfig {
  config: Config;
  /** The origin of each value, by its dotted path in the resolved configuration. */
  origins: Map<string, ValueWithOrigin>;
  /** Values that are accepted but probably not meant. */
  warnings: string[];
  /** Consents that images still need before anything of them is made, by image; see `assertConsents`. */
  consents: ReadonlyMap<string, LocatedConsent[]>;
}

/**
 * Reads, checks and resolves the configuration. Without any file the environment and defaults make one without images.
 * @throws Fault CONFIG_NOT_FOUND, CONFIG_SYNTAX or CONFIG_INVALID; the last two hold every problem of the file
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { env, cwd } = options;
  const file = fileInForce(options);
  const { source, data, differences } = file === null ? NO_FILE : await readConfig(file, cwd);
  const given = new Given(env, options.overrides ?? { values: new Map() }, cwd);

  const found = [...differences];
  // The rest is still checked after the wrong parts are taken out, so that one run reports every problem.
  const written = prune(data, found) as RawConfig;
  const images = Object.keys(written.images ?? {});
  given.checkImages(images);
  const knownReleases = await releaseIds();
  const releases = await releasesOf(written, knownReleases);
  const targets = Object.keys(written.targets ?? {});
  const targetNames = targets.length || !env.MAAS_API_URL ? targets : [ENVIRONMENT_TARGET];
  const isoElsewhere = (image: string) => given.has(SETTINGS.images.entry.fields.iso.fields.source, image);
  found.push(...ruleProblems({ written, releases, knownReleases, env, targets: targetNames, isoElsewhere }));

  const problems: LocatedProblem[] = [
    ...(source ? firstAtEachPath(found).map((problem) => source.place(problem)) : []),
    ...given.problems,
    ...environmentProblems(env, targets),
  ];
  if (problems.length) throw toFault('CONFIG_INVALID', problems);

  const base = file === null ? cwd : dirname(file);
  const lineOf = (path: Path) => source?.where(path, 'key').line ?? 0;
  const resolved = resolveConfig({ file, base, cwd, written, releases, given, env, lineOf });
  const warnings = [...given.warnings];
  if (env.MAAS_API_URL && targets.length)
    warnings.push(`MAAS_API_URL is not used: ${CONFIG_FILE} names its own targets (${targets.join(', ')})`);
  return { ...resolved, warnings, consents: consentsOf(written, releases, source) };
}

interface ConfigFile {
  source: Source | null;
  data: unknown;
  /** From the schema, and keys that should not be in it. */
  differences: readonly Problem[];
}

const NO_FILE: ConfigFile = { source: null, data: {}, differences: [] };

/** Loads the reader of YAML too, which an upload to the MAAS of the environment does without. */
async function readConfig(file: string, cwd: string): Promise<ConfigFile> {
  const [{ Source: Yaml }, { readText, shownName }, { dataAsWritten, schemaProblems }, { CONFIG_SCHEMA }] =
    await Promise.all([
      import('./yaml/source.ts'),
      import('./yaml/read-text.ts'),
      import('./yaml/schema.ts'),
      import('./yaml/compile-schema.ts'),
    ]);
  const text = await readText(file, 'Create one with: dgxos-maas init');
  const source = new Yaml(shownName(file, cwd), text, { named: 'images' });
  const data = dataAsWritten(CONFIG_SCHEMA, source);
  return { source, data, differences: [...keysInFile(data), ...schemaProblems(CONFIG_SCHEMA, data)] };
}

function consentsOf(
  written: RawConfig,
  releases: ReadonlyMap<string, Release>,
  source: Source | null,
): Map<string, LocatedConsent[]> {
  const consents = new Map<string, LocatedConsent[]>();
  for (const [name, image] of Object.entries(written.images ?? {})) {
    const release = releases.get(image.release ?? '');
    if (!release || !source) continue;
    const missing = missingConsent(image, image.archive !== undefined, ['images', name], release);
    if (missing.length > 0)
      consents.set(
        name,
        missing.map((one) => ({ ...source.place(one), code: one.code })),
      );
  }
  return consents;
}

/** The releases of the catalogue that images name. */
async function releasesOf(written: RawConfig, known: readonly string[]): Promise<Map<string, Release>> {
  const named = new Set(Object.values(written.images ?? {}).map((image) => image.release));
  const releases = await Promise.all(known.filter((id) => named.has(id)).map(loadRelease));
  return new Map(releases.map((release) => [release.id, release]));
}

/** One value can break several rules; the first message says enough. */
function firstAtEachPath(problems: readonly Problem[]): Problem[] {
  const first = new Map<string, Problem>();
  for (const problem of problems) {
    const path = dotted(problem.path);
    if (!first.has(path)) first.set(path, problem);
  }
  return [...first.values()];
}

function environmentProblems(env: NodeJS.ProcessEnv, targets: readonly string[]): LocatedProblem[] {
  const wrong = env.MAAS_API_URL && targets.length === 0 ? maasUrlProblem(env.MAAS_API_URL) : null;
  return wrong ? [{ ...wrong, message: `MAAS_API_URL: ${wrong.message}` }] : [];
}
