import { Fault } from '../../core/faults/fault.ts';
import { redact } from '../../core/secrets/registry.ts';
import type { HttpClient, HttpRequest } from '../../host/http/client.ts';
import { HttpError } from '../../host/http/http-error.ts';

// An answer larger than this is none of MAAS.
const LARGEST_ANSWER = 64 * 1024 * 1024;

export interface Answer {
  status: number;
  headers: { get(name: string): string | null };
  text: string;
}

/**
 * One try of one request; redirects are answers like others and are not followed.
 * @throws Fault MAAS_UNREACHABLE for what may pass; CONFIG_INVALID for what will not (certificate, unknown protocol)
 */
export async function sendOnce(http: HttpClient, request: HttpRequest): Promise<Answer> {
  try {
    // Some proxies compress without being asked; the size is that of what comes out.
    const answer = await http.send({ ...request, compressed: true });
    return { status: answer.status, headers: answer.headers, text: await answer.text(LARGEST_ANSWER) };
  } catch (error) {
    throw translated(new URL(request.url), error);
  }
}

function translated({ host, origin }: URL, error: unknown): Fault {
  if (error instanceof Fault) return error;
  // A mistake of ours must not be tried for an hour.
  if (!(error instanceof HttpError))
    return new Fault('INTERNAL', `Request to ${host} failed: ${redact(String(error))}`, { cause: error });
  const { code, kind } = error;
  if (error.certificate)
    return new Fault('CONFIG_INVALID', `The certificate of ${host} is not trusted (${code})`, {
      hint: "Set MAAS_API_CACERT to the PEM file of the CA, or set the target's `ca_cert:`.",
      cause: error,
    });
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return new Fault('CONFIG_INVALID', `${host} does not speak https`, {
      hint: 'Check the scheme and the port of the URL (http and 5240, https and 5443 by default).',
      cause: error,
    });
  if (code.startsWith('Z_') || code.startsWith('ERR__ERROR_FORMAT') || kind === 'too-large')
    return new Fault(
      'MAAS_PROTOCOL',
      `${host} sends an answer that cannot be read (${code || error.message})`,
      {
        hint: 'Check that the URL is that of a MAAS, and the proxies in front of it.',
        cause: error,
      },
    );
  return new Fault('MAAS_UNREACHABLE', `${origin} cannot be reached: ${WORDS[code] ?? error.message}`, {
    hint: 'Check the URL and the network, and run the command again.',
    cause: error,
  });
}

const WORDS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ERR_STREAM_PREMATURE_CLOSE: 'the answer was cut',
  ENOTFOUND: 'there is no host with that name',
  EAI_AGAIN: 'the name server does not answer',
  ETIMEDOUT: 'no connection was made',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};
