import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { readJson, WrongJson } from '../host/files/read-json.ts';
import { count, flag, object, oneOf, orNull, type Shape, sha256, text } from '../host/files/shape.ts';
import type { BuildFacts } from './checks/types.ts';
import type { ImageFacts } from './facts/facts.ts';
import { FACTS, PARTS } from './facts/facts-shape.ts';
import type { StreamFacts } from './read/image-reader.ts';

/** The root file system as the build leaves it: a plain tar, or the tgz that packer-maas' own scripts made. */
export interface RootOutput {
  kind: 'tar' | 'tgz';
  path: string;
  bytes: number;
}

/** The packed image. */
export interface Artifact {
  path: string;
  manifest: string;
  sha256: string;
  /** Bytes. */
  size: number;
  /** The day on which the artifact was packed, YYYYMMDD in UTC; placeholder {date}. */
  date: string;
}

export const ARTIFACT: Shape<Artifact> = object({
  path: text,
  manifest: text,
  sha256,
  size: count,
  date: text,
});

/** The evidence that pack writes beside the artifact for validate: facts, and the state of the stream and the build. */
export interface Evidence {
  facts: ImageFacts;
  stream: StreamFacts;
  build: BuildFacts;
}

export const EVIDENCE: Shape<Evidence> = object({
  facts: FACTS,
  stream: object({
    format: oneOf('gzip', 'xz', 'bzip2', 'none', 'unknown'),
    whole: flag,
    bytes: count,
    problem: orNull(text),
  }),
  build: object({}, { pack: oneOf('guest', 'packer-maas'), fileSystem: oneOf('clean', 'dirty') }),
});

/** Facts of large images have some ten MB. */
export const LARGEST_EVIDENCE = 256 << 20;

/** The parts of the facts that reports and comparisons use; a part that is absent is not known. */
export const KNOWN_FACTS = object({ facts: object({}, PARTS) }) as Shape<{ facts: Partial<ImageFacts> }>;

/**
 * The evidence found while an artifact was packed.
 * @param shape what of it is needed
 * @throws Fault IMAGE_UNREADABLE that names the file and what is wrong in it
 */
export async function readEvidence<T = Evidence>(
  path: string,
  shape: Shape<T> = EVIDENCE as Shape<T>,
): Promise<T> {
  try {
    return await readJson(path, shape, LARGEST_EVIDENCE);
  } catch (error) {
    if (!(error instanceof WrongJson)) throw fromSystemError(error, `reading ${path}`);
    throw new Fault('IMAGE_UNREADABLE', `The facts of the image cannot be used: ${error.message}`, {
      hint: 'Pack the image again: `dgxos-maas run IMAGE --from pack`.',
      cause: error,
    });
  }
}
