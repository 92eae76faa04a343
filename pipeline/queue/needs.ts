import { access, constants } from 'node:fs/promises';
import { Fault } from '../core/faults/fault.ts';
import { kvmHere } from '../host/accelerator.ts';
import { HOST_ARCHITECTURE } from '../host/architecture.ts';
import { foreignVerdict } from '../host/foreign.ts';
import { namespaceVerdict } from '../host/namespaces.ts';
import { mediumPath } from '../install/iso/locate.ts';
import { parseSource } from '../install/iso/source.ts';
import { labelsOf } from '../nightly/labels.ts';
import type { RunRequest } from '../stages/run/runner.ts';
import { sourceOf } from '../stages/table.ts';
import { labelOf, type Need } from './unit.ts';

type Built = Pick<RunRequest, 'config' | 'image' | 'release' | 'signal'>;

/** The media of an image that are files, and so are on the hosts that hold them. */
function localMedia({ image, config }: Built): { path: string; sha256: string }[] {
  const { iso, archive } = image;
  const media = sourceOf(image) === 'iso' ? [iso] : [archive.root, archive.repository];
  return media.flatMap(({ source, sha256 }) =>
    source !== null && parseSource(source).kind === 'path'
      ? [
          {
            path: mediumPath({ source, sha256: sha256 ?? '' }, config.cache),
            sha256: (sha256 ?? '').toLowerCase(),
          },
        ]
      : [],
  );
}

/**
 * The host that an image's build needs, with the way that this host would choose: it is part of the fingerprint, so only a worker
 * that chooses the same can make the result.
 */
export async function needOf(request: Built): Promise<Need> {
  const { architecture, capability } = await labelsOf(request);
  const sum = localMedia(request)[0]?.sha256;
  return { way: capability, architecture, iso: sum && /^[0-9a-f]{64}$/.test(sum) ? sum : null };
}

/** The images that a worker can build, by queue label; and the others with the reason. */
export interface Offer {
  needs: Map<string, { need: Need; images: string[] }>;
  refused: { image: string; why: string }[];
}

/** Examines this host for each image of its configuration. */
export async function offerOf(requests: readonly Built[]): Promise<Offer> {
  const offer: Offer = { needs: new Map(), refused: [] };
  for (const request of requests) {
    const { name } = request.image;
    try {
      const need = await needOf(request);
      const why = await obstacle(need, request);
      if (why === null) {
        const label = labelOf(need);
        const known = offer.needs.get(label) ?? { need, images: [] };
        known.images.push(name);
        offer.needs.set(label, known);
      } else offer.refused.push({ image: name, why });
    } catch (error) {
      if (!(error instanceof Fault) || request.signal.aborted) throw error;
      offer.refused.push({ image: name, why: error.message });
    }
  }
  return offer;
}

async function obstacle({ way, architecture }: Need, request: Built): Promise<string | null> {
  const { signal } = request;
  if (way === 'kvm') {
    const verdict = await kvmHere(signal);
    if (architecture !== HOST_ARCHITECTURE || !verdict.usable)
      return `KVM does not work here: ${verdict.reason}`;
  }
  if (way === 'namespace') {
    const verdict = await namespaceVerdict(signal);
    if (!verdict.usable) return `namespaces do not work here: ${verdict.reason}`;
    const foreign = architecture === HOST_ARCHITECTURE ? null : await foreignVerdict(architecture);
    if (foreign && !foreign.usable) return `programs of ${architecture} do not run here: ${foreign.reason}`;
  }
  for (const { path } of localMedia(request))
    if (
      await access(path, constants.R_OK).then(
        () => false,
        () => true,
      )
    )
      return `${path} cannot be read`;
  return null;
}
