import type { Release } from './types.ts';
import type { Path, Problem } from './yaml/problem.ts';

/**
 * The shape of a value: how the file says it (W) and what it is in the resolved configuration (V).
 * A kind is shared by settings; what belongs to one setting only is in its row.
 */
export interface Kind<W, V> {
  /** JSON schema of what the file says. */
  schema: Readonly<Record<string, unknown>>;
  /** The accepted values, in words. */
  accepts: string;
  /** The words accepted, where there are few. */
  choices?: readonly string[];
  /** The settings of a mapping that is one value, such as a file to copy. */
  members?: Rows | undefined;
  /** @param base folder that relative paths start from */
  read(written: W, base: string): V;
  /** The value as the file says it: what `read` makes the same value of, from any folder. */
  write(value: V): W;
  /** The text of a flag or a variable as a value of the file; undefined when it is not accepted. Without it the setting has neither. */
  parse?(text: string): W | undefined;
  /** Rules that a schema cannot express. */
  problems?(written: W, path: Path): Problem[];
}

/** The values that a default may depend on. */
export interface DefaultScope {
  /** Folder of the file, else the current one. */
  base: string;
  env: NodeJS.ProcessEnv;
  /** Names of the targets. */
  targets: readonly string[];
  /** Of the image that the setting belongs to. */
  release: Release;
  /** Of the same image; undefined where the file does not say it. */
  platform: string | undefined;
}

/** The values that the example of `init` may depend on. */
export interface ExampleScope {
  release: Release;
  /** All releases of the catalogue. */
  releases: readonly string[];
  /** Whether the licence of the release has been accepted. */
  licenceAccepted?: boolean;
}

/**
 * One setting: a row of the table. The types of the configuration, the JSON schema, what `init` writes, `config show`,
 * the options of commands and docs/configuration.md are all made of these rows.
 */
export interface Setting<W, V, As extends string, D> {
  kind: Kind<W, V>;
  /** One short sentence; the description of the flag and of the schema begins with it. */
  help: string;
  /** Further remarks. */
  details?: string;
  /** Name in the resolved configuration; without it the file's name in camel case. */
  as?: As;
  /** Null: nothing holds, or another place decides. A required setting has one where its whole section may be missing. */
  default?: D | ((scope: DefaultScope) => D);
  /** The default in words, where it is not one fixed value. */
  defaultText?: string;
  required?: true;
  /** As commander takes it: `--days <days>`. Commands choose which flags they have. */
  flag?: string;
  /** Environment variable; <IMAGE> stands for the name of the image in capitals. */
  variable?: string;
  /** Environment variable that decides this setting of the target `default`, which is there when the file names none. */
  implied?: string;
  /** Of a target: the value may stand in an error's excerpt of the file. What a target says is masked without it. */
  isPublic?: true;
  /** In what `init` writes, where the default says nothing. */
  example?: NoInfer<W> | ((scope: ExampleScope) => NoInfer<W>);
  /** A sentence above it there, in place of `help`. */
  note?: (scope: ExampleScope) => string;
  /** The form in the template: as it is, behind a #, or not at all; by default a required one stands as it is. */
  inTemplate?: (scope: ExampleScope) => 'live' | 'commented' | 'left out';
}

/** A mapping of settings. */
export interface Section<F extends Rows, Inline extends boolean = boolean, Short = string> {
  help: string;
  details?: string;
  fields: F;
  required?: true;
  /** As of a setting. */
  inTemplate?: (scope: ExampleScope) => 'live' | 'commented' | 'left out';
  /** Its settings are the parent's in the resolved configuration. */
  inline?: Inline;
  /** The file may give the value of this setting in place of the mapping. */
  shorthand?: Short;
  /** Path of the section that decides where this one says nothing. */
  inherits?: readonly string[];
}

/** A mapping by names that the user chooses. */
export interface Named<F extends Rows> {
  help: string;
  details?: string;
  /** The kind of one of them. */
  entry: { help: string; fields: F };
  /** A name in what `init` writes. */
  example: string | ((scope: ExampleScope) => string);
}

/** Rows by their names in the file; so wide that it does not steer what is inferred of each row. */
export interface Rows {
  readonly [name: string]: object;
}

// biome-ignore lint/suspicious/noExplicitAny: rows of every kind of value
export type AnySetting = Setting<any, any, any, any>;
export type AnySection = Section<Rows>;
export type AnyNamed = Named<Rows>;
export type Node = AnySetting | AnySection | AnyNamed;

/** One setting; the types of what is written and of what is resolved follow from it. */
export function setting<W, V, const As extends string = never, const D extends V | Readonly<V> | null = V>(
  row: Setting<W, V, As, D>,
): Setting<W, V, As, D> {
  return row;
}

export function section<
  F extends Rows,
  const Inline extends boolean = false,
  const Short extends keyof F = never,
>(node: Section<F, Inline, Short>): Section<F, Inline, Short> {
  return node;
}

export function named<F extends Rows>(node: Named<F>): Named<F> {
  return node;
}

/** The rows of a mapping, in the order of the file. */
export function rowsOf(fields: Rows): [name: string, node: Node][] {
  return Object.entries(fields) as [string, Node][];
}

export function isSetting(node: Node): node is AnySetting {
  return 'kind' in node;
}

export function isNamed(node: Node): node is AnyNamed {
  return 'entry' in node;
}

/** The name of a row in the resolved configuration. */
export function resolvedName(name: string, node: Node): string {
  if (isSetting(node) && node.as !== undefined) return node.as;
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

// biome-ignore-start lint/suspicious/noExplicitAny: only matched, never a value's type
type CamelCase<S> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : S;

type NameOf<K, N> =
  N extends Setting<any, any, infer As, any> ? ([As] extends [never] ? CamelCase<K> : As) : CamelCase<K>;

type ValueOf<N> =
  N extends Named<infer F>
    ? Record<string, { name: string } & Resolved<F>>
    : N extends Setting<any, infer V, any, infer D>
      ? null extends D
        ? V | null
        : V
      : N extends Section<infer F, any, any>
        ? Resolved<F>
        : never;

type Inlined<F> = {
  [K in keyof F]: F[K] extends Section<infer G, true, any> ? (all: Resolved<G>) => void : never;
}[keyof F];

type Own<F> = {
  [K in keyof F as F[K] extends Section<any, true, any> ? never : NameOf<K, F[K]>]: ValueOf<F[K]>;
};

/** The resolved configuration of some settings: names in camel case, units counted, defaults filled in. */
export type Resolved<F> = [Inlined<F>] extends [never]
  ? Own<F>
  : Own<F> & (Inlined<F> extends (all: infer I) => void ? I : never);

type RawOf<N> =
  N extends Named<infer F>
    ? Record<string, Raw<F>>
    : N extends Setting<infer W, any, any, any>
      ? W
      : N extends Section<infer F, any, infer Short>
        ? Raw<F> | ([Short] extends [never] ? never : RawOf<F[Short & keyof F]>)
        : never;

/** The same as a person writes it in dgxos-maas.yaml: every key may be left out. */
export type Raw<F> = { [K in keyof F]?: RawOf<F[K]> };
// biome-ignore-end lint/suspicious/noExplicitAny: only matched, never a value's type
