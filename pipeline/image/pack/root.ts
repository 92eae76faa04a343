import type { Emit } from '../../core/events/event.ts';
import type { RootOutput } from '../artifact.ts';
import type { StreamFacts } from '../checks/types.ts';
import type { ImageFacts } from '../facts/facts.ts';
import { createInspector } from '../facts/inspector.ts';
import { adoptTgz } from './adopt.ts';
import { packTar } from './pack.ts';

export interface PackedRoot {
  path: string;
  sha256: string;
  /** Bytes of the tgz. */
  size: number;
  /** Bytes of the tar inside. */
  tarBytes: number;
  compressor: string;
  facts: ImageFacts;
  /** What is known of the compressed stream, for the checks. */
  stream: StreamFacts;
}

export interface PackRootOptions {
  level: 'fast' | 'normal' | 'small';
  /** Default: many. */
  members?: 'many' | 'single';
  emit: Emit;
  signal: AbortSignal;
}

/** Makes the artifact of what the build left: compresses a tar, or takes over the tgz of packer-maas' scripts. */
export async function packRoot(root: RootOutput, out: string, options: PackRootOptions): Promise<PackedRoot> {
  if (root.kind === 'tgz') return adoptTgz(root.path, out, options);
  const inspector = createInspector({ signal: options.signal });
  // What is packed is read in the same pass.
  const emit: Emit = (event) =>
    options.emit(event.type === 'progress' ? { ...event, note: `${inspector.members} members` } : event);
  const packed = await packTar({ tar: root.path, out, consumer: inspector, id: 'pack', ...options, emit });
  return {
    ...packed,
    facts: await inspector.facts(),
    stream: { format: 'gzip', whole: true, bytes: packed.size },
  };
}
