import { loadRelease } from '../config/releases/load.ts';
import type { Terminal } from './confirm.ts';

/**
 * Whether the licence of a release is accepted: by the option, or by an answer where somebody can be asked. No answer is none.
 * @throws Fault RELEASE_UNKNOWN
 */
export async function licenceAccepted(
  releaseId: string,
  { acceptEula = false, io, signal }: { acceptEula?: boolean | undefined; io: Terminal; signal: AbortSignal },
): Promise<boolean> {
  const { title, licence } = await loadRelease(releaseId);
  if (licence === null || acceptEula) return acceptEula;
  if (!io.interactive) return false;
  const answer = await io.ask(`${licence}.\nDo you accept the licence of ${title}? [y/N] `, signal);
  return /^y(?:es)?$/i.test(answer);
}
