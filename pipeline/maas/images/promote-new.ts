import { maasUrl } from '../../config/maas-url.ts';
import { channelName, shownSince } from '../../workspace/ledger/channel.ts';
import { readLedger } from '../../workspace/ledger/ledger.ts';
import type { ChosenTarget } from './choose-targets.ts';
import { type ChannelRequest, promote } from './promote.ts';

/** A channel after a run. */
export interface ChannelState {
  target: string;
  /** The channel's name in MAAS, without `custom/`. */
  name: string;
  /** The versioned name of the build that it holds. */
  of: string;
  /** Whether that is the image of this run; else somebody has moved the channel away from it. */
  ours: boolean;
  /** Whether this run has moved it. */
  moved: boolean;
  /** Since when it holds that; ISO 8601, UTC. */
  since: string;
}

/**
 * Promotes an upload to a channel. A build that the channel has held before is not promoted again: it is still there, or
 * somebody has moved the channel away from it, and a run must not undo that.
 * @param upload name of the upload, with the digest of its artifact
 * @param again promote it whatever the channel has held before
 */
export async function promoteNew(
  chosen: ChosenTarget,
  upload: { name: string; sha256: string },
  request: ChannelRequest & { again: boolean },
): Promise<ChannelState> {
  const { target } = chosen;
  const name = channelName(request.image, request.channel);
  const ledger = await readLedger(request.env);
  const left = request.again ? undefined : shownSince(ledger, maasUrl(target.url), name, upload.sha256);
  if (left) {
    const { of = left.name, time: since } = left;
    return { target: target.name, name, of, ours: left.sha256 === upload.sha256, moved: false, since };
  }
  const { of } = await promote(chosen, upload.name, request);
  return { target: target.name, name, of, ours: true, moved: true, since: new Date().toISOString() };
}

/** The text of a run on a channel, after its name. */
export function channelNote({ of, ours, moved, since }: Omit<ChannelState, 'target' | 'name'>): string {
  if (moved) return `now has ${of}`;
  return ours ? `has it since ${since.slice(0, 10)}` : `was changed from it to ${of}; not changed`;
}
