import { fullName, plainName } from '../../config/image-name.ts';
import type { Config } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { suggest } from '../../core/text/suggest.ts';
import { channelName, channelNames, emptyChannel } from '../../workspace/ledger/channel.ts';
import { readLedger } from '../../workspace/ledger/ledger.ts';
import { type BootResource, type BootResourceDetail, listUploaded, readResource } from '../api/answers.ts';
import type { MaasClient } from '../api/client.ts';

/** An image that can be deployed. */
export interface DeployableImage {
  /** As deploying takes it: custom/dgx1-5.0, ubuntu/jammy. */
  name: string;
  /** Such as amd64. */
  architectures: string[];
  /** It is a root file system of its own, whose boot loader goes to /boot/efi; disk images bring their own. */
  needsEfi: boolean;
  /** The base image, as far as MAAS shows it (3.5 and later) or the ledger knows: ubuntu/focal. */
  baseImage: string | null;
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
  if (found.length > 0) return fromUploads(client, found, env);
  const synced = await client.get('boot-resources/?type=synced');
  const own = (Array.isArray(synced) ? (synced as BootResource[]) : []).filter(
    (one) => one.name === text || one.name === `ubuntu/${text}`,
  );
  if (own.length > 0)
    return { name: own[0]!.name, architectures: architecturesOf(own), needsEfi: false, baseImage: null };
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
  const ledger = await readLedger(env);
  if (channel !== undefined) {
    const name = channelName(configured, channel);
    if (uploaded.some((one) => one.name === name)) return name;
    throw emptyChannel(ledger, url, configured, channel);
  }
  const channels = channelNames(ledger, url);
  const newest = ledger.findLast(
    (entry) =>
      entry.target === url &&
      entry.image === image &&
      (entry.did === 'completed' || entry.did === 'found') &&
      !channels.has(entry.name),
  );
  if (newest) return newest.name;
  throw new Fault('IMAGE_UNKNOWN', `This host has no record of an upload of ${image} to ${url}`, {
    hint: `dgxos-maas upload ${image}, or use an image of MAAS: ${names(uploaded)}.`,
  });
}

async function fromUploads(
  client: MaasClient,
  found: readonly BootResource[],
  env: NodeJS.ProcessEnv,
): Promise<DeployableImage> {
  const details = await Promise.all(found.map(({ id }) => readResource(client, id)));
  const whole = details.filter(({ sets }) => sets.some(({ complete }) => complete));
  if (whole.length === 0) {
    const { name } = found[0]!;
    throw new Fault('MAAS_NOT_FOUND', `${name} is not complete in MAAS and cannot be deployed`, {
      hint: 'dgxos-maas images shows its progress; upload it again to complete it.',
    });
  }
  const { name } = whole[0]!;
  if (name.startsWith('ubuntu/'))
    throw new Fault(
      'IMAGE_UNKNOWN',
      `${name} was uploaded under a name for Ubuntu's own images, and MAAS never deploys it`,
      {
        hint: `Upload it as custom/${name.slice('ubuntu/'.length)}.`,
      },
    );
  return {
    name: fullName(name),
    architectures: architecturesOf(whole),
    needsEfi: !whole.every(isDiskImage),
    baseImage: whole[0]!.baseImage ?? (await sentBaseImage(client, whole[0]!, env)),
  };
}

/** The base image of its first upload from here, where MAAS has a base image that it does not show (3.1 to 3.4). */
async function sentBaseImage(
  client: MaasClient,
  { id, name }: BootResource,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  const first = (await readLedger(env)).find(
    (entry) => entry.target === client.url && entry.resourceId === id && entry.name === name,
  );
  return first?.did === 'started' ? first.baseImage : null;
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
  // Of IMAGE:CHANNEL it is the image that is not known.
  const meant = suggest(plainName(text.split(':')[0] as string), all);
  return new Fault(
    'IMAGE_UNKNOWN',
    `MAAS has no image "${text}"${meant ? `. Did you mean "${meant}"?` : ''}`,
    {
      hint: `It has ${names(uploaded)}${own.length ? `; of its own it has ${[...new Set(own)].join(', ')}` : ''}.`,
    },
  );
}

function names(uploaded: readonly BootResource[]): string {
  return uploaded.map(({ name }) => fullName(name)).join(', ') || 'no uploaded image';
}
