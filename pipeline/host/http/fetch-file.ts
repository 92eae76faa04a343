import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { HttpClient } from './client.ts';
import { HttpError } from './http-error.ts';
import { bareUrl } from './url.ts';

export interface FetchFile {
  url: string;
  /** The path of the whole file; `.partial` beside it until then. */
  to: string;
  /** The sum that its bytes must have; null: any. */
  sha256: string | null;
  /** Bytes beyond which it is not what was asked for. */
  most: number;
  /** Bytes that it must have; null: any number. */
  bytes?: number | null;
  /** In place of DOWNLOAD_FAILED, where the server does not have it (404, 410). */
  missing?: () => Fault;
  /** PEM file of the authority that alone is trusted. */
  caCert?: string | null;
  emit: Emit;
  signal: AbortSignal;
}

const STALL_MS = 60_000;
const REDIRECTS = 10;
const TRIES = 4;
const PAUSE_MS = 1000;
/** Milliseconds between two reports of progress. */
const REPORT_MS = 200;

/**
 * Fetches a file whole, and verifies its sum before it has its name. What passes (the network, a busy server) is tried four times.
 * @returns its SHA-256
 * @throws Fault DOWNLOAD_FAILED, SUMS_UNTRUSTED when the bytes are others, DISK_FULL and others of the system, INTERRUPTED
 */
export async function fetchFile(asked: FetchFile): Promise<string> {
  const { to, sha256, signal } = asked;
  const { shown } = bareUrl(new URL(asked.url));
  const partial = `${to}.partial`;
  try {
    for (let tries = 1; ; tries += 1) {
      const got = await once(asked, partial);
      if ('sha256' in got) {
        if (sha256 !== null && got.sha256 !== sha256)
          throw new Fault(
            'SUMS_UNTRUSTED',
            `${shown} has the SHA-256 ${got.sha256}, and should have ${sha256}`,
            {
              hint: 'Fetch it again later; if it stays so, the file was replaced, or the mirror is not in step with its index.',
            },
          );
        await rename(partial, to);
        return got.sha256;
      }
      if (got.missing && asked.missing) throw asked.missing();
      if (!got.passes || tries === TRIES)
        throw new Fault('DOWNLOAD_FAILED', `${shown} cannot be fetched: ${got.why}`, {
          hint: got.passes ? 'Run the command again later.' : 'Correct the address in the configuration.',
        });
      await sleep(PAUSE_MS * 2 ** (tries - 1), undefined, { signal }).catch(() => {
        throw interrupted(signal);
      });
    }
  } catch (error) {
    throw fromSystemError(error, `fetching ${shown} to ${to}`);
  } finally {
    asked.emit({ type: 'activity-end', id: 'fetch' });
    await rm(partial, { force: true });
  }
}

/** One try: the sum of what came, or why it did not. */
async function once(
  { url, most, bytes = null, emit, signal, to, caCert = null }: FetchFile,
  partial: string,
): Promise<{ sha256: string } | { why: string; passes: boolean; missing?: boolean }> {
  const otherSize = (has: number) => ({ why: `it has ${has} bytes and should have ${bytes}`, passes: false });
  const http = new HttpClient({ signal, stallMs: STALL_MS, caCert });
  const file = await open(partial, 'w', 0o600);
  try {
    const answer = await http.send({ url, redirects: REDIRECTS });
    const { status, statusText } = answer;
    if (status !== 200) {
      answer.discard();
      const passes = status >= 500 || status === 429 || status === 408;
      const missing = status === 404 || status === 410;
      return { why: `the server answered ${status} ${statusText}`.trim(), passes, missing };
    }
    const length = Number(answer.headers.get('content-length') ?? Number.NaN);
    // Compressed on the way, it has another length than the file.
    const isPlain = (answer.headers.get('content-encoding') ?? 'identity') === 'identity';
    const total = Number.isFinite(length) && isPlain ? length : undefined;
    if (bytes !== null && total !== undefined && total !== bytes) {
      answer.discard();
      return otherSize(total);
    }
    const hash = createHash('sha256');
    let done = 0;
    let reported = 0;
    for await (const chunk of answer.body) {
      done += chunk.length;
      if (done > most) return { why: `it has more than ${most} bytes`, passes: false };
      hash.update(chunk);
      // Unlike `write`, it does not stop short where the disk is nearly full.
      await file.writeFile(chunk);
      if (performance.now() - reported < REPORT_MS) continue;
      reported = performance.now();
      emit({ type: 'progress', id: 'fetch', label: `Fetching ${basename(to)}`, done, total, unit: 'bytes' });
    }
    if (total !== undefined && done < total)
      return { why: `the connection ended ${total - done} bytes early`, passes: true };
    if (bytes !== null && done !== bytes) return otherSize(done);
    await file.sync();
    emit({
      type: 'progress',
      id: 'fetch',
      label: `Fetching ${basename(to)}`,
      done,
      total: done,
      unit: 'bytes',
    });
    return { sha256: hash.digest('hex') };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { why: error.message, passes: error.kind !== 'redirect' && !error.certificate };
  } finally {
    await file.close();
    http.close();
  }
}
