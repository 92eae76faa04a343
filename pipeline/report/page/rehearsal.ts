import { basename, join } from 'node:path';
import { duration } from '../../core/text/human.ts';
import type { Finding } from '../../image/checks/judge.ts';
import { countsPhrase, failures } from '../../image/checks/phrases.ts';
import { ephemeralPhrase } from '../../maas/rehearse/ephemeral.ts';
import type { KeptRehearsal } from '../../maas/rehearse/read-results.ts';
import { rehearsalFiles } from '../../workspace/layout.ts';
import { consoleTail } from './console-tail.ts';
import { pictureUrl } from './picture.ts';

/** A rehearsal with what lies beside it. */
export interface RehearsalMaterial {
  rehearsal: KeptRehearsal;
  /** The ends of its logs, by name. */
  tails: [name: string, lines: string[]][];
  /** The last screen, as a data URL. */
  picture: string | null;
  label: string;
}

/** A rehearsal as the page words it. */
export interface ShownRehearsal {
  ok: boolean;
  word: string;
  sentence: string;
  bars: { phase: string; took: string; failed: boolean; start: number; width: number }[];
  failure: { name: string; value: string }[];
  failed: Finding[];
  passed: number;
  notApplicable: number;
  picture: string | null;
  logs: { name: string; lines: string[] }[];
  label: string;
}

/** Reads the logs and the picture of a rehearsal. @param dir its folder in the workspace */
export async function rehearsalMaterial({
  rehearsal,
  dir,
}: {
  rehearsal: KeptRehearsal;
  dir: string;
}): Promise<RehearsalMaterial> {
  const { installLog, console, bootConsole, screenshot } = rehearsalFiles(dir);
  const tails = await Promise.all(
    [installLog, console, bootConsole].map(
      async (path): Promise<[string, string[]]> => [basename(path), await consoleTail(path)],
    ),
  );
  // The name in the record is not used as a path.
  const picture = rehearsal.screenshot === null ? null : await pictureUrl(join(dir, basename(screenshot)));
  return { rehearsal, tails, picture, label: basename(dir) };
}

/** A bar shorter than this could not be seen. */
const LEAST_WIDTH = 0.6;

export function shownRehearsal({ rehearsal, tails, picture, label }: RehearsalMaterial): ShownRehearsal {
  const { ok, until, curtin, ephemeral, accelerator, seconds, phases, failure, acceptance } = rehearsal;
  const total = phases.reduce((sum, one) => sum + one.seconds, 0);
  let start = 0;
  const bars = phases.map(({ phase, seconds: took }) => {
    const share = total > 0 ? (took / total) * 100 : 0;
    const width = Math.max(share, LEAST_WIDTH);
    const bar = { start: Math.min(start, 100 - width), width };
    start += share;
    return { phase, took: duration(took), failed: failure?.phase === phase, ...bar };
  });
  // Of the user's own files the name is a path of this host, of the lean one a sum.
  const isFetched = ephemeral.kind === 'mirror' || ephemeral.kind === 'maas';
  const system = ephemeralPhrase(isFetched ? ephemeral : { ...ephemeral, name: '' }).trim();
  const row = (name: string, value: string | null | undefined) => (value ? [{ name, value }] : []);
  return {
    ok,
    word: ok ? (until === 'accepted' ? 'Accepted' : 'Deployed') : 'Failed',
    sentence: `Layout ${label}, by curtin ${curtin} in ${system}, ${accelerator === 'kvm' ? 'with KVM' : 'emulated'}: ${duration(seconds)} in all${acceptance ? `; ${countsPhrase(acceptance)}` : ''}.`,
    bars,
    failure: failure
      ? [
          ...row('Phase', failure.phase),
          ...row('Reported', failure.said),
          ...row('Error', failure.error),
          ...row('Cause', failure.cause),
          ...row('Remedy', failure.remedy),
        ]
      : [],
    failed: acceptance ? failures(acceptance) : [],
    passed: acceptance?.counts.pass ?? 0,
    notApplicable: acceptance?.counts.notApplicable ?? 0,
    picture,
    logs: tails.flatMap(([name, lines]) => (lines.length > 0 ? [{ name, lines }] : [])),
    label,
  };
}
