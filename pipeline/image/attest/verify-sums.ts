import { basename } from 'node:path';
import { sidecarNames } from './names.ts';
import { parseSums, type Sum } from './sums.ts';
import type { Finding, Sidecars } from './verification.ts';

/** SHA256SUMS against the file and its records; the lines of other images are left alone. */
export function verifySums(file: string, sha256: string, records: Sidecars): Finding {
  const check = 'sums';
  if (!records.sums) return { check, state: 'not-verified', said: 'there is no SHA256SUMS' };
  const listed = parseSums(records.sums.text)?.map((sum) => ({
    ...sum,
    name: sum.name.replace(/^(\.\/+)+/, ''),
  }));
  if (!listed) return { check, state: 'failed', said: 'SHA256SUMS is not in the format of sha256sum' };
  const name = basename(file);
  if (!listed.some((sum) => sum.name === name))
    return { check, state: 'not-verified', said: `SHA256SUMS does not list ${name}` };
  const names = sidecarNames(file);
  const now = new Map<string, string | undefined>([[name, sha256]]);
  for (const record of ['manifest', 'sbom', 'provenance', 'signature'] as const)
    now.set(basename(names[record]), records[record]?.sha256);
  const ours = listed.filter((sum) => now.has(sum.name));
  const absent = ours.filter((sum) => now.get(sum.name) === undefined);
  const there = ours.filter((sum) => !absent.includes(sum));
  const wrong = there.filter((sum) => now.get(sum.name) !== sum.sha256);
  if (wrong.length > 0) return { check, state: 'failed', said: `differs from SHA256SUMS: ${list(wrong)}` };
  const rest = absent.length > 0 ? `; listed, but missing: ${list(absent)}` : '';
  return { check, state: 'verified', said: `as in SHA256SUMS: ${list(there)}${rest}` };
}

/** Each name once, whatever the number of its lines. */
function list(sums: readonly Sum[]): string {
  return [...new Set(sums.map(({ name }) => name))].join(', ');
}
