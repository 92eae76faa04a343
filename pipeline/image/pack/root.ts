import type { Emit } from '../../core/events/event.ts';
import type { RootOutput } from '../artifact.ts';
import { type ImageContent, ImageReader } from '../read/image-reader.ts';
import { adoptTgz } from './adopt.ts';
import type { Member } from './member-line.ts';
import { type PackOptions, packTar } from './pack.ts';

/** The artifact, with what the pass that made it found. */
export interface PackedRoot extends ImageContent {
  path: string;
  sha256: string;
  /** Bytes of the tgz. */
  size: number;
  /** Bytes of the tar inside. */
  tarBytes: number;
  /** Of the gzip, in order; not there where they are not known, or there is but one. */
  members?: readonly Member[];
  compressor: string;
}

export interface PackRootOptions {
  level: 'fast' | 'normal' | 'small';
  /** Default: many. */
  members?: 'many' | 'single';
  cache?: PackOptions['cache'];
  emit: Emit;
  signal: AbortSignal;
}

/** Makes the artifact of what the build left: compresses a tar, or takes over the tgz of packer-maas' scripts. */
export async function packRoot(root: RootOutput, out: string, options: PackRootOptions): Promise<PackedRoot> {
  if (root.kind === 'tgz') return adoptTgz(root.path, out, options);
  const reader = new ImageReader({ signal: options.signal, plainTar: true });
  // The packed bytes are inspected in the same pass.
  const emit: Emit = (event) =>
    options.emit(event.type === 'progress' ? { ...event, note: `${reader.members} members` } : event);
  const packed = await packTar({ tar: root.path, out, consumer: reader, id: 'pack', ...options, emit });
  const { facts, stream } = reader.content;
  // The bytes of the artifact are our own: the packer has written its gzip to the end.
  return { ...packed, facts, stream: { ...stream, format: 'gzip', bytes: packed.size } };
}
