/** A fault that changes nothing which can be seen: it is not counted. */
export interface Equivalent {
  file: string;
  /** The expression as it stands in the file, and what it is changed to. */
  text: string;
  fault: string;
  why: string;
}

export const EQUIVALENT: readonly Equivalent[] = [];
