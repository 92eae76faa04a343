import { createClient } from '../maas/api/client.ts';
import type { ChosenTarget } from '../maas/images/choose-targets.ts';
import { type ChannelRequest, promote } from '../maas/images/promote.ts';
import { channelHistory, channelName } from '../workspace/ledger/channel.ts';
import { type LedgerEntry, readLedger } from '../workspace/ledger/ledger.ts';
import type { Promotion } from './types.ts';

/**
 * Lets the channel show tonight's upload. A content that the channel has shown before is not promoted again: it is there
 * still, or somebody has moved the channel away from it, and nightly must not undo that.
 * @param upload name of the upload with its content's digest
 */
export async function promoteNew(
  chosen: ChosenTarget,
  upload: { name: string; sha256: string },
  request: ChannelRequest,
): Promise<Promotion> {
  const { target, key } = chosen;
  const { emit, signal, env } = request;
  const { url } = createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
  const name = channelName(request.image, request.channel);
  const left = leftAlone(await readLedger(env), url, name, upload.sha256);
  if (left !== undefined) return { target: target.name, name, moved: false, note: left };
  const moved = await promote(chosen, upload.name, request);
  return { target: target.name, name, moved: true, note: `now shows ${moved.of}` };
}

function leftAlone(
  ledger: readonly LedgerEntry[],
  url: string,
  name: string,
  sha256: string,
): string | undefined {
  const was = ledger.some(
    (entry) =>
      entry.target === url && entry.name === name && entry.did === 'promoted' && entry.sha256 === sha256,
  );
  if (!was) return undefined;
  const now = channelHistory(ledger, url, name).at(-1);
  if (now?.sha256 === sha256) return `shows it since ${now.time.slice(0, 10)}`;
  return `was moved from it to ${now?.of ?? 'another image'}; left so`;
}
