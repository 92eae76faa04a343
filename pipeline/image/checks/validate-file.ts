import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import type { ImageFacts } from '../facts/facts.ts';
import { type ReadImage, readImage } from '../read/read-image.ts';
import { type JudgeOptions, judge, type Verdict } from './judge.ts';
import { profileOf } from './profiles.ts';

export interface ValidateOptions extends Omit<JudgeOptions, 'stream'> {
  signal: AbortSignal;
  emit?: Emit;
  /** Milliseconds that the server of a URL may be silent. */
  stallMs?: number | undefined;
  /** Ask the image's archives whether they are there. */
  probeSources?: boolean;
}

export interface ValidatedFile extends ReadImage {
  verdict: Verdict;
}

/**
 * Validates an image from a path, `-` for stdin, or an http(s) URL in one pass, in constant memory. Whatever is wrong with the image is
 * in the verdict.
 * @throws Fault IMAGE_UNREADABLE when the bytes cannot be had; USAGE for an unknown profile; INTERRUPTED
 */
export async function validateFile(source: string, options: ValidateOptions): Promise<ValidatedFile> {
  // A wrong name should not cost the reading of a whole image.
  if (typeof options.profile === 'string') profileOf(options.profile);
  const read = await readImage(source, options);
  const archives = options.probeSources ? await probed(read.facts, options) : null;
  const verdict = judge(read.facts, { ...options, stream: read.stream, archives });
  for (const note of verdict.notes ?? []) options.emit?.({ type: 'notice', level: 'warning', message: note });
  return { ...read, verdict };
}

async function probed(facts: ImageFacts, { signal, emit }: ValidateOptions) {
  const { probeSources } = await import('./probe-sources.ts');
  return underWay(emit, 'archives', () => {
    emit?.({ type: 'activity', id: 'archives', label: 'asking the archives of the image' });
    return probeSources(facts.apt.archives, { signal });
  });
}
