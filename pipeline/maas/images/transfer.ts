import { fullName, plainName } from '../../config/image-name.ts';
import { endpointOf } from '../../config/maas-url.ts';
import { Fault } from '../../core/faults/fault.ts';
import { recordUpload } from '../../workspace/ledger/ledger.ts';
import type { MaasClient } from '../api/client.ts';
import { MaasError } from '../api/maas-error.ts';
import { atLeast } from '../api/version.ts';
import { ChunkPut } from './chunk-put.ts';
import type { ChunkSize } from './chunk-size.ts';
import type { LocalFile } from './local-file.ts';
import { Overlap } from './overlap.ts';
import { ProgressLine } from './progress-line.ts';
import { RemoteImage } from './remote-image.ts';
import type { UploadRequest, UploadResult } from './request.ts';
import {
  imagesWithSameContent,
  type SharedContent,
  warnOfBrokenUpload,
  warnOfSharedFile,
} from './shared-file.ts';
import { fitsHeaders, StreamingEndpoint, wasAborted } from './streaming.ts';
import { storeChunkSize } from './target-state.ts';
import { lastAnswerMs, type Tuning } from './tuning.ts';
import type { UploadState } from './upload-state.ts';

// Starting afresh helps against what somebody else left there; if it does not help twice, something else is wrong.
const RESTARTS = 2;

export type Transferred = Omit<UploadResult, 'seconds' | 'maasVersion'>;

/**
 * The way of one file into one MAAS, as a loop of two steps: ask how far MAAS is, do the next thing. A fault in between
 * leads back to asking, so that no answer that was lost and no process that died needs to be remembered.
 */
export class Transfer {
  readonly #client: MaasClient;
  readonly #request: UploadRequest;
  readonly #file: LocalFile;
  readonly #chunkSize: ChunkSize;
  readonly #dir: string;
  readonly #tuning: Tuning;
  readonly #remote: RemoteImage;
  readonly #line: ProgressLine;
  readonly #overlap = new Overlap();
  #sent = 0;
  #restarts = 0;
  #mayStream = true;
  /** Chunks in a row that the line did not carry. */
  #cuts = 0;
  /** MAAS has said that it has every byte, whatever its progress shows. */
  #allThere = false;
  /** Other images with the same data; undefined before MAAS was asked. */
  #others: SharedContent | undefined;
  /** The start of the last chunk, and of the last one that met a server's error. */
  #offset = 0;
  #erredAt: number | undefined;
  /** The start of the rest of an upload that an earlier run began; 0 of one that this run began. */
  #resumedAt: number | undefined;

  constructor(
    client: MaasClient,
    request: UploadRequest,
    file: LocalFile,
    chunkSize: ChunkSize,
    dir: string,
    tuning: Tuning,
  ) {
    this.#client = client;
    this.#request = request;
    this.#file = file;
    this.#chunkSize = chunkSize;
    this.#dir = dir;
    this.#tuning = tuning;
    this.#remote = new RemoteImage(client, request);
    this.#line = new ProgressLine(request, () => client.retryBudget.attempt);
  }

