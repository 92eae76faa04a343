import { Fault } from '../core/faults/fault.ts';
import { loadSigningKey } from '../image/attest/signing-key.ts';
import { checkAcceptance } from '../maas/acceptance/preflight.ts';
import { resolveApiKey } from '../maas/api/key.ts';
import type { ChosenTarget } from '../maas/images/choose-targets.ts';
import { checkUploadPermission } from '../maas/images/upload-permission.ts';
import { checkRehearsal } from '../maas/rehearse/preflight.ts';
import { architectureOf, expectAmd64 } from './rehearse.ts';
import type { StageId } from './rows.ts';
import { type Plan, planRun } from './run/dry-run.ts';
import { upTo } from './run/plan.ts';
import type { RunRequest } from './run/runner.ts';
import { noTarget } from './targets.ts';

/**
 * Finds before an hour-long build what would only fail after it: what a rehearsal needs, a target that is not there, a key
 * that cannot be read or that MAAS refuses. All failures of targets are collected.
 * @returns the records of all stages, where each of them is fresh: see `RunRequest`
 */
export async function preflight(request: RunRequest): Promise<RunRequest['fresh']> {
  let planning: Promise<Plan> | undefined;
  const plan = () => {
    planning ??= planRun(request);
    return planning;
  };
  const { config, image, selection, env, signal } = request;
  const stages = upTo(request.stages, selection.until).map(({ id }) => id);
  if (stages.includes('pack') && config.sign.keyFile)
    await loadSigningKey(config.sign.keyFile, env, () => {});
  if (stages.includes('rehearse')) {
    expectAmd64({ name: image.name, architecture: architectureOf(image) });
    if (await willRun('rehearse', plan, signal))
      await checkRehearsal(image.rehearsal, image.resource.baseImage, {
        config,
        env,
        emit: request.emit,
        signal,
      });
  }
  if (!stages.includes('upload')) return undefined;
  if (image.upload.length === 0) throw noTarget(image.name);
  const faults: Fault[] = [];
  const chosen: ChosenTarget[] = [];
  for (const name of image.upload) {
    const target = config.targets[name];
    if (!target) faults.push(new Fault('TARGET_UNKNOWN', `There is no target ${name} in the configuration`));
    else
      await resolveApiKey(target, env).then(
        (key) => chosen.push({ target, key }),
        (error: unknown) => {
          if (!(error instanceof Fault)) throw error;
          faults.push(error);
        },
      );
  }
  if (chosen.length > 0 && (await willRun('upload', plan, signal)))
    await checkUploadPermission(chosen, request).catch((error: unknown) => {
      if (!(error instanceof Fault) || request.signal.aborted) throw error;
      faults.push(error);
    });
  if (stages.includes('accept'))
    await checkAcceptance(image.acceptance).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error;
      faults.push(error);
    });
  const [first, ...others] = faults;
  if (!first) return planning && allFresh(await planning.catch(() => undefined));
  throw new Fault(first.code, first.message, {
    hint: first.hint,
    where: first.where,
    detail: others.map((fault) => `also: ${fault.message}`).join('\n') || first.detail,
  });
}

const allFresh = (plan: Plan | undefined) =>
  plan?.stages.every(({ stage }) => plan.records.has(stage)) ? plan.records : undefined;

/** Whether a stage of the run is not fresh. What cannot be planned yet will say so itself. */
async function willRun(id: StageId, plan: () => Promise<Plan>, signal: AbortSignal): Promise<boolean> {
  try {
    return (await plan()).stages.some(({ stage, runs }) => stage === id && runs);
  } catch (error) {
    if (!(error instanceof Fault) || signal.aborted) throw error;
    return true;
  }
}
