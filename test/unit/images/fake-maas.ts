import { createHash } from 'node:crypto';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { RetryBudget } from '../../../pipeline/host/http/retry-budget.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import { explainMaasError, type MaasError } from '../../../pipeline/maas/api/maas-error.ts';
import { parseVersion } from '../../../pipeline/maas/api/version.ts';
import { TARGET } from './entries.ts';

interface Body {
  length: number;
  bytes: AsyncIterable<Buffer> | Buffer;
  onSent?: (bytes: number) => void;
  onLeft?: () => void;
}

interface FakeSet {
  version: string;
  size: number;
  sha256: string;
  data: Buffer;
  complete: boolean;
}

interface FakeResource {
  id: number;
  name: string;
  architecture: string;
  sets: FakeSet[];
}

const ARCHITECTURE = 'amd64/generic';

export const sumOf = (data: Buffer) => createHash('sha256').update(data).digest('hex');

/** The fault that a client makes of an answer of MAAS. */
export const answered = (status: number, text = ''): MaasError =>
  explainMaasError('PUT boot-resources/', status, text, null);
export const unreachable = () => new Fault('MAAS_UNREACHABLE', 'The connection was cut');

const servers = new Map<string, FakeMaas>();

/** A stand-in for `createClient`: the MAAS in memory of that URL. */
export function clientOf({ url }: { url: string }): MaasClient {
  const found = servers.get(url);
  if (!found) throw new Error(`no MAAS in memory has the URL ${url}`);
  return found.client;
}

/** Requests of an upload that goes round in circles. */
const ENDLESS = 400;

/** One MAAS in memory, as far as uploads and channels speak to it, in place of a client. Time passes with every look at the clock. */
export class FakeMaas {
  readonly url: string;
  readonly resources: FakeResource[] = [];
  readonly retryBudget: RetryBudget;
  /** The chunks that came, in order. */
  readonly puts: { length: number; answerMs: number | undefined }[] = [];
  readonly creates: Record<string, unknown>[] = [];
  readonly deletes: string[] = [];
  readonly streams: number[] = [];
  /** Answers to other requests, by path; a fault is thrown. */
  readonly answers: Record<string, unknown> = { 'machines/': [], 'boot-resources/?type=synced': [] };
  /** Called before, and after, the chunk of this number (from 1) is stored; may throw. */
  before: (chunk: number) => void = () => {};
  after: (chunk: number) => void = () => {};
  /** Called after the bytes of a streamed upload, may throw; undefined: this MAAS takes none. */
  streamed: (() => void) | undefined;
  /** The number of times that MAAS is asked before its regions have copied a file. */
  copying = 0;
  readonly #version: string;
  readonly #regions: number;
  #requests = 0;
  #clock = 0;

