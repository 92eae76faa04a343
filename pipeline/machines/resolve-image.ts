import type { Config } from '../config/types.ts';
import { Fault } from '../errors/fault.ts';
import { channelName, channelNames } from '../ledger/channel.ts';
import { readLedger } from '../ledger/ledger.ts';
import {
  type BootResource,
  type BootResourceDetail,
  fullName,
  listUploaded,
  plainName,
  readResource,
} from '../maas/answers.ts';
import type { MaasClient } from '../maas/client.ts';
import { suggest } from '../yaml/suggest.ts';

/** An image that can be deployed. */
export interface DeployableImage {
  /** As deploying takes it: custom/dgx1-5.0, ubuntu/jammy. */
  name: string;
  /** Such as amd64. */
  architectures: string[];
  /** It is a root file system of its own, whose boot loader goes to /boot/efi; disk images bring their own. */
  needsEfi: boolean;
}

/**
 * The image that is meant: a name in MAAS (custom/dgx1-5.0, dgx1-5.0-stable, ubuntu/jammy), an image of the configuration
 * (its newest upload from here), or IMAGE:CHANNEL.
 * @throws Fault IMAGE_UNKNOWN with the images there are; MAAS_NOT_FOUND for one whose upload is not complete
 */
export async function resolveImage(
  client: MaasClient,
  text: string,
  config: Config,
  env: NodeJS.ProcessEnv,
): Promise<DeployableImage> {
  const uploaded = await listUploaded(client);
  const name = await nameOf(text, config, client.url, uploaded, env);
  const found = uploaded.filter((one) => one.name === plainName(name));
  if (found.length > 0) return fromUploads(client, found);
  const synced = await client.get('boot-resources/?type=synced');
  const own = (Array.isArray(synced) ? (synced as BootResource[]) : []).filter(
    (one) => one.name === text || one.name === `ubuntu/${text}`,
  );
  if (own.length > 0) return { name: own[0]!.name, architectures: architecturesOf(own), needsEfi: false };
  throw unknownImage(text, config, uploaded, synced);
}

async function nameOf(
  text: string,
  config: Config,
  url: string,
  uploaded: readonly BootResource[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (uploaded.some(({ name }) => name === plainName(text))) return text;
  const [image = '', channel] = text.split(':');
  const configured = Object.hasOwn(config.images, image) ? config.images[image] : undefined;
  if (!configured) return text;
  if (channel !== undefined) return channelName(configured, channel);
  const ledger = await readLedger(env);
  const channels = channelNames(ledger, url);
  const newest = ledger.findLast(
    (entry) =>
      entry.target === url &&
      entry.image === image &&
      (entry.did === 'completed' || entry.did === 'found') &&
      !channels.has(entry.name),
  );
  if (newest) return newest.name;
  throw new Fault('IMAGE_UNKNOWN', `No upload of the image ${image} to ${url} is known here`, {
    hint: `dgxos-maas upload ${image}, or name what MAAS has: ${names(uploaded)}.`,
  });
}

async function fromUploads(client: MaasClient, found: readonly BootResource[]): Promise<DeployableImage> {
  const details = await Promise.all(found.map(({ id }) => readResource(client, id)));
  const whole = details.filter(({ sets }) => sets.some(({ complete }) => complete));
  if (whole.length === 0) {
    const { name } = found[0]!;
    throw new Fault('MAAS_NOT_FOUND', `${name} is not complete in MAAS and cannot be deployed`, {
      hint: 'dgxos-maas images shows how far it is; uploading it again completes it.',
    });
  }
  return {
    name: fullName(whole[0]!.name),
    architectures: architecturesOf(whole),
    needsEfi: !whole.every(isDiskImage),
  };
}

function isDiskImage({ sets }: BootResourceDetail): boolean {
  const files = sets.filter(({ complete }) => complete).flatMap((set) => set.files);
  return files.length > 0 && files.every(({ filetype }) => filetype.startsWith('root-dd'));
}

function architecturesOf(resources: readonly { architecture: string }[]): string[] {
  return [...new Set(resources.map(({ architecture }) => architecture.split('/')[0] as string))];
}

function unknownImage(
  text: string,
  config: Config,
  uploaded: readonly BootResource[],
  synced: unknown,
): Fault {
  const own = Array.isArray(synced) ? (synced as BootResource[]).map(({ name }) => name) : [];
  const series = own.map((name) => name.split('/').at(-1) as string);
  const all = [...uploaded.map(({ name }) => name), ...Object.keys(config.images), ...own, ...series];
  const meant = suggest(plainName(text), all);
  return new Fault(
    'IMAGE_UNKNOWN',
    `MAAS has no image "${text}"${meant ? `. Did you mean "${meant}"?` : ''}`,
    {
      hint: `It has: ${names(uploaded)}${own.length ? `; ${[...new Set(own)].join(', ')}` : ''}.`,
    },
  );
}

function names(uploaded: readonly BootResource[]): string {
  return uploaded.map(({ name }) => fullName(name)).join(', ') || 'no uploaded image';
}
