import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { ChunkSize } from '../../../pipeline/maas/images/chunk-size.ts';
import { LocalFile } from '../../../pipeline/maas/images/local-file.ts';
import type { UploadRequest } from '../../../pipeline/maas/images/request.ts';
import { Transfer, type Transferred } from '../../../pipeline/maas/images/transfer.ts';
import { TUNING, type Tuning } from '../../../pipeline/maas/images/tuning.ts';
import { readLedger } from '../../../pipeline/workspace/ledger/ledger.ts';
import { FakeMaas } from './fake-maas.ts';

export const CHUNK = 100;
/** Five chunks and a bit. */
export const DATA = Buffer.from(Array.from({ length: 5 * CHUNK + 7 }, (_, i) => i % 251));
export const NAME = 'dgx1-5.0';

/** A file on its way into a MAAS in memory, and what was said on the way. */
export class TransferBench {
  readonly maas: FakeMaas;
  readonly dir: string;
  readonly file: string;
  readonly events: Event[] = [];
  readonly abort = new AbortController();

  constructor(maas = new FakeMaas()) {
    this.maas = maas;
    this.dir = mkdtempSync(join(tmpdir(), 'transfer-'));
    onTestFinished(() => rmSync(this.dir, { recursive: true }));
    this.file = join(this.dir, 'image.tar.gz');
    writeFileSync(this.file, DATA);
  }

  get env(): NodeJS.ProcessEnv {
    return { XDG_STATE_HOME: join(this.dir, 'state') };
  }

  async upload(more: Partial<UploadRequest> = {}, tuning: Partial<Tuning> = {}): Promise<Transferred> {
    const request = {
      ...{ file: this.file, size: DATA.length, sha256: createHash('sha256').update(DATA).digest('hex') },
      ...{ name: `custom/${NAME}`, title: 'T', architecture: 'amd64/generic', filetype: 'tgz' },
      ...{ baseImage: 'ubuntu/focal', id: 'upload:lab', target: { name: 'lab' }, env: this.env },
      emit: (event: Event) => this.events.push(event),
      signal: this.abort.signal,
      ...more,
    } as unknown as UploadRequest;
    const file = await LocalFile.open(request);
    const quick = { ...TUNING, chunkSizes: [CHUNK, CHUNK / 2, CHUNK / 4], ...tuning };
    try {
      const size = new ChunkSize(quick.chunkSizes, undefined);
      return await new Transfer(this.maas.client, request, file, size, this.dir, quick).run();
    } finally {
      await file.close();
    }
  }

  get notices(): string {
    return this.events.flatMap((event) => (event.type === 'notice' ? [event.message] : [])).join('\n');
  }

  /** The notes of the progress line, without those that follow their like. */
  get notes(): string[] {
    const all = this.events.flatMap((event) => (event.type === 'progress' && event.note ? [event.note] : []));
    return all.filter((note, at) => note !== all[at - 1]);
  }

  /** The parts of the file that were only read, for its sum. */
  get activities(): number {
    return this.events.filter(({ type }) => type === 'activity').length;
  }

  get lengths(): number[] {
    return this.maas.puts.map(({ length }) => length);
  }

  async ledger(): Promise<string[]> {
    return (await readLedger(this.env)).map(({ did, set }) => `${did} ${set}`);
  }
}
