import pLimit from 'p-limit';
import { underWay } from '../../core/events/under-way.ts';
import { Fault } from '../../core/faults/fault.ts';
import { readResource } from '../api/answers.ts';
import type { MaasClient } from '../api/client.ts';
import type { ApplyContext } from './change.ts';
import { isImporting, type SyncedImage, syncedImages } from './live-site.ts';

/** An image that a selection asks for; `any`: one of whatever architecture. */
export interface WantedImage {
  name: string;
  arch: string;
}

const LOOK_EVERY_S = 5;
/** MAAS takes a while to notice that it is to import. */
const GRACE_S = 60;
const AT_ONCE = 4;

const is = (want: WantedImage, have: SyncedImage) =>
  want.name === have.name && (want.arch === 'any' || want.arch === have.arch);

/** Those of which there is nothing at all. */
export function missingImages(wanted: readonly WantedImage[], have: readonly SyncedImage[]): WantedImage[] {
  return wanted.filter((want) => !have.some((image) => is(want, image)));
}

/**
 * Starts the import, unless it runs, and waits until everything wanted is complete. MAAS continues it after an interruption.
 * @throws Fault MAAS_BUSY when it takes too long or ends without something
 */
export async function importImages(
  work: ApplyContext,
  wanted: readonly WantedImage[],
  { wait, timeoutS }: { wait: boolean; timeoutS: number },
): Promise<void> {
  const { client, emit } = work;
  if (!(await isImporting(client))) await client.call('boot-resources/?op=import', {});
  if (wait) await underWay(emit, 'import', () => complete(work, wanted, timeoutS));
}

async function complete(
  { client, emit, now, pause }: ApplyContext,
  wanted: readonly WantedImage[],
  timeoutS: number,
): Promise<void> {
  const started = now();
  let quietSince = started;
  for (;;) {
    const state = await progress(client, wanted);
    const running = await isImporting(client);
    emit({
      type: 'progress',
      id: 'import',
      label: 'boot images',
      done: state.done,
      total: state.total,
      unit: 'bytes',
      ...(state.missing.length ? { note: `waiting for ${state.missing.join(', ')}` } : {}),
    });
    if (state.missing.length === 0 && !running) return;
    if (running) quietSince = now();
    if (now() - quietSince > GRACE_S * 1000)
      throw new Fault('MAAS_BUSY', `The import ended without ${state.missing.join(', ')}`, {
        hint: "Check the Images page of MAAS and the region's log, then run the command again.",
      });
    if (now() - started > timeoutS * 1000)
      throw new Fault(
        'MAAS_BUSY',
        `The import of ${state.missing.join(', ')} did not end within ${timeoutS} s`,
        {
          hint: 'MAAS continues it: run the command again, or raise the limit with `import: { timeout: 4h }`.',
        },
      );
    await pause(LOOK_EVERY_S);
  }
}

/** The images but for those of the wanted ones that are not complete; one request for each wanted image. */
export async function completeOf(
  client: MaasClient,
  images: readonly SyncedImage[],
  wanted: readonly WantedImage[],
): Promise<SyncedImage[]> {
  const sets = await setsOf(client, images, wanted);
  const incomplete = new Set(sets.filter(({ complete }) => !complete).map(({ image }) => image));
  return images.filter((image) => !incomplete.has(image));
}

async function setsOf(client: MaasClient, images: readonly SyncedImage[], wanted: readonly WantedImage[]) {
  const limit = pLimit(AT_ONCE);
  return Promise.all(
    images
      .filter((image) => wanted.some((want) => is(want, image)))
      .map((image) =>
        limit(async () => {
          const { sets } = await readResource(client, image.id);
          // Of an image that is refreshed the older, complete set stays in use.
          const set = sets.find(({ complete }) => complete) ?? sets[0];
          return {
            image,
            size: set?.size ?? 0,
            complete: set?.complete ?? false,
            percent: set?.progress ?? 0,
          };
        }),
      ),
  );
}

/** Bytes that have come of the wanted images, and what is not complete. */
async function progress(client: MaasClient, wanted: readonly WantedImage[]) {
  const have = await syncedImages(client);
  const sets = await setsOf(client, have, wanted);
  const name = ({ name: image, arch }: WantedImage | SyncedImage) => `${image} (${arch})`;
  return {
    total: sets.reduce((sum, { size }) => sum + size, 0),
    done: Math.round(
      sets.reduce((sum, { size, complete, percent }) => sum + (complete ? size : (size * percent) / 100), 0),
    ),
    missing: [
      ...new Set([
        ...missingImages(wanted, have).map(name),
        ...sets.filter(({ complete }) => !complete).map(({ image }) => name(image)),
      ]),
    ],
  };
}
