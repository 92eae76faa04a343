import { createHash } from 'node:crypto';
import { type ImageFile, type Resource, type State, SYNCED } from './store.ts';

/** The boot files of a release, with sizes in bytes: a thousandth of what Ubuntu has. */
const PARTS = [
  ['boot-kernel', 14_000],
  ['boot-initrd', 120_000],
  ['squashfs', 400_000],
] as const;

/** The bytes of an imported file, which no disk has: they follow from its name. */
export function contentOf(
  { name, architecture }: Pick<Resource, 'name' | 'architecture'>,
  { filename, size }: Pick<ImageFile, 'filename' | 'size'>,
): Buffer {
  return Buffer.alloc(size, `${name} ${architecture} ${filename}\n`);
}

/** An imported release of one architecture, added to what is there. */
export function addSynced(
  state: Pick<State, 'resources' | 'nextResource' | 'nextFile'>,
  name: string,
  architecture: string,
  { complete }: { complete: boolean },
): Resource {
  const resource: Resource = {
    id: state.nextResource++,
    type: SYNCED,
    name,
    architecture,
    title: '',
    baseImage: '',
    lastDeployed: null,
    sets: [
      {
        version: '20260801',
        label: 'stable',
        files: PARTS.map(([filename, size]) => ({
          id: state.nextFile++,
          filename,
          filetype: filename,
          sha256: createHash('sha256')
            .update(contentOf({ name, architecture }, { filename, size }))
            .digest('hex'),
          size,
          blob: `synced-${name.split('/')[1]}`,
          received: complete ? size : 0,
          receivedAt: complete ? 0 : null,
        })),
      },
    ],
  };
  state.resources.push(resource);
  return resource;
}
