import { maasUrl } from '../../config/maas-url.ts';
import { acceptFolder } from '../../workspace/layout.ts';
import { readLedger } from '../../workspace/ledger/ledger.ts';
import type { ChosenTarget } from '../images/choose-targets.ts';
import { acceptImage } from './accept.ts';
import { checksDigest } from './applicable.ts';
import { acceptedBefore } from './quarantine.ts';
import type { AcceptRequest } from './request.ts';
import type { Acceptance } from './types.ts';

export interface AcceptPlan extends Omit<AcceptRequest, 'target'> {
  /** Try it although the same checks have accepted the same artifact on that MAAS. */
  again: boolean;
}

export interface TargetAcceptance {
  target: string;
  name: string;
  /** Host name. */
  machine: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Absent where an earlier one stands. */
  acceptance?: Acceptance;
}

/** Tries an image on a machine of every target, one after the other; a rejection stops none of the others. */
export async function acceptOnTargets(
  targets: readonly ChosenTarget[],
  plan: AcceptPlan,
): Promise<TargetAcceptance[]> {
  const { image, release, system, upload, checks, env, dir, again } = plan;
  const digest = checksDigest(checks, {
    release: image.release,
    profile: release.profile,
    platform: image.platform,
    system,
  });
  const results: TargetAcceptance[] = [];
  for (const target of targets) {
    const { name } = target.target;
    const wanted = { sha256: upload.sha256, target: maasUrl(target.target.url), checks: digest };
    const before = again ? undefined : acceptedBefore(await readLedger(env), wanted);
    if (before) {
      results.push({ target: name, name: upload.name, machine: before.machine ?? '', at: before.time });
      continue;
    }
    const acceptance = await acceptImage({ ...plan, target, dir: acceptFolder(dir, name) });
    const { machine, startedAt } = acceptance;
    results.push({ target: name, name: upload.name, machine: machine.hostname, at: startedAt, acceptance });
  }
  return results;
}
