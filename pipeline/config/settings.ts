import { suggest } from '../core/text/suggest.ts';
import { absolutePath, ISO_ACCEPTED, isIsoSource, isoSource } from './paths.ts';
import type { ImageConfig, Origin } from './types.ts';
import { type PlacedProblem, quoted } from './yaml/problem.ts';

/** Values given on the command line. */
export interface Overrides {
  workspace?: string;
  cache?: string;
  packerMaas?: string;
  accelerator?: string;
  boot?: string;
  /** By image. */
  isos?: Record<string, string>;
}

type Name = keyof Values;

interface Setting {
  flag: string;
  variable: string;
  /** Paths are taken from the current folder. */
  kind: 'path' | readonly string[];
}

/** What the environment and flags may set besides the file. */
const SETTINGS: Record<Name, Setting> = {
  workspace: { flag: '--workspace', variable: 'DGXOS_MAAS_WORKSPACE', kind: 'path' },
  cache: { flag: '--cache', variable: 'DGXOS_MAAS_CACHE', kind: 'path' },
  packerMaas: { flag: '--packer-maas', variable: 'DGXOS_MAAS_PACKER_MAAS', kind: 'path' },
  accelerator: { flag: '--accelerator', variable: 'DGXOS_MAAS_ACCELERATOR', kind: ['auto', 'kvm', 'tcg'] },
  boot: { flag: '--boot', variable: 'DGXOS_MAAS_BOOT', kind: ['direct', 'typed'] },
};

const ISO_PREFIX = 'DGXOS_MAAS_ISO_';

/** A value that a flag or a variable decided. */
export interface SettingValue<T> {
  value: T;
  origin: Origin;
}

/** What each setting's value is once it has been checked. */
interface Values {
  workspace: string;
  cache: string;
  packerMaas: string;
  accelerator: ImageConfig['vm']['accelerator'];
  boot: ImageConfig['vm']['boot'];
}

/** What flags and the environment decide; the file has no say in it. */
export class Settings {
  readonly problems: PlacedProblem[] = [];
  readonly warnings: string[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #overrides: Overrides;
  readonly #cwd: string;

  constructor(env: NodeJS.ProcessEnv, overrides: Overrides, cwd: string) {
    this.#env = env;
    this.#overrides = overrides;
    this.#cwd = cwd;
    for (const name of Object.keys(SETTINGS) as Name[]) this.#check(name);
  }

  /** A flag's value, else the variable's; a path comes absolute. */
  chosen<N extends Name>(name: N): SettingValue<Values[N]> | undefined {
    const { flag, variable, kind } = SETTINGS[name];
    const found = this.#pick(this.#overrides[name], flag, variable);
    const value = found && kind === 'path' ? absolutePath(found.value, this.#cwd) : found?.value;
    return found && { value: value as Values[N], origin: found.origin };
  }

  /** The ISO of an image: an absolute path or a URL. */
  iso(image: string): SettingValue<string> | undefined {
    const found = this.#pick(this.#overrides.isos?.[image], '--iso', isoVariable(image));
    return found && { ...found, value: isoSource(found.value, this.#cwd) };
  }

  /** Problems and warnings about DGXOS_MAAS_ISO_* and --iso for these images. */
  checkIsos(images: readonly string[]): void {
    for (const image of images) {
      const found = this.iso(image);
      if (found && !isIsoSource(found.value))
        this.problems.push({
          message: `${nameOf(found.origin)}: ${quoted(found.value)} is not accepted`,
          accepts: ISO_ACCEPTED,
        });
    }
    const known = images.map(isoVariable);
    for (const variable of Object.keys(this.#env))
      if (variable.startsWith(ISO_PREFIX) && !known.includes(variable)) {
        const meant = suggest(
          variable.slice(ISO_PREFIX.length),
          known.map((name) => name.slice(ISO_PREFIX.length)),
        );
        this.warnings.push(
          `${variable} matches no image${meant ? `; did you mean ${ISO_PREFIX}${meant}?` : ''}`,
        );
      }
  }

  #pick(flagValue: string | undefined, flag: string, variable: string): SettingValue<string> | undefined {
    if (flagValue !== undefined) return { value: flagValue, origin: { from: 'flag', name: flag } };
    // A variable set to nothing counts as not set.
    const value = this.#env[variable];
    return value ? { value, origin: { from: 'environment', name: variable } } : undefined;
  }

  #check(name: Name): void {
    const { kind } = SETTINGS[name];
    const found = this.chosen(name);
    if (!found || kind === 'path' || kind.includes(found.value)) return;
    this.problems.push({
      message: `${nameOf(found.origin)}: ${quoted(found.value)} is not accepted`,
      accepts: kind.join(', '),
      suggestion: suggest(found.value, kind),
    });
  }
}

/** `dgx-a100` is set by DGXOS_MAAS_ISO_DGX_A100. */
export function isoVariable(image: string): string {
  return ISO_PREFIX + image.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

function nameOf(origin: Origin): string {
  return origin.from === 'flag' || origin.from === 'environment' ? origin.name : origin.from;
}
