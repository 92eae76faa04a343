import type { ImageFacts } from '../facts/facts.ts';

/** The parts of an image's facts that are compared. A manifest carries fewer of them than an archive. */
export type Compared = Pick<
  ImageFacts,
  | 'packages'
  | 'kernels'
  | 'boot'
  | 'bytes'
  | 'counts'
  | 'biggest'
  | 'directories'
  | 'owners'
  | 'xattrs'
  | 'services'
  | 'accounts'
>;

/** The description of one image. An absent part is unknown, which is not the same as empty. */
export interface Description {
  /** As the user named it. */
  name: string;
  /** Of the artifact. */
  sha256?: string;
  /** Bytes of the artifact. */
  size?: number;
  version?: string;
  /** YYYYMMDD. */
  date?: string;
  /** The file whose statements were taken for what was not read; not there where everything was read. */
  trusted?: string;
  facts: Partial<Compared>;
}
