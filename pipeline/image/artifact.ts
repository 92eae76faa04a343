import type { BuildFacts, StreamFacts } from './checks/types.ts';
import type { ImageFacts } from './facts/facts.ts';

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
  /** When the artifact was packed, YYYYMMDD in UTC; placeholder {date}. */
  date: string;
}

/** What pack writes beside the artifact for validate: facts and what is known of the stream and the build. */
export interface Evidence {
  facts: ImageFacts;
  stream: StreamFacts;
  build: BuildFacts;
}
