import { content as escaped } from '../../core/escape/xml.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { HttpAnswer } from '../../host/http/client.ts';
import { RetryBudget } from '../../host/http/retry-budget.ts';
import { ANSWER_MS, type Server, STORED_MS } from '../server/server.ts';
import { allBytes, type Content, contentOf } from '../store.ts';
import { errorCode } from './explain.ts';

/** Bytes of a part, which is in memory; the last one may be smaller. */
export const PART = 64 << 20;
const MOST_PARTS = 10_000;
/** Bytes of an answer about parts. */
const LARGEST_ANSWER = 64 << 10;

export interface PartedFile {
  url: URL;
  key: string;
  content: Content;
  replace: boolean;
  /** Bytes of a part; a large file has larger ones. */
  part: number;
}

/**
 * Puts a file in parts (multipart upload): nobody sees it before the last request. A part that breaks off is sent again by itself; what
 * fails for good is taken back.
 */
export async function putInParts(server: Server, file: PartedFile): Promise<'put' | 'there'> {
  const upload = await begin(server, file);
  try {
    const tags: string[] = [];
    for await (const part of partsOf(file))
      tags.push(await putPart(server, file, upload, tags.length + 1, part));
    return await complete(server, file, upload, tags);
  } catch (error) {
    await abort(server, file, upload);
    throw error;
  }
}

async function begin(server: Server, file: PartedFile): Promise<string> {
  const { url, key } = file;
  const doing = `putting ${key} in parts`;
  const answer = await server.ask(withQuery(url, { uploads: '' }), { method: 'POST', answerMs: ANSWER_MS });
  if (answer.status !== 200) throw await server.refusal(doing, answer);
  const upload = /<UploadId>([^<&]{1,1024})<\/UploadId>/.exec(await textOf(server, file, answer))?.[1];
  if (upload !== undefined) return upload;
  throw new Fault('STORE_REFUSED', `${server.dialect.place}: the server gave no upload ID for ${doing}`, {
    hint: 'Correct `store.s3.endpoint`: it is not that of an S3 server.',
  });
}

/** The bytes of a file in parts of the same size. */
async function* partsOf({ content: { size, bytes }, part }: PartedFile): AsyncGenerator<Buffer> {
  const length = Math.max(part, Math.ceil(size / MOST_PARTS));
  let held: Buffer[] = [];
  let count = 0;
  for await (const chunk of Buffer.isBuffer(bytes) ? [bytes] : bytes)
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.subarray(at, at + length - count);
      held.push(taken);
      count += taken.length;
      at += taken.length;
      if (count < length) continue;
      yield Buffer.concat(held);
      [held, count] = [[], 0];
    }
  if (count > 0) yield Buffer.concat(held);
}

/** @returns the server's tag of the part, which the last request names */
async function putPart(
  server: Server,
  { url, key }: PartedFile,
  uploadId: string,
  number: number,
  bytes: Buffer,
): Promise<string> {
  return repeated(server, async () => {
    const answer = await server.ask(withQuery(url, { partNumber: String(number), uploadId }), {
      ...{ method: 'PUT', content: contentOf(bytes), answerMs: STORED_MS },
    });
    const tag = answer.headers.get('etag');
    if (answer.status !== 200 || tag === null)
      throw await server.refusal(`putting part ${number} of ${key}`, answer);
    await server.finish(answer);
    return tag;
  });
}

async function complete(
  server: Server,
  file: PartedFile,
  uploadId: string,
  tags: readonly string[],
): Promise<'put' | 'there'> {
  const { url, key, content, replace } = file;
  const parts = tags.map(
    (tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`,
  );
  const body = Buffer.from(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
  );
  const doing = `putting the parts of ${key} together`;
  let tried = false;
  return repeated(server, async () => {
    const answer = await server.ask(withQuery(url, { uploadId }), {
      method: 'POST',
      headers: replace ? {} : { 'If-None-Match': '*' },
      content: { ...contentOf(body), type: 'application/xml' },
      answerMs: STORED_MS,
    });
    const again = tried;
    tried = true;
    if (answer.status === 412) {
      await server.finish(answer);
      await abort(server, { url }, uploadId);
      return 'there';
    }
    // The answer of an attempt before may have been lost: then the upload is not there any more, since the file is.
    if (answer.status === 404 && again && (await sizeAt(server, url)) === content.size) {
      await server.finish(answer);
      return 'put';
    }
    if (answer.status !== 200) throw await server.refusal(doing, answer);
    // The status is sent before the work is done; an error then follows in the body.
    const written = await textOf(server, file, answer);
    const name = errorCode(written);
    if (name === undefined) return 'put';
    throw new Fault('STORE_UNREACHABLE', `${server.dialect.place}: the server answered ${name} for ${doing}`);
  });
}

/** Parts that stay where this fails are deleted by a rule of the bucket. */
async function abort(server: Server, { url }: Pick<PartedFile, 'url'>, uploadId: string): Promise<void> {
  try {
    const question = { method: 'DELETE', answerMs: ANSWER_MS } as const;
    await server.finish(await server.ask(withQuery(url, { uploadId }), question));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}

/** Asks until the server answers, with the patience of a transfer that does not advance. */
async function repeated<T>(server: Server, ask: () => Promise<T>): Promise<T> {
  for (const budget = new RetryBudget({ totalS: 120, tries: 5, baseMs: 200, capMs: 10_000 }); ; )
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Fault) || server.signal.aborted) throw error;
      await budget.pause(error, server.signal, () => {});
    }
}

async function sizeAt(server: Server, url: URL): Promise<number> {
  const answer = await server.ask(url, { method: 'HEAD', answerMs: ANSWER_MS });
  await server.finish(answer);
  return answer.status === 200 ? Number(answer.headers.get('content-length')) : -1;
}

/** @throws Fault where the connection breaks off */
async function textOf(server: Server, { url, key }: PartedFile, answer: HttpAnswer): Promise<string> {
  return (await allBytes(key, server.bytes(answer, url), LARGEST_ANSWER)).toString('utf8');
}

function withQuery(url: URL, query: Record<string, string>): URL {
  const to = new URL(url);
  for (const [name, value] of Object.entries(query)) to.searchParams.set(name, value);
  return to;
}
