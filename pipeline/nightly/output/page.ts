import { duration } from '../../core/text/human.ts';
import type { Tone } from '../../report/page/outcome.ts';
import { renderView } from '../../report/page/page.ts';
import { shownTime } from '../../report/page/time.ts';
import type { ImageNight, Night } from '../types.ts';
import {
  acceptancePhrases,
  changePhrases,
  checksPhrase,
  counts,
  sizePhrase,
  took,
  WORDS,
  why,
} from './phrases.ts';

const TONES: Record<Night['outcome'], Tone> = { new: 'good', unchanged: 'plain', broken: 'bad' };
const OPEN_UP_TO = 12;

/**
 * The night as one HTML page of the report's kind.
 * @param pages file names of the images' own reports beside it, by the image's name
 * @throws Fault TEMPLATE_FAILED
 */
export async function nightPage(night: Night, pages: ReadonlyMap<string, string>): Promise<string> {
  return renderView('nightly', {
    tone: TONES[night.outcome],
    word: WORDS[night.outcome],
    title: `Night of ${night.startedAt.slice(0, 10)}`,
    sentence: `${counts(night)}; ${duration(night.seconds)}${night.continued ? ', with an interruption' : ''}.`,
    since: night.since
      ? `Compared with the night of ${shownTime(night.since.startedAt)}.`
      : 'There is no earlier night to compare with.',
    channel: night.channel,
    images: night.images.map((image) => imageOf(image, pages.get(image.image))),
    pruned: night.pruned.map(({ target, deleted, kept, failure }) => ({
      target,
      text: failure ? failure.message : deleted.length > 0 ? deleted.join(', ') : 'nothing',
      failed: failure !== null,
      kept,
    })),
    generated: shownTime(night.endedAt),
    generator: `dgxos-maas ${night.version}`,
  });
}

function imageOf(image: ImageNight, page: string | undefined) {
  const { changes, failure } = image;
  return {
    name: image.image,
    id: `image-${image.image.replace(/[^\w-]/g, '_')}`,
    status: image.status,
    tone: image.status === 'failed' ? 'bad' : image.status === 'unchanged' ? 'plain' : 'good',
    why: why(image),
    size: sizePhrase(image),
    checks: checksPhrase(image),
    took: took(image),
    page: page ?? null,
    failure,
    steps: image.steps.map((step) => ({
      ...step,
      took: step.state === 'fresh' ? '' : duration(step.seconds),
    })),
    acceptances: acceptancePhrases(image),
    promoted: image.promoted,
    newlyFailing: changes?.newlyFailing ?? [],
    fixed: changes?.fixed ?? [],
    changed: changePhrases(changes),
    since: changes?.since ?? null,
    sections: (changes?.sections ?? []).map((section) => ({
      ...section,
      open: section.rows.length <= OPEN_UP_TO,
    })),
    remarks: changes?.remarks ?? [],
  };
}
