import type { ImageConfig, Release } from '../config/types.ts';
import { KNOWN_FACTS, readEvidence } from '../image/artifact.ts';
import { type ConditionSubject, systemOf } from '../maas/acceptance/applicable.ts';
import { loadChecks } from '../maas/acceptance/checks-file.ts';
import { startedKernel } from '../maas/acceptance/kernel.ts';
import type { CheckList } from '../maas/acceptance/types.ts';

/** The acceptance checks that an image's configuration names, and what their conditions are evaluated with. @throws Fault CONFIG_* */
export async function checksOf(
  { acceptance, release, platform }: ImageConfig,
  { profile, platforms }: Pick<Release, 'profile' | 'platforms'>,
): Promise<{ list: CheckList; subject: ConditionSubject }> {
  const list = await loadChecks(acceptance.checksFile);
  return { list, subject: { release, profile, platform, system: systemOf({ platforms }, platform) } };
}

/** The kernel that the packed image starts, by the evidence of `pack`. @param facts its path */
export async function kernelIn(facts: string): Promise<string | null> {
  return startedKernel((await readEvidence(facts, KNOWN_FACTS)).facts);
}
