import type { Agent } from 'node:http';
import { Readable } from 'node:stream';
import fetch, { FetchError } from 'node-fetch';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { redact } from '../../core/secrets/registry.ts';

// Small enough to follow the pace of a slow line, large enough to cost nothing on a fast one.
const SLICE = 256 * 1024;
// An answer larger than this is none of MAAS.
const LARGEST_ANSWER = 64 * 1024 * 1024;

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: Content;
  agent: Agent;
  signal: AbortSignal;
  /** Milliseconds in which some byte of the body must leave. */
  stallMs: number;
  /** Milliseconds from the last byte of the body to the end of the answer. */
  answerMs: number;
}

/** A body of known length: streamed with Content-Length, since MAAS takes no chunked encoding. */
export interface Content {
  type: string;
  /** Bytes. */
  length: number;
  /** What is iterated must begin anew each time: a request that was turned away for its time is sent again. */
  bytes: Buffer | AsyncIterable<Buffer>;
  /** Told how many bytes have been handed to the connection so far. */
  onSent?: (bytes: number) => void;
}

export interface Answer {
  status: number;
  headers: { get(name: string): string | null };
  text: string;
}

/**
 * One try of one request; redirects are answers like others and are not followed.
 * @throws Fault MAAS_UNREACHABLE for what may pass; CONFIG_INVALID for what will not (certificate, unknown protocol)
 */
export async function sendOnce(request: HttpRequest): Promise<Answer> {
  const cut = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expect = (ms: number, what: string) => {
    clearTimeout(timer);
    timer = setTimeout(() => cut.abort(unreachable(request, `${what} for ${Math.round(ms / 1000)} s`)), ms);
  };
  let handedOver = false;
  // What goes wrong with the content itself (a changed file) would come back as a broken connection.
  let ofContent: unknown;
  const content = request.body;
  async function* paced(from: Content): AsyncGenerator<Buffer> {
    let sent = 0;
    try {
      for await (const slice of slices(from.bytes)) {
        expect(request.stallMs, 'nothing could be sent');
        yield slice;
        sent += slice.length;
        from.onSent?.(sent);
      }
    } catch (error) {
      ofContent = error;
      throw error;
    }
    handedOver = true;
    expect(request.answerMs, 'no answer came');
  }
  const body = content ? Readable.from(paced(content), { objectMode: false }) : undefined;
  expect(body ? request.stallMs : request.answerMs, 'no answer came');
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: {
        ...request.headers,
        ...(content ? { 'Content-Type': content.type, 'Content-Length': String(content.length) } : {}),
      },
      body,
      agent: request.agent,
      redirect: 'manual',
      // Some proxies compress without being asked; the size is that of what comes out.
      compress: true,
      size: LARGEST_ANSWER,
      signal: AbortSignal.any([request.signal, cut.signal]),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    if (request.signal.aborted) throw interrupted(request.signal);
    if (ofContent !== undefined) throw ofContent;
    if (cut.signal.aborted) throw cut.signal.reason;
    throw translated(request, error);
  } finally {
    clearTimeout(timer);
    // An answer in the middle of the body (413): the rest is not sent, and the connection is not used again.
    if (!handedOver) body?.destroy();
  }
}

async function* slices(bytes: Buffer | AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of Buffer.isBuffer(bytes) ? [bytes] : bytes)
    for (let at = 0; at < part.length; at += SLICE) yield part.subarray(at, at + SLICE);
}

const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)/;

function translated(request: HttpRequest, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const host = new URL(request.url).host;
  if (CERTIFICATE.test(code))
    return new Fault('CONFIG_INVALID', `The certificate of ${host} is not trusted (${code})`, {
      hint: "Name the authority's PEM file in MAAS_API_CACERT or in the target's `ca_cert:`.",
      cause: error,
    });
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return new Fault('CONFIG_INVALID', `${host} does not speak https`, {
      hint: 'Check the scheme and the port of the URL (http and 5240, https and 5443 by default).',
      cause: error,
    });
  if (
    code.startsWith('Z_') ||
    code.startsWith('ERR__ERROR_FORMAT') ||
    (error as FetchError).type === 'max-size'
  )
    return new Fault(
      'MAAS_PROTOCOL',
      `${host} sends an answer that cannot be read (${code || 'it is too large'})`,
      {
        hint: 'Check that the URL is that of a MAAS, and what stands in front of it.',
        cause: error,
      },
    );
  // Everything else that node-fetch throws is the connection's; a mistake of ours must not be tried for an hour.
  if (!(error instanceof FetchError) && code === '')
    return new Fault('INTERNAL', `Request to ${host} failed: ${redact(String(error))}`, { cause: error });
  return unreachable(request, WORDS[code] ?? redact((error as Error).message), error);
}

const WORDS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ERR_STREAM_PREMATURE_CLOSE: 'the answer was cut',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name server does not answer',
  ETIMEDOUT: 'no connection came about',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};

function unreachable(request: HttpRequest, why: string, cause?: unknown): Fault {
  return new Fault('MAAS_UNREACHABLE', `${new URL(request.url).origin} cannot be reached: ${why}`, {
    hint: 'Check the URL and the network, and run the command again.',
    cause,
  });
}
