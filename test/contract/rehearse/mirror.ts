import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Keys } from '../archive/keys.ts';

/** The list of products of a mirror, as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests change any of it
export type Products = any;

const LIST = 'com.ubuntu.maas:stable:v3:download';
const SERIES = [
  ['focal', '20.04'],
  ['jammy', '22.04'],
] as const;
export const VERSIONS = ['20260801', '20260801.2', '20260801.10'] as const;

/** The bytes of a file by its path in the mirror. */
export const bytesOf = (path: string) => Buffer.from(`the bytes of ${path}\n`.repeat(100));
export const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

/** As images.maas.io has it (ephemeral-v3/stable): a product for each series, kernel and flavour, with the squashfs shared between kernels. */
export function products(): Products {
  const all: Record<string, unknown> = {};
  for (const [release, version] of SERIES)
    for (const [subarch, kflavor] of [
      [`ga-${version}`, 'generic'],
      [`ga-${version}`, 'lowlatency'],
      [`hwe-${version}`, 'generic'],
    ] as const) {
      const name = kflavor === 'generic' ? subarch : `${subarch}-${kflavor}`;
      all[`com.ubuntu.maas.stable:v3:boot:${version}:amd64:${name}`] = {
        ...{ arch: 'amd64', label: 'stable', os: 'ubuntu', release, subarch, kflavor, version },
        subarches: 'generic,hwe-p,hwe-q',
        versions: Object.fromEntries(VERSIONS.map((one) => [one, { items: itemsOf(release, one, name) }])),
      };
    }
  return { content_id: LIST, datatype: 'image-downloads', format: 'products:1.0', products: all };
}

function itemsOf(release: string, version: string, kernel: string) {
  const folder = `${release}/amd64/${version}`;
  const item = (ftype: string, path: string) => [
    ftype,
    { ftype, path, sha256: sha256(bytesOf(path)), size: bytesOf(path).length },
  ];
  return Object.fromEntries([
    item('boot-kernel', `${folder}/${kernel}/boot-kernel`),
    item('boot-initrd', `${folder}/${kernel}/boot-initrd`),
    item('squashfs', `${folder}/squashfs`),
    item('squashfs.manifest', `${folder}/squashfs.manifest`),
  ]);
}

/** The product of jammy with its general kernel. */
export const JAMMY = 'com.ubuntu.maas.stable:v3:boot:22.04:amd64:ga-22.04';

export interface Published {
  list?: Products;
  /** Changes of the index. */
  index?: (index: Products) => void;
  /** Null: without signatures. */
  signed?: { keys: Keys; by: string } | null;
}

/** Writes a mirror into a folder, signed and unsigned as Canonical's is. */
export async function publish(
  folder: string,
  { list = products(), index: change, signed = null }: Published = {},
): Promise<void> {
  const write = (path: string, bytes: Buffer | string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  for (const product of Object.values<Products>(products().products))
    for (const { items } of Object.values<Products>(product.versions))
      for (const { path } of Object.values<Products>(items)) write(path, bytesOf(path));
  for (const ending of signed ? ['json', 'sjson'] : ['json']) {
    const index: Products = {
      format: 'index:1.0',
      index: {
        'com.ubuntu.maas:stable:1:bootloader-download': {
          ...{ datatype: 'image-ids', format: 'products:1.0', products: [] },
          path: `streams/v1/nothing-of-ours.${ending}`,
        },
        [LIST]: {
          ...{
            datatype: 'image-downloads',
            format: 'products:1.0',
            products: Object.keys(list.products ?? {}),
          },
          path: `streams/v1/${LIST}.${ending}`,
        },
      },
    };
    change?.(index);
    for (const [name, value] of [
      ['index', index],
      [LIST, list],
    ]) {
      const path = `streams/v1/${name}.${ending}`;
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      write(ending === 'json' ? path : `${path}.plain`, text);
      if (ending === 'sjson' && signed)
        await signed.keys.clearSign(signed.by, join(folder, `${path}.plain`), join(folder, path));
    }
  }
}
