import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { isTemporary, RetryBudget } from '../../host/http/retry-budget.ts';
import { createClient } from '../api/client.ts';
import { whoAmI } from '../api/whoami.ts';
import type { ChosenTarget } from './choose-targets.ts';

// A MAAS that is away for a moment is the upload's own concern, which retries for longer.
const PROBE_BUDGET_S = 5;

/**
 * Asks each MAAS whether its key is good and may upload, before a file is read or an image built. One target of several that says
 * no is a warning: the others get theirs.
 * @throws Fault MAAS_UNAUTHORIZED, MAAS_FORBIDDEN, CONFIG_INVALID, MAAS_PROTOCOL when none may be uploaded to
 */
export async function checkUploadPermission(
  targets: readonly ChosenTarget[],
  { emit, signal }: { emit: Emit; signal: AbortSignal },
): Promise<void> {
  const answers = await Promise.all(targets.map((chosen) => permissionFault(chosen, { emit, signal })));
  const faults = answers.filter((fault) => fault !== undefined);
  const [first] = faults;
  if (first && faults.length === targets.length) throw first;
  for (const fault of faults)
    emit({ type: 'notice', level: 'warning', message: fault.message, hint: fault.hint });
}

async function permissionFault(
  { target, key }: ChosenTarget,
  { emit, signal }: { emit: Emit; signal: AbortSignal },
): Promise<Fault | undefined> {
  const retryBudget = new RetryBudget({ totalS: Math.min(PROBE_BUDGET_S, target.patienceS) });
  const client = createClient({
    url: target.url,
    key,
    caCert: target.caCert,
    emit: () => {},
    signal,
    retryBudget,
  });
  try {
    const { user, mayUpload } = await whoAmI(client);
    if (mayUpload !== false) return undefined;
    return new Fault(
      'MAAS_FORBIDDEN',
      `The API key for ${target.name} belongs to ${user}, who is not an administrator, and only administrators may upload to it`,
      { hint: 'Use the key of an administrator, or make the user an administrator in MAAS.' },
    );
  } catch (error) {
    if (!(error instanceof Fault) || signal.aborted) throw error;
    if (!isTemporary(error)) return error;
    emit({
      type: 'notice',
      level: 'warning',
      message: `${target.name} does not answer: ${error.message}`,
    });
    return undefined;
  }
}
