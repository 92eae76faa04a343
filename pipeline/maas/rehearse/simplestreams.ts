import { join } from 'node:path';
import { UBUNTU_KEYRING, UBUNTU_KEYRING_HINT } from '../../config/keyring.ts';
import type { MirrorEphemeral } from '../../config/settings/ephemeral.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { readJson, WrongJson } from '../../host/files/read-json.ts';
import { anything, map, object, type Shape, text } from '../../host/files/shape.ts';
import { type Signature, verifyClearSigned } from '../../host/gpgv.ts';
import { fetchFile } from '../../host/http/fetch-file.ts';
import { isInside, type Offer, unusable } from './offered.ts';

/** Bytes: the index of images.maas.io has some kB, its list of products some MB. */
const MOST = { index: 4 << 20, products: 32 << 20 };
/** Lists of products that are read of one index. */
const MOST_LISTS = 16;
const SETTING = 'rehearsal.ephemeral.keyring';

const INDEX = object({ index: map(object({ path: text }, { format: text, datatype: text })) });
const PRODUCTS = object({ products: map(map(anything)) });

interface Work {
  /** For the files that are fetched. */
  folder: string;
  emit: Emit;
  signal: AbortSignal;
}

export interface Stream {
  offers: Offer[];
  /** Null: it is not signed. */
  signature: Signature | null;
}

/**
 * Reads a simplestreams mirror: its index, and the products of each list that the index names. Where signatures are asked for, both are
 * signed in clear (`.sjson`); the sums of the files are then as trusted as the keyring.
 * @see simplestreams' products:1.0 and index:1.0
 * @throws Fault EPHEMERAL_UNUSABLE, SUMS_UNTRUSTED, DOWNLOAD_FAILED, TOOL_MISSING
 */
export async function readStream(
  { mirror, keyring }: Pick<MirrorEphemeral, 'mirror' | 'keyring'>,
  work: Work,
): Promise<Stream> {
  const signed = keyring !== 'none';
  const ending = signed ? 'sjson' : 'json';
  const first = `streams/v1/index.${ending}`;
  const reader = { mirror, keyring, work, count: 0 };
  const { value: index, signature } = await read(reader, first, INDEX, MOST.index);
  const offers: Offer[] = [];
  const lists = Object.values(index.index).filter(
    ({ format = 'products:1.0', datatype = 'image-downloads' }) =>
      format === 'products:1.0' && datatype === 'image-downloads',
  );
  if (lists.length > MOST_LISTS)
    throw unusable(`The index of ${mirror} names ${lists.length} lists of products`, 'Name another mirror.');
  for (const { path } of lists) {
    if (!isInside(path))
      throw unusable(
        `The index of ${mirror} names a path outside of it`,
        'Report it to the keeper of the mirror.',
      );
    if (signed && !path.endsWith('.sjson'))
      throw unusable(
        `The signed index of ${mirror} names ${path}, which is not signed`,
        `Report it to the keeper of the mirror; \`${SETTING}: none\` takes it without a signature.`,
      );
    const { value } = await read(reader, path, PRODUCTS, MOST.products);
    offers.push(...offersOf(value));
  }
  return { offers, signature };
}

interface Reader {
  mirror: string;
  keyring: string | null;
  work: Work;
  count: number;
}

async function read<T>(
  reader: Reader,
  path: string,
  shape: Shape<T>,
  most: number,
): Promise<{ value: T; signature: Signature | null }> {
  const { mirror, keyring, work } = reader;
  const { emit, signal, folder } = work;
  const shown = `${mirror}/${path}`;
  reader.count += 1;
  const to = join(folder, `${reader.count}.json`);
  const fetched = keyring === 'none' ? to : `${to}.signed`;
  const missing = () =>
    unusable(
      `There is no ${path} in ${mirror}`,
      keyring === 'none'
        ? 'The URL of a mirror is the folder that has `streams/v1`, such as http://images.maas.io/ephemeral-v3/stable.'
        : `The URL of a mirror is the folder that has \`streams/v1\`; of one that is not signed, set \`${SETTING}: none\`.`,
    );
  await fetchFile({ url: shown, to: fetched, sha256: null, most, missing, emit, signal });
  const signature = keyring === 'none' ? null : await verified(reader, fetched, to, path);
  try {
    return { value: await readJson(to, shape, most), signature };
  } catch (cause) {
    if (!(cause instanceof WrongJson)) throw cause;
    const problem = cause.member === undefined ? 'it is not JSON' : `${cause.member} has another form`;
    throw unusable(`${shown} is not of simplestreams: ${problem}`, 'Check the URL of the mirror.', cause);
  }
}

async function verified(
  { keyring, work: { signal } }: Reader,
  file: string,
  to: string,
  name: string,
): Promise<Signature> {
  const used = keyring ?? UBUNTU_KEYRING;
  try {
    return await verifyClearSigned({ keyring: used, name, setting: SETTING, file, to }, signal);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'SUMS_UNTRUSTED' || keyring !== null) throw error;
    if (!error.message.includes('does not exist')) throw error;
    const hint = UBUNTU_KEYRING_HINT.replace('archive.root.keyring', SETTING);
    throw new Fault('SUMS_UNTRUSTED', error.message, { hint, cause: error });
  }
}

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const treesOf = (value: unknown): [string, Tree][] =>
  isTree(value) ? Object.entries(value).filter((entry): entry is [string, Tree] => isTree(entry[1])) : [];

/** The systems that machines boot from, in a list of products. A value holds for everything below the place where it stands, as in simplestreams. */
function offersOf(list: Tree): Offer[] {
  const found: Offer[] = [];
  for (const [, product] of treesOf(list.products))
    for (const [version, tree] of treesOf(product.versions)) {
      const word = (name: string, ...more: Tree[]) =>
        [...more, tree, product, list]
          .map((one) => (Object.hasOwn(one, name) ? one[name] : undefined))
          .find(isWord);
      const files: Offer['files'] = new Map();
      for (const [, item] of treesOf(tree.items)) {
        const type = word('ftype', item);
        const path = word('path', item);
        if (type !== undefined && path !== undefined)
          files.set(type, { path, sha256: item.sha256, size: item.size });
      }
      const arch = word('arch');
      const release = word('release');
      if (arch === undefined || release === undefined || !files.has('boot-kernel')) continue;
      found.push({
        release: `${word('os') ?? 'ubuntu'}/${release}`,
        architecture: `${arch}/${kernelOf(word('subarch') ?? 'generic', word('kflavor'))}`,
        ...{ version, files },
      });
    }
  return found;
}

const isWord = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** As MAAS 3.4 to 3.7 name it: a flavour of the kernel is a part of the name (`ga-22.04-lowlatency`). */
function kernelOf(subarch: string, flavour: string | undefined): string {
  if (flavour === undefined || flavour === 'generic' || subarch.includes(flavour)) return subarch;
  if (!/hwe-|ga-/.test(subarch)) return subarch;
  return subarch.endsWith('-edge') ? subarch.replace(/-edge$/, `-${flavour}-edge`) : `${subarch}-${flavour}`;
}
