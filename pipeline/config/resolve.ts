import type { Given } from './given.ts';
import type { RawConfig } from './raw-config.ts';
import {
  type AnySetting,
  type DefaultScope,
  isNamed,
  isSetting,
  type Node,
  type Rows,
  resolvedName,
  rowsOf,
} from './setting.ts';
import { SETTINGS } from './settings/table.ts';
import { TARGET } from './settings/target.ts';
import type { Config, Origin, Release } from './types.ts';
import type { Path } from './yaml/problem.ts';

/** Name of the target that MAAS_API_URL makes. */
export const ENVIRONMENT_TARGET = 'default';

export interface ResolveInput {
  /** Absolute path, or null without a file. */
  file: string | null;
  /** Folder that relative paths of the file start from. */
  base: string;
  /** Folder that relative paths of the environment start from. */
  cwd: string;
  written: RawConfig;
  releases: ReadonlyMap<string, Release>;
  given: Given;
  env: NodeJS.ProcessEnv;
  /** The line on which a written value stands. */
  lineOf: (path: Path) => number;
}

/** A resolved value and where it came from. */
export type ValueWithOrigin = Origin & { value: unknown };

type Values = Record<string, unknown>;

/** The position of a mapping of settings. */
interface Scope {
  /** Its path in the file, and after it that of what decides where it says nothing. */
  places: Path[];
  /** Its name in the resolved configuration, with a dot at its end unless it is empty. */
  key: string;
  /** The image or the target that it belongs to. */
  name?: string;
  release?: Release | undefined;
  platform?: string | undefined;
  /** The setting that the mapping stands for when the file has one word in its place. */
  shorthand?: string | undefined;
}

/** Fills in defaults, makes paths absolute and notes where every value is from. What was written must be valid. */
export function resolveConfig(input: ResolveInput): {
  config: Config;
  origins: Map<string, ValueWithOrigin>;
} {
  const resolver = new Resolver(input);
  const config = { file: input.file, ...resolver.rows(SETTINGS, { places: [[]], key: '' }) } as Config;
  return { config, origins: resolver.origins };
}

class Resolver {
  readonly origins = new Map<string, ValueWithOrigin>();
  readonly #input: ResolveInput;
  readonly #targets: string[];

  constructor(input: ResolveInput) {
    this.#input = input;
    const targets = Object.keys(input.written.targets ?? {});
    this.#targets = targets.length > 0 || !input.env.MAAS_API_URL ? targets : [ENVIRONMENT_TARGET];
  }

  rows(rows: Rows, scope: Scope): Values {
    return Object.assign({}, ...rowsOf(rows).map(([name, node]) => this.#node(name, node, scope)));
  }

  /** The members that a row adds to its mapping. */
  #node(name: string, node: Node, scope: Scope): Values {
    const places = this.#placesOf(name, scope);
    const as = resolvedName(name, node);
    if (isSetting(node)) return { [as]: this.#setting(node, places, { ...scope, key: scope.key + as }) };
    if (isNamed(node)) return { [as]: this.#named(name, as, node.entry.fields) };
    if (node.inherits) places.push([...node.inherits]);
    const { shorthand } = node;
    if (node.inline) return this.rows(node.fields, { ...scope, places, shorthand });
    return { [as]: this.rows(node.fields, { ...scope, places, shorthand, key: `${scope.key}${as}.` }) };
  }

  #placesOf(name: string, { places, shorthand }: Scope): Path[] {
    return places.flatMap((place) => {
      const isWord = shorthand !== undefined && typeof lookUp(this.#input.written, place) !== 'object';
      if (!isWord) return [[...place, name]];
      return name === shorthand ? [place] : [];
    });
  }

  #named(section: string, as: string, fields: Rows): Values {
    const entries = Object.entries((this.#input.written as Record<string, object>)[section] ?? {});
    const resolved = entries.map(([name, entry]) => {
      const { release: id, platform } = entry as { release?: string; platform?: string };
      const release = this.#input.releases.get(id ?? '');
      const scope: Scope = { places: [[section, name]], key: `${as}.${name}.`, name, release, platform };
      return [name, { name, ...this.rows(fields, scope) }] as const;
    });
    if (fields === TARGET && entries.length === 0)
      for (const name of this.#targets) resolved.push([name, this.#impliedTarget(name)]);
    // The names are the user's: none of them must be found that he did not write.
    return Object.assign(Object.create(null), Object.fromEntries(resolved));
  }

  /** The target that the variables of terraform-provider-maas describe. */
  #impliedTarget(name: string) {
    return { name, ...this.rows(TARGET, { places: [], key: `targets.${name}.`, name }) };
  }

  /** The value of a flag or of the environment, else of the file, else the default. */
  #setting(row: AnySetting, places: Path[], { key, name, release, platform, ...scope }: Scope): unknown {
    const taken =
      this.#input.given.find(row, name) ??
      (scope.places.length === 0 ? this.#implied(row) : undefined) ??
      this.#written(row, places) ??
      this.#default(row, release, platform);
    this.origins.set(key, { ...taken.origin, value: taken.value });
    return taken.value;
  }

  #implied({ implied, kind }: AnySetting): { value: unknown; origin: Origin } | undefined {
    const { env, cwd } = this.#input;
    const text = implied === undefined ? undefined : env[implied];
    const written = text ? kind.parse?.(text) : undefined;
    if (written === undefined) return undefined;
    return { value: kind.read(written, cwd), origin: { from: 'environment', name: implied as string } };
  }

  #written({ kind }: AnySetting, places: Path[]): { value: unknown; origin: Origin } | undefined {
    const { file, base, written, lineOf } = this.#input;
    for (const place of places) {
      const value = lookUp(written, place);
      if (value === undefined || file === null) continue;
      return { value: kind.read(value, base), origin: { from: 'file', file, line: lineOf(place) } };
    }
    return undefined;
  }

  #default({ default: fallback }: AnySetting, release: Release | undefined, platform: string | undefined) {
    const { base, env } = this.#input;
    const scope = { base, env, targets: this.#targets, release, platform } as DefaultScope;
    const value: unknown = typeof fallback === 'function' ? fallback(scope) : structuredClone(fallback);
    return { value, origin: { from: 'default' } as const };
  }
}

/** The value of the file at a path. */
function lookUp(written: unknown, place: Path): unknown {
  return place.reduce(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step)
        ? (at as Record<string | number, unknown>)[step]
        : undefined,
    written,
  );
}
