import pLimit from 'p-limit';
import type { ResourceConfig, TargetConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { ApiKey } from '../api/api-key.ts';
import { type UploadResult, uploadImage } from './upload.ts';

/** Targets served at the same time: each takes some memory and its share of the line. */
const AT_ONCE = 4;

export interface UploadPlan {
  /** A file with its size in bytes, its sum, and its identity as `KnownFile` has it. */
  artifact: { path: string; size: number; sha256: string; identity?: string | undefined };
  /** Placeholders filled in. */
  resource: ResourceConfig;
  filetype: string;
  /** The image's name in the configuration, for the ledger. */
  image?: string;
  /** Whether its checks have passed. */
  validated: boolean;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

export interface TargetResult extends UploadResult {
  /** The target's name. */
  target: string;
}

/**
 * Uploads one file to several MAAS at once. One target's trouble does not stop the others: all come to their end first.
 * @throws the first fault, whose detail has the result of every target when there are several
 */
export async function uploadToTargets(
  targets: readonly { target: TargetConfig; key: ApiKey }[],
  plan: UploadPlan,
): Promise<TargetResult[]> {
  const { artifact, resource, filetype, image, validated, emit, signal, env } = plan;
  const limit = pLimit(AT_ONCE);
  const ended = await Promise.allSettled(
    targets.map(({ target, key }) =>
      limit(async () => {
        const result = await uploadImage({
          target,
          key,
          file: artifact.path,
          size: artifact.size,
          sha256: artifact.sha256,
          identity: artifact.identity,
          ...resource,
          filetype,
          patienceS: target.patienceS,
          emit,
          signal,
          env,
          id: `upload:${target.name}`,
          image,
          validated,
        });
        return { ...result, target: target.name };
      }),
    ),
  );
  const done = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = ended.flatMap((one, at) =>
    one.status === 'rejected'
      ? [{ target: (targets[at] as { target: TargetConfig }).target.name, error: one.reason }]
      : [],
  );
  const first = failed[0];
  if (!first) return done;
  if (targets.length === 1 || !(first.error instanceof Fault)) throw first.error;
  throw new Fault(first.error.code, `Upload to ${first.target} failed: ${first.error.message}`, {
    hint: first.error.hint,
    detail: [
      ...done.map(
        ({ target, name, skipped }) => `${target}: ${name} ${skipped ? 'already exists' : 'is complete'}`,
      ),
      ...failed.map(
        ({ target, error }) => `${target}: ${error instanceof Error ? error.message : String(error)}`,
      ),
    ].join('\n'),
    cause: first.error,
  });
}
