import type { Verdict } from '../../image/checks/judge.ts';

/** An image that was judged, by its file or on a machine, as a report has it. */
export interface Judged {
  /** The command: "dgxos-maas validate dgx1.tar.gz". */
  suite: string;
  /** The file as it was named, or the image's name in MAAS. */
  name: string;
  /** Bytes. */
  size: number;
  sha256: string;
  verdict: Verdict;
}
