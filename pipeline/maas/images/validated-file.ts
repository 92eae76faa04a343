import { Fault } from '../../core/faults/fault.ts';
import { headlineOf } from '../../image/checks/judge.ts';
import { validateFile } from '../../image/checks/validate-file.ts';
import { imageArchitecture } from '../../image/facts/architecture.ts';
import type { BareFileOptions, Context } from './bare-file.ts';
import { type InspectedFile, settledIdentity } from './inspected-file.ts';

/** The systems that MAAS accepts in a base image. */
const BASE_SYSTEMS = new Set(['ubuntu', 'centos', 'rhel', 'ol']);

/**
 * A file that has passed its checks, with the base image and the architecture that it has by itself.
 * @throws Fault IMAGE_REJECTED when a blocker fails
 */
export async function validated(
  file: string,
  options: BareFileOptions,
  { emit, signal, waivers }: Context,
): Promise<InspectedFile> {
  const { profile, baseImage, architecture } = options;
  const identity = await settledIdentity(file);
  const looking = { profile, baseImage, architecture, waivers: await waivers(), signal, emit };
  const { facts, verdict, sha256, size } = await validateFile(file, looking);
  const failed = verdict.findings.filter(({ status }) => status === 'fail');
  const line = (finding: (typeof failed)[number]) =>
    // Of a waived one also by whom and until when.
    `${finding.number} ${finding.id}: ${finding.status === 'waived' ? finding.found : headlineOf(finding)}`;
  const blockers = failed.filter(({ severity }) => severity === 'blocker');
  if (!verdict.passed)
    throw new Fault(
      'IMAGE_REJECTED',
      `${file} is unfit for MAAS: ${blockers.length} ${blockers.length === 1 ? 'blocker' : 'blockers'} failed`,
      {
        hint: `For reasons and fixes run \`dgxos-maas validate ${file}\`; --no-validate uploads it anyway.`,
        detail: blockers.map(line).join('\n'),
      },
    );
  for (const finding of failed)
    emit({ type: 'notice', level: 'warning', message: line(finding), hint: finding.fix });
  for (const finding of verdict.findings)
    if (finding.waiver)
      emit({
        type: 'notice',
        level: 'info',
        message: line(finding),
      });
  const os = facts.osRelease;
  const fromImage = os && BASE_SYSTEMS.has(os.id) && os.codename ? `${os.id}/${os.codename}` : undefined;
  const own = imageArchitecture(facts);
  return { size, sha256, identity, baseImage: fromImage, ...(own ? { architecture: `${own}/generic` } : {}) };
}
