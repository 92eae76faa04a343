import { Fault } from '../../core/faults/fault.ts';
import { RetryBudget } from '../../host/http/retry-budget.ts';
import { recordUpload } from '../../workspace/ledger/ledger.ts';
import { lockWorkspace } from '../../workspace/lock.ts';
import { regionIds } from '../api/answers.ts';
import { hasBaseImage, importHint } from '../api/base-images.ts';
import { createClient, type MaasClient } from '../api/client.ts';
import { ChunkSize } from './chunk-size.ts';
import { LocalFile } from './local-file.ts';
import { checkRequest, type UploadRequest, type UploadResult } from './request.ts';
import { regionsDir, storedChunkSize, targetDir } from './target-state.ts';
import { Transfer } from './transfer.ts';
import { TUNING, type Tuning } from './tuning.ts';

export type { UploadRequest, UploadResult } from './request.ts';

/**
 * Uploads a file as a boot resource and returns when MAAS calls it complete. Whatever happens in between (lost answers,
 * restarts, an earlier run that was killed), MAAS is asked how much it has and the rest is sent; what it has whole is not
 * sent again.
 * @throws Fault USAGE, UPLOAD_CHANGED, UPLOAD_MISMATCH, MAAS_* ; of these MAAS_UNREACHABLE, MAAS_BUSY and MAAS_DISK_FULL
 *   after `patienceS` without any advance
 */
export async function uploadImage(request: UploadRequest, tuning: Tuning = TUNING): Promise<UploadResult> {
  checkRequest(request);
  const started = performance.now();
  const client = createClient({
    url: request.target.url,
    key: request.key,
    caCert: request.target.caCert,
    emit: request.emit,
    signal: request.signal,
    retryBudget: new RetryBudget({ totalS: request.patienceS, baseMs: tuning.backOffMs }),
    stallMs: tuning.stallMs,
    answerMs: tuning.answerMs,
  });
  const dir = targetDir(client.url, request.env);
  const unlock = await lock(dir, request);
  try {
    // Another URL of the same MAAS has another folder, and two uploads of the same data end each other there.
    const unlockRegions = await lock(regionsDir(await regionIds(client), request.env), request);
    try {
      return await transfer(client, request, dir, tuning, started);
    } finally {
      await unlockRegions();
    }
  } finally {
    await unlock();
  }
}

async function transfer(
  client: MaasClient,
  request: UploadRequest,
  dir: string,
  tuning: Tuning,
  started: number,
): Promise<UploadResult> {
  const file = await LocalFile.open(request);
  try {
    const maasVersion = (await client.version()).text;
    await warnOfBaseImage(client, request);
    const chunkSize = new ChunkSize(tuning.chunkSizes, await storedChunkSize(dir));
    const done = await new Transfer(client, request, file, chunkSize, dir, tuning).run();
    const { resourceId, set } = done;
    await recordUpload(done.skipped ? 'found' : 'completed', client.url, request, { resourceId, set });
    return { ...done, maasVersion, seconds: (performance.now() - started) / 1000 };
  } finally {
    await file.close();
  }
}

/** An image whose base MAAS has not imported is taken, and no machine can be deployed with it. */
async function warnOfBaseImage(client: MaasClient, request: UploadRequest): Promise<void> {
  const { baseImage, architecture, target, emit, name } = request;
  if ((await hasBaseImage(client, baseImage, architecture)) !== false) return;
  emit({
    type: 'notice',
    level: 'warning',
    message: `${target.name} has not imported ${baseImage} for ${architecture.split('/')[0]}: until then no machine can be deployed with "${name}"`,
    hint: importHint(baseImage, architecture),
  });
}

/** One upload at a time to one MAAS from this host: its chunks have no offset and must come in their order. */
async function lock(dir: string, request: UploadRequest): Promise<() => Promise<void>> {
  const { emit, signal, name } = request;
  try {
    return await lockWorkspace(dir, { doing: `upload of ${name}`, wait: true, emit, signal });
  } catch (error) {
    if (!(error instanceof Fault) || signal.aborted) throw error;
    emit({
      type: 'notice',
      level: 'warning',
      message: `${error.message}; uploading without a lock`,
      hint: 'Do not upload to the same MAAS twice at the same time.',
    });
    return async () => {};
  }
}
