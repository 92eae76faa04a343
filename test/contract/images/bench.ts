import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import { TUNING, type Tuning } from '../../../pipeline/maas/images/tuning.ts';
import { type UploadRequest, type UploadResult, uploadImage } from '../../../pipeline/maas/images/upload.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/server.ts';
import { COMPILED } from '../../compiled.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

export const CHUNK = 64 * 1024;

/** Real behaviour at a size and pace that suits a test. */
export const QUICK: Tuning = {
  ...TUNING,
  chunkSizes: [CHUNK, CHUNK / 2, CHUNK / 4, CHUNK / 8],
  backOffMs: 5,
  // Long enough for a machine that has other things to do; the tests of standstills shorten them.
  stallMs: 10_000,
  answerMs: 10_000,
};

/** The input of a child process that makes the same upload; the key comes by its environment. */
export interface ChildUpload {
  request: Omit<UploadRequest, 'emit' | 'signal' | 'env' | 'key'>;
  tuning: Tuning;
}

/** A sandbox MAAS, a file of five chunks and a bit, and what sends it. */
export class Bench {
  readonly dir: string;
  readonly sandbox: Sandbox;
  readonly data: Buffer;
  readonly events: Event[] = [];
  readonly file: string;
  readonly sha256: string;

  private constructor(dir: string, sandbox: Sandbox, data: Buffer) {
    this.dir = dir;
    this.sandbox = sandbox;
    this.data = data;
    this.file = join(dir, 'image.tar.gz');
    this.sha256 = createHash('sha256').update(data).digest('hex');
  }

  static async open(options: Omit<SandboxOptions, 'dir'> = {}, bytes = 5 * CHUNK + 777): Promise<Bench> {
    const dir = await mkdtemp(join(tmpdir(), 'upload-'));
    const bench = new Bench(
      dir,
      await startSandbox({ dir: join(dir, 'maas'), ...options }),
      randomBytes(bytes),
    );
    await writeFile(bench.file, bench.data);
    return bench;
  }

  request(more: Partial<UploadRequest> = {}): UploadRequest {
    return {
      target: {
        name: 'sandbox',
        url: this.sandbox.url,
        key: { from: 'environment', variable: 'MAAS_API_KEY' },
        caCert: null,
        patienceS: 20,
      },
      key: parseApiKey(this.sandbox.apiKey, 'of the sandbox'),
      file: this.file,
      size: this.data.length,
      sha256: this.sha256,
      name: 'custom/dgx1-5.0',
      title: 'NVIDIA DGX-1 5.0',
      architecture: 'amd64/generic',
      baseImage: 'ubuntu/focal',
      filetype: 'tgz',
      patienceS: 20,
      emit: (event) => this.events.push(event),
      signal: new AbortController().signal,
      env: { XDG_STATE_HOME: join(this.dir, 'state') },
      id: 'upload:sandbox',
      ...more,
    };
  }

  upload(more: Partial<UploadRequest> = {}, tuning: Partial<Tuning> = {}): Promise<UploadResult> {
    return uploadImage(this.request(more), { ...QUICK, ...tuning });
  }

  /** The same upload in a process of its own. */
  child(state: string, tuning: Partial<Tuning> = {}): ChildProcess {
    const { emit, signal, env, key, ...request } = this.request();
    const upload: ChildUpload = { request, tuning: { ...QUICK, ...tuning } };
    return spawn(process.execPath, [CHILD, JSON.stringify(upload)], {
      env: {
        ...COMPILED,
        PATH: process.env.PATH,
        XDG_STATE_HOME: join(this.dir, state),
        MAAS_API_KEY: this.sandbox.apiKey,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Bytes of file content that left for the server. */
  get received(): number {
    return this.sandbox.requests
      .filter(({ kind }) => kind === 'chunk')
      .reduce((sum, { received }) => sum + received, 0);
  }

  notices(): string[] {
    return this.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  }

  /** The image is whole on the server, under the name and sum wanted, and is the only one. */
  async expectWhole(): Promise<void> {
    // A fault that did not come to pass is not for us.
    this.sandbox.clearFaults();
    const { default: fetch } = await import('node-fetch');
    const { authorization } = await import('../../../pipeline/maas/api/sign.ts');
    const get = async (path: string) => {
      const headers = {
        Authorization: authorization(parseApiKey(this.sandbox.apiKey, ''), Date.now() / 1000),
      };
      return (await fetch(`${this.sandbox.url}/api/2.0/${path}`, { headers })).json();
    };
    const list = (await get('boot-resources/?type=uploaded')) as { id: number; name: string }[];
    expect(list.map(({ name }) => name)).toEqual(['dgx1-5.0']);
    const { sets } = (await get(`boot-resources/${list[0]?.id}/`)) as {
      sets: Record<
        string,
        { complete: boolean; files: Record<string, { sha256: string; complete: boolean }> }
      >;
    };
    const whole = Object.values(sets).filter(({ complete }) => complete);
    expect(whole.flatMap(({ files }) => Object.values(files).map(({ sha256 }) => sha256))).toEqual([
      this.sha256,
    ]);
  }

  async close(): Promise<void> {
    await this.sandbox.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}
