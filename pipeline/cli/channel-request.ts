import { loadConfig, selectImage } from '../config/load.ts';
import { type ChosenTarget, chooseTargets, type TargetOptions } from '../maas/images/choose-targets.ts';
import type { ChannelRequest } from '../maas/images/promote.ts';
import { sharedResults } from '../store/open.ts';
import { keptFolder } from '../workspace/layout.ts';
import type { Session } from './session.ts';
import { shareLedgerOf } from './share-ledger.ts';

export interface ChannelOptions extends TargetOptions {
  channel: string;
  requireAccepted?: boolean;
  quarantined?: boolean;
}

/** The request of `promote` and `rollback`, from the command line and the configuration. */
export async function channelRequest(
  session: Session,
  name: string,
  options: ChannelOptions,
): Promise<{ targets: ChosenTarget[]; request: ChannelRequest }> {
  const { env, emit, signal } = session;
  const { config } = await loadConfig({ file: session.configFile, env, cwd: process.cwd() });
  await shareLedgerOf(config, session);
  const image = selectImage(config, name);
  const elsewhere = options.url !== undefined || options.maasProfile !== undefined;
  const to = options.to ?? (image.upload.length > 0 && !elsewhere ? image.upload : undefined);
  const targets = await chooseTargets({ ...options, to }, session);
  const keepIn = keptFolder(config.workspace);
  const { channel, requireAccepted, quarantined } = options;
  const shared = await sharedResults(config.store, session);
  const fetch: ChannelRequest['fetch'] =
    shared && (({ name: label, ...blob }, to) => shared.fetchFile(blob, to, label, { emit, signal }));
  return {
    targets,
    request: { image, channel, requireAccepted, quarantined, keepIn, fetch, emit, signal, env },
  };
}
