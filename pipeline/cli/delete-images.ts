import { plain } from '../core/escape/terminal.ts';
import { bytes } from '../core/text/human.ts';
import { createClient } from '../maas/api/client.ts';
import { atLeast } from '../maas/api/version.ts';
import type { ChosenTarget } from '../maas/images/choose-targets.ts';
import { checkDeletable } from '../maas/images/delete-images.ts';
import type { ListedImage } from '../maas/images/list-images.ts';
import { deleteImage } from '../maas/images/prune.ts';
import { freedBy } from '../maas/images/stored.ts';
import { readLedger } from '../workspace/ledger/ledger.ts';
import { confirm, terminal } from './confirm.ts';
import type { Session } from './session.ts';

/**
 * Deletes images that were named, after the guards and a question.
 * @param all images of the MAAS, by which it is counted what is freed
 * @throws Fault MAAS_REFUSED for one that must be kept; then none is deleted
 */
export async function deleteNamed(
  session: Session,
  { target, key }: ChosenTarget,
  images: readonly ListedImage[],
  all: readonly ListedImage[],
  options: { force?: boolean; yes?: boolean; dryRun?: boolean },
): Promise<void> {
  const { env, emit, signal } = session;
  const client = createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
  const ledger = await readLedger(env);
  checkDeletable(images, ledger, client.url, options.force === true);
  const ids = images.map(({ id }) => id);
  const freed = freedBy(all, ids, atLeast(await client.version(), 3, 5));
  const lines = images.map(({ id, name, architecture, size }) =>
    plain(`${name} (${id}, ${architecture}, ${bytes(size)}; frees ${bytes(freed.get(id) ?? 0)})`),
  );
  const dryRun = options.dryRun === true;
  if (!dryRun) {
    await confirm(`To be deleted from ${target.name}:\n${lines.map((line) => `  ${line}`).join('\n')}`, {
      ...{ yes: options.yes === true, signal, io: terminal(session) },
    });
    for (const image of images) await deleteImage(client, image, ledger, { env, emit });
  }
  const deleted = images.map(({ id, name, architecture }) => ({
    ...{ id, name, architecture },
    frees: freed.get(id) ?? 0,
  }));
  const verb = dryRun ? 'would be deleted' : 'deleted';
  session.data({ ok: true, dryRun, target: target.name, deleted }, () =>
    lines.map((line) => `${verb}: ${line}`).join('\n'),
  );
}
