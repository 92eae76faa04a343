import type { FaultCode } from '../core/faults/catalogue.ts';
import { Fault } from '../core/faults/fault.ts';
import { suggest } from '../core/text/suggest.ts';
import { CONFIG_FILE, noConfig } from './find.ts';
import type { Config, ImageConfig, TargetConfig } from './types.ts';
import { quoted } from './yaml/problem.ts';

/**
 * The image of this name.
 * @throws Fault IMAGE_UNKNOWN with the images there are; CONFIG_NOT_FOUND when no file was read
 */
export function selectImage(config: Config, name: string): ImageConfig {
  if (config.file === null) throw noConfig();
  return named(config.images, name, 'image', 'IMAGE_UNKNOWN', `add it under \`images:\` in ${config.file}`);
}

/**
 * The target of this name.
 * @throws Fault TARGET_UNKNOWN with the targets there are
 */
export function selectTarget(config: Pick<Config, 'targets' | 'file'>, name: string): TargetConfig {
  const way = `add it under \`targets:\` in ${config.file ?? CONFIG_FILE}, or set MAAS_API_URL and MAAS_API_KEY`;
  return named(config.targets, name, 'target', 'TARGET_UNKNOWN', way);
}

function named<T>(record: Record<string, T>, name: string, what: string, code: FaultCode, way: string): T {
  const found = Object.hasOwn(record, name) ? record[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(record);
  const meant = suggest(name, names);
  const list = names.length
    ? `The ${what}s are: ${names.join(', ')}. For another,`
    : `No ${what} is configured:`;
  throw new Fault(
    code,
    `There is no ${what} ${quoted(name)}${meant ? `. Did you mean ${quoted(meant)}?` : ''}`,
    { hint: `${list} ${way}.` },
  );
}
