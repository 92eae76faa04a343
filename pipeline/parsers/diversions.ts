export interface Diversion {
  from: string;
  to: string;
  /** The package on whose behalf; ":" is the local administrator. */
  package: string;
}

/** The three-line records of /var/lib/dpkg/diversions; an incomplete last one is passed over. */
export function parseDiversions(text: string): Diversion[] {
  const lines = text.split('\n');
  const diversions: Diversion[] = [];
  for (let i = 0; lines[i + 2]; i += 3)
    diversions.push({ from: lines[i]!, to: lines[i + 1]!, package: lines[i + 2]! });
  return diversions;
}