  async run(): Promise<Transferred> {
    try {
      if (this.#request.anew) {
        await this.#remote.ask();
        await this.#remote.create(false);
      }
      for (;;) {
        const now = await this.#remote.ask();
        if (now.at === 'complete') return this.#done(now.set);
        try {
          this.#others ??= await warnOfSharedFile(this.#client, this.#request, this.#remote.takeListed());
          await this.#advance(now);
        } catch (error) {
          await this.#recover(error);
        }
      }
    } catch (error) {
      if (this.#sent > 0) warnOfBrokenUpload(this.#others?.without ?? [], this.#request.emit);
      throw error;
    } finally {
      this.#line.end();
    }
  }

  async #advance(now: Exclude<UploadState, { at: 'complete' }>): Promise<void> {
    if (now.at === 'absent') {
      this.#resumedAt ??= 0;
      return this.#begin(now.keepOld);
    }
    if (now.at === 'sent' || this.#allThere) return this.#awaitComplete(now);
    this.#resumedAt ??= now.offset;
    return this.#sendFrom(now.offset, now.uploadUri);
  }

  async #begin(keepOld: boolean): Promise<void> {
    // Of an image that has been deleted since.
    this.#allThere = false;
    if (keepOld) this.#noticeKept();
    if (this.#remote.id === undefined && (await this.#stream())) return;
    const now = await this.#remote.create(keepOld);
    this.#client.retryBudget.advanced();
    if (now.at === 'absent') return;
    const made = { resourceId: this.#remote.id as number, set: now.set };
    await recordUpload('started', this.#client.url, this.#request, made);
    // Up to 3.4 it may be complete at once, or partly there: the same data under another name.
    if (now.at === 'partial') await this.#sendFrom(now.offset, now.uploadUri);
  }

  /** Sends chunk after chunk, each while MAAS works on the one before; the first fault ends it. */
  async #sendFrom(start: number, uploadUri: string): Promise<void> {
    const { size } = this.#file;
    const path = endpointOf(uploadUri);
    this.#line.at(start);
    if (this.#file.readTo < start) this.#line.catchingUp();
    await this.#overlap.send({
      ...{ start, size },
      begin: (offset) => this.#put(path, offset),
      turn: ({ offset }) => {
        this.#offset = offset;
      },
      taken: ({ began }) => {
        this.#client.retryBudget.advanced();
        this.#cuts = 0;
        if (performance.now() - began > this.#tuning.slowChunkMs) this.#chunkSize.lower();
        else this.#chunkSize.passed();
      },
    });
  }

  #put(path: string, offset: number): ChunkPut {
    const { size } = this.#file;
    const length = Math.min(this.#chunkSize.bytes, size - offset);
    const answerMs = offset + length === size ? lastAnswerMs(this.#tuning, size) : undefined;
    const chunk = { path, file: this.#file, offset, length, answerMs, onSent: this.#counter(offset) };
    return new ChunkPut(this.#client, chunk);
  }

  /**
   * MAAS 3.8's way, tried once: it cannot be resumed, which the chunks can.
   * @returns whether it was tried, so that MAAS must be asked again
   */
  async #stream(): Promise<boolean> {
    if (!this.#mayStream) return false;
    this.#mayStream = false;
    const { name, sha256, architecture, filetype, title, baseImage, env, emit } = this.#request;
    const image = { name: fullName(name), sha256, architecture, filetype, title, baseImage };
    const door = fitsHeaders(image) ? await StreamingEndpoint.find(this.#client, env) : undefined;
    if (!door) return false;
    const { size } = this.#file;
    const bytes = this.#file.stream();
    const body = { type: 'application/octet-stream', length: size, bytes, onSent: this.#counter(0) };
    try {
      await door.send(image, body, lastAnswerMs(this.#tuning, size));
      this.#client.retryBudget.advanced();
    } catch (error) {
      if (!(error instanceof Fault) || wasAborted(error) || error.code === 'UPLOAD_CHANGED') throw error;
      const message = `Sending in one stream failed: ${error.message}; continuing in chunks, which can be resumed`;
      emit({ type: 'notice', level: 'warning', message });
    }
    return true;
  }

  async #awaitComplete(now: Exclude<UploadState, { at: 'complete' | 'absent' }>): Promise<void> {
    const percent = now.at === 'sent' ? now.percent : (100 * now.offset) / this.#file.size;
    this.#line.waiting(percent);
    const waiting = new Fault(
      'MAAS_BUSY',
      `MAAS has all data of "${this.#request.name}" and does not report it as complete`,
      {
        hint: 'Its region controllers are still copying it, or one of them does not answer; run the command again later, nothing is sent twice.',
      },
    );
    await this.#client.retryBudget.pause(waiting, this.#request.signal, () => {});
  }

  /** Decides what a fault means: wait and ask again, send less at once, start afresh, or give up. */
  async #recover(error: unknown): Promise<void> {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'UPLOAD_CHANGED') {
      // It can never be completed: no dead image is left behind.
      await this.#remote.remove().catch(() => {});
      throw error;
    }
    const { status, row } = error instanceof MaasError ? error : { status: 0, row: undefined };
    if (status === 413 || row === 'expired') {
      if (!(status === 413 ? this.#chunkSize.refused() : this.#chunkSize.lower())) throw error;
      if (status === 413) await storeChunkSize(this.#dir, this.#chunkSize.bytes);
      return;
    }
    if (row === 'complete') {
      this.#allThere = true;
      return;
    }
    if (row === 'too-much' || row === 'wrong-sum' || row === 'part-gone') return this.#restart(error);
    if (status === 500 && (await this.#wasTakenAway())) return this.#restart(error);
    if (status === 404) {
      // Deleted, or replaced by another upload: asking shows which.
      this.#restarts += 1;
      if (this.#restarts > RESTARTS) throw error;
      return;
    }
    if (error.code === 'MAAS_UNREACHABLE') {
      this.#cuts += 1;
      // A line that breaks again and again may carry a smaller chunk.
      if (this.#cuts > 2) this.#chunkSize.lower();
    }
    await this.#client.retryBudget.pause(error, this.#request.signal, this.#client.retrying(error));
  }

  /** The bytes in MAAS are not the beginning of our file: they are deleted. */
  async #restart(error: Fault): Promise<void> {
    this.#restarts += 1;
    // Older content in use forbids deleting the image; from 3.5 on a new set starts empty just as well.
    const cleared =
      this.#restarts <= RESTARTS && ((await this.#remote.remove()) || (await this.#remote.replace()));
    if (!cleared) throw error;
    // Expected, and reported already, where another image has the same data.
    if (this.#others?.without.length) return;
    this.#request.emit({
      type: 'notice',
      level: 'warning',
      message: `${error.message}; the upload starts again`,
    });
  }

  /** Counts what leaves this host in one request that starts at `offset`. */
  #counter(offset: number): (bytes: number) => void {
    let before = 0;
    return (bytes) => {
      this.#sent += bytes - before;
      before = bytes;
      this.#line.at(offset + bytes);
    };
  }

  #noticeKept(): void {
    this.#request.emit({
      type: 'notice',
      level: 'info',
      message: `"${plainName(this.#request.name)}" has other data in MAAS, which stays in use until the new set is complete`,
    });
  }

  /**
   * A second error of the server at one offset, while the same data was uploaded under another name since this upload began: it will not pass.
   * Of an upload that an earlier run began, nobody knows since when the others are there.
   */
  async #wasTakenAway(): Promise<boolean> {
    const again = this.#erredAt === this.#offset && this.#offset > 0;
    this.#erredAt = this.#offset;
    // 3.8 has no separate file, and the upload continues with what MAAS has.
    if (!again || atLeast(await this.#client.version(), 3, 8)) return false;
    const before = this.#offset === this.#resumedAt ? [] : (this.#others?.complete ?? []);
    return (await imagesWithSameContent(this.#client, this.#request)).complete.some(
      (name) => !before.includes(name),
    );
  }

  #done(set: string): Transferred {
    const { sha256, size, name } = this.#request;
    const skipped = this.#sent === 0;
    this.#line.done(skipped);
    return {
      resourceId: this.#remote.id as number,
      name: plainName(name),
      set,
      sha256,
      size,
      sent: this.#sent,
      skipped,
    };
  }
}
