import { linesOf } from './lines.ts';

export interface Diversion {
  from: string;
  to: string;
  /** The package on whose behalf; ":" is the local administrator. */
  package: string;
}

/** Far more than any system has. */
const MOST = 10_000;

/** The three-line records of /var/lib/dpkg/diversions; an incomplete last one is passed over. */
export function parseDiversions(text: string): Diversion[] {
  const diversions: Diversion[] = [];
  let record: string[] = [];
  for (const line of linesOf(text)) {
    record.push(line);
    if (record.length < 3) continue;
    const [from, to, owner] = record as [string, string, string];
    if (owner === '' || diversions.length >= MOST) break;
    diversions.push({ from, to, package: owner });
    record = [];
  }
  return diversions;
}
