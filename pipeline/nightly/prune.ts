import type { Config, ImageConfig, RetentionConfig } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import { fromSystemError } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { resolveApiKey } from '../maas/api/key.ts';
import { pruneDue, pruneKept } from '../maas/images/prune.ts';
import { nightFault } from './fault.ts';
import type { PrunedTarget } from './types.ts';

export interface PruneContext {
  policy: RetentionConfig;
  keepIn: string;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

/** Deletes old uploads of these images on every MAAS that they were uploaded to. One that cannot be reached is reported, not thrown. */
export async function pruneTargets(
  config: Config,
  images: readonly ImageConfig[],
  context: PruneContext,
): Promise<PrunedTarget[]> {
  const { policy, emit, signal, env } = context;
  const result: PrunedTarget[] = [];
  for (const name of new Set(images.flatMap((image) => image.upload))) {
    const target = config.targets[name];
    if (!target) continue;
    try {
      const chosen = { target, key: await resolveApiKey(target, env, emit) };
      const of = images.filter((image) => image.upload.includes(name)).map((image) => image.name);
      const pruned = await pruneDue(chosen, { policy, images: of, dryRun: false, emit, signal, env });
      result.push({ target: name, ...pruned, failure: null });
    } catch (error) {
      if (signal.aborted) throw interrupted(signal);
      const failure = nightFault(fromSystemError(error, `pruning ${name}`), 'prune');
      result.push({ target: name, deleted: [], kept: 0, failure });
    }
  }
  if (result.length > 0) await pruneKept(context.keepIn, env);
  return result;
}