  constructor(version = '3.5.0', regions = 1, url = TARGET) {
    this.url = url;
    servers.set(url, this);
    this.#version = version;
    this.#regions = regions;
    const now = () => (this.#clock += 100);
    this.retryBudget = new RetryBudget({ totalS: 2, baseMs: 0.01, capMs: 0.1, now });
  }

  get client(): MaasClient {
    return this as unknown as MaasClient;
  }

  async version() {
    return parseVersion(this.#version);
  }

  retrying(): (seconds: number) => void {
    return () => {};
  }

  /** Puts an image there, as another upload would. @param have bytes that have come */
  has(
    name: string,
    data: Buffer,
    have = data.length,
    { version = '20261101', architecture = ARCHITECTURE } = {},
  ): FakeResource {
    const complete = have === data.length;
    const set = { version, size: data.length, sha256: sumOf(data), data: data.subarray(0, have), complete };
    const resource = this.#made(name, architecture);
    resource.sets.push(set);
    return resource;
  }

  notMaas(path: string, why: string): Fault {
    return new Fault('MAAS_PROTOCOL', `${path}: ${why}`);
  }

  async get(path: string): Promise<unknown> {
    this.#count();
    if (path === 'regioncontrollers/')
      return Array.from({ length: this.#regions }, (_, i) => ({ system_id: `r${i}` }));
    if (path === 'boot-resources/?type=uploaded') return this.resources.map((one) => this.#shown(one));
    if (Object.hasOwn(this.answers, path)) {
      if (this.answers[path] instanceof Error) throw this.answers[path];
      return this.answers[path];
    }
    const resource = this.#resource(path);
    for (const set of resource.sets) if (this.#whole(set) && --this.copying < 0) set.complete = true;
    return this.#shown(resource);
  }

  async post(_path: string, form: Record<string, string | number | boolean>): Promise<unknown> {
    this.#count();
    this.creates.push(form);
    const resource = this.#made(String(form.name).replace('custom/', ''), String(form.architecture));
    if (!form.keep_old) resource.sets = [];
    const sha256 = String(form.sha256);
    // Up to 3.4 all uploads of one sum share its large object.
    const shared = this.#from35
      ? undefined
      : this.resources.flatMap(({ sets }) => sets).find((s) => s.sha256 === sha256);
    const data = shared?.data ?? Buffer.alloc(0);
    const size = Number(form.size);
    const version = `20261201.${this.creates.length}`;
    resource.sets = resource.sets.filter((set) => set.complete);
    resource.sets.push({ version, size, sha256, data, complete: data.length === size });
    return this.#shown(resource);
  }

  async put(
    path: string,
    { length, bytes, onSent, onLeft }: Body,
    { answerMs }: { answerMs?: number } = {},
  ): Promise<void> {
    // As MAAS, which looks at a request when it has all of it.
    const data = await taken(bytes, onSent);
    onLeft?.();
    this.#count();
    this.puts.push({ length, answerMs });
    const chunk = this.puts.length;
    this.before(chunk);
    const resource = this.#resource(path);
    const set = resource.sets.find(({ version }) => path.includes(`/${version}/`));
    if (!set) throw answered(404);
    set.data = Buffer.concat([set.data, data]);
    if (set.data.length > set.size) throw answered(400, 'Too much data received.');
    if (set.data.length === set.size) {
      if (sumOf(set.data) !== set.sha256)
        throw answered(400, 'Saved content does not match given SHA256 value');
      set.complete = this.copying === 0;
    }
    this.after(chunk);
  }

  async raw(method: string, _path: string, more: { headers?: Record<string, string>; body?: Body } = {}) {
    this.#count();
    if (!this.streamed) throw answered(404);
    if (method === 'GET' || !more.body) return { text: '[]' };
    this.streams.push(more.body.length);
    const data = await taken(more.body.bytes, more.body.onSent);
    this.streamed();
    this.has(String(more.headers?.name).replace('custom/', ''), data);
    return { text: '{}' };
  }

  async delete(path: string): Promise<void> {
    this.#count();
    this.deletes.push(path);
    const { id } = this.#resource(path);
    this.resources.splice(
      this.resources.findIndex((one) => one.id === id),
      1,
    );
  }

  #made(name: string, architecture: string): FakeResource {
    const there = this.resources.find((one) => one.name === name && one.architecture === architecture);
    const id = 1 + Math.max(0, ...this.resources.map((one) => one.id));
    const resource = there ?? { id, name, architecture, sets: [] };
    if (!there) this.resources.push(resource);
    return resource;
  }

  get #from35(): boolean {
    return Number(this.#version.split('.')[1]) >= 5;
  }

  #whole({ data, size }: FakeSet): boolean {
    return data.length === size;
  }

  #count(): void {
    this.#requests += 1;
    if (this.#requests > ENDLESS) throw new Error('the upload goes round in circles');
  }

  #resource(path: string): FakeResource {
    const found = this.resources.find(({ id }) => path.startsWith(`boot-resources/${id}/`));
    if (!found) throw answered(404);
    return found;
  }

  #shown({ id, name, architecture, sets }: FakeResource) {
    const copies = this.#from35 ? this.#regions : 1;
    return {
      ...{ id, name: `custom/${name}`, type: 'Uploaded', architecture },
      sets: Object.fromEntries(
        sets.map(({ version, size, sha256, data, complete }) => [
          version,
          {
            ...{ version, size, complete },
            ...(complete ? {} : { progress: (100 * data.length) / size / copies }),
            files: {
              'root-tgz': {
                ...{ sha256, size, complete },
                ...(complete ? {} : { upload_uri: `/MAAS/api/2.0/boot-resources/${id}/upload/${version}/` }),
              },
            },
          },
        ]),
      ),
    };
  }
}

async function taken(
  bytes: AsyncIterable<Buffer> | Buffer,
  onSent?: (bytes: number) => void,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let sent = 0;
  for await (const part of Buffer.isBuffer(bytes) ? [bytes] : bytes) {
    parts.push(Buffer.from(part));
    sent += part.length;
    onSent?.(sent);
  }
  return Buffer.concat(parts);
}
