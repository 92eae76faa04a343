import { selectImage } from '../config/load.ts';
import type { Config, ImageConfig } from '../config/types.ts';

/**
 * The images meant by names and globs (`*`, `?`), in the order of the configuration; all when nothing is given.
 * @throws Fault IMAGE_UNKNOWN for a name or glob that means no image, CONFIG_NOT_FOUND without a configuration
 */
export function chooseImages(config: Config, patterns: readonly string[]): ImageConfig[] {
  const names = Object.keys(config.images);
  if (names.length === 0) return [selectImage(config, patterns[0] ?? '*')];
  const wanted = new Set<string>();
  for (const pattern of patterns.length > 0 ? patterns : ['*']) {
    const matches = matcherOf(pattern);
    const found = names.filter(matches);
    // Says what there is, and what may have been meant.
    if (found.length === 0) selectImage(config, pattern);
    for (const name of found) wanted.add(name);
  }
  return names.filter((name) => wanted.has(name)).map((name) => selectImage(config, name));
}

/** Whether a name is meant by a name or glob. */
export function matcherOf(pattern: string): (name: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  const whole = new RegExp(`^${source}$`);
  return (name) => whole.test(name);
}
