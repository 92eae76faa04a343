import { plainName } from '../../config/image-name.ts';
import type { Config } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { suggest } from '../../core/text/suggest.ts';
import { channelName, emptyChannel } from '../../workspace/ledger/channel.ts';
import type { LedgerEntry } from '../../workspace/ledger/ledger.ts';
import type { ListedImage } from './list-images.ts';

/** The meanings of the text besides an image's name or number in MAAS. */
interface Meaning {
  config: Config;
  ledger: readonly LedgerEntry[];
  /** URL of the MAAS. */
  target: string;
}

/**
 * The uploaded images that are meant: by number, by name (with or without `custom/`), by IMAGE:CHANNEL, or all uploads of an image of the
 * configuration.
 * @throws Fault IMAGE_UNKNOWN with the images there are; MAAS_NOT_FOUND for a channel that has nothing
 */
export function findImages(
  images: readonly ListedImage[],
  text: string,
  { config, ledger, target }: Meaning,
): ListedImage[] {
  const named = images.filter(({ id, name }) => name === plainName(text) || String(id) === text);
  if (named.length > 0) return named;
  const [image = '', channel] = text.split(':');
  const configured = Object.hasOwn(config.images, image) ? config.images[image] : undefined;
  if (configured && channel !== undefined) {
    const shown = images.filter(({ name }) => name === channelName(configured, channel));
    if (shown.length > 0) return shown;
    throw emptyChannel(ledger, target, configured, channel);
  }
  if (configured) {
    const own = new Set(
      ledger.filter((e) => e.target === target && e.image === image).map((e) => e.resourceId),
    );
    const uploads = images.filter(({ id }) => own.has(id));
    if (uploads.length > 0) return uploads;
  }
  const names = [...new Set(images.map(({ name }) => name))];
  const meant = suggest(plainName(text), names);
  const there = names.length > 0 ? `It has: ${names.join(', ')}.` : 'It has no uploaded image.';
  throw new Fault(
    'IMAGE_UNKNOWN',
    `${target} has no uploaded image "${text}"${meant ? `. Did you mean "${meant}"?` : ''}`,
    { hint: there },
  );
}
