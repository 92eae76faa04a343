import { createHash } from 'node:crypto';
import { type Resource, type State, SYNCED } from './store.ts';

/** The boot files of a release, with sizes in bytes. */
const PARTS = [
  ['boot-kernel', 14_000_000],
  ['boot-initrd', 120_000_000],
  ['squashfs', 400_000_000],
] as const;

/** An imported release of one architecture, added to what is there; of the bytes only their number is kept. */
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
          sha256: createHash('sha256').update(`${name} ${architecture} ${filename}`).digest('hex'),
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
