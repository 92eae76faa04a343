import { suggest } from '../core/text/suggest.ts';
import { everySetting } from './every-setting.ts';
import type { AnySetting } from './setting.ts';
import { SETTINGS } from './settings/table.ts';
import type { Origin } from './types.ts';
import { type LocatedProblem, quoted } from './yaml/problem.ts';

/** Values given on the command line, as the file would say them. */
export interface Overrides {
  values: ReadonlyMap<AnySetting, string | number>;
  /** The image that those of images are for. */
  image?: string;
}

/** A value that a flag or a variable decided. */
export interface Chosen {
  value: unknown;
  origin: Origin;
}

const OF_AN_IMAGE = '<IMAGE>';

/** Values of flags and of the environment; they override the file. */
export class Given {
  readonly problems: LocatedProblem[] = [];
  readonly warnings: string[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #overrides: Overrides;
  readonly #cwd: string;
  readonly #rows: AnySetting[];

  /** @param cwd folder that relative paths start from */
  constructor(env: NodeJS.ProcessEnv, overrides: Overrides, cwd: string) {
    this.#env = env;
    this.#overrides = overrides;
    this.#cwd = cwd;
    this.#rows = everySetting(SETTINGS).map(({ row }) => row);
    for (const row of this.#rows) if (!row.variable?.includes(OF_AN_IMAGE)) this.#check(row);
  }

  /** A flag's value, else the variable's, resolved; undefined where neither says anything, or anything usable. */
  find(row: AnySetting, image?: string): Chosen | undefined {
    const found = this.#pick(row, image);
    const written = found && accepted(row, found.value);
    return written === undefined
      ? undefined
      : { value: row.kind.read(written, this.#cwd), origin: found!.origin };
  }

  /** Whether a flag or a variable says anything, usable or not. */
  has(row: AnySetting, image?: string): boolean {
    return this.#pick(row, image) !== undefined;
  }

  /** Problems of what is given for each of these images, and variables that belong to none of them. */
  checkImages(images: readonly string[]): void {
    for (const row of this.#rows) {
      const { variable } = row;
      if (!variable?.includes(OF_AN_IMAGE)) continue;
      for (const image of images) this.#check(row, image);
      const known = images.map((image) => variableOf(variable, image));
      const prefix = variable.replace(OF_AN_IMAGE, '');
      for (const name of Object.keys(this.#env))
        if (name.startsWith(prefix) && !known.includes(name)) {
          const meant = suggest(
            name.slice(prefix.length),
            known.map((one) => one.slice(prefix.length)),
          );
          this.warnings.push(`${name} matches no image${meant ? `; did you mean ${prefix}${meant}?` : ''}`);
        }
    }
  }

  #pick(row: AnySetting, image?: string): { value: string | number; origin: Origin } | undefined {
    const { values, image: named } = this.#overrides;
    const flag = image === undefined || named === undefined || named === image ? values.get(row) : undefined;
    if (flag !== undefined) return { value: flag, origin: { from: 'flag', name: flagName(row) } };
    if (row.variable === undefined) return undefined;
    // A variable set to nothing counts as not set.
    const name = variableOf(row.variable, image);
    const value = this.#env[name];
    return value ? { value, origin: { from: 'environment', name } } : undefined;
  }

  #check(row: AnySetting, image?: string): void {
    const found = this.#pick(row, image);
    if (!found || accepted(row, found.value) !== undefined) return;
    const { choices, accepts } = row.kind;
    this.problems.push({
      message: `${(found.origin as { name: string }).name}: ${quoted(found.value)} is not accepted`,
      accepts,
      suggestion: choices && suggest(String(found.value), choices),
    });
  }
}

/** `--jobs` of `-j, --jobs <count>`. */
export function flagName(row: AnySetting): string {
  return /--[a-z-]+/.exec(row.flag ?? '')?.[0] ?? '';
}

/** `dgx-a100` is set by DGXOS_MAAS_ISO_DGX_A100. */
export function variableOf(variable: string, image = ''): string {
  return variable.replace(OF_AN_IMAGE, image.toUpperCase().replace(/[^A-Z0-9]/g, '_'));
}

/** The value as the file would say it; numbers of flags were judged by their option. */
function accepted(row: AnySetting, given: string | number): unknown {
  return typeof given === 'number' ? given : row.kind.parse?.(given);
}
