import type { FaultCode } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import { redact } from '../../core/secrets/registry.ts';
import { retryAfterS } from '../../host/http/retry-budget.ts';
import { MAAS_ERRORS } from './maas-error-table.ts';
import { MACHINE_ERRORS } from './machine-error-table.ts';

/** An answer of MAAS that is not a success: its HTTP status, and the id of the table's row that it matches. */
export class MaasError extends Fault {
  readonly status: number;
  readonly row: string | undefined;
  /** Seconds to wait, from Retry-After. */
  readonly retryAfterS: number | undefined;

  constructor(
    code: FaultCode,
    message: string,
    details: { status: number; row?: string; retryAfterS?: number; hint?: string; detail?: string },
  ) {
    super(code, message, { hint: details.hint, detail: details.detail });
    this.status = details.status;
    this.row = details.row;
    this.retryAfterS = details.retryAfterS;
  }
}

const ROWS = [...MAAS_ERRORS, ...MACHINE_ERRORS];

/** Statuses that pass by themselves: waiting and asking again is right. */
const PASSING = new Set([408, 409, 425, 429, 500, 502, 503, 504]);

/**
 * The meaning of an answer, as one sentence with its remedy. A 401's text may hold the token secret and is only looked at.
 * @param request method and path, for answers that no row of the table explains
 */
export function explainMaasError(
  request: string,
  status: number,
  body: string,
  retryAfter: string | null,
): MaasError {
  if (status === 401) return unauthorized(body);
  const said = plainText(body);
  const askedS = retryAfterS(retryAfter);
  for (const row of ROWS) {
    const match = row.status === status ? row.says.exec(said) : null;
    if (match)
      return new MaasError(row.code, fill(row.sentence, match), {
        status,
        row: row.id,
        retryAfterS: askedS,
        hint: fill(row.remedy, match),
      });
  }
  const detail = redact(said.slice(0, 600)) || undefined;
  if (PASSING.has(status))
    return new MaasError('MAAS_BUSY', `MAAS answered ${status} to ${request}`, {
      status,
      retryAfterS: askedS,
      detail,
      hint: 'Nothing is lost: run the command again to continue.',
    });
  if (status === 407)
    return new MaasError('MAAS_REFUSED', 'The proxy in front of MAAS requires a user name and a password', {
      status,
      hint: 'Add them to http_proxy or https_proxy, or add the MAAS to no_proxy.',
    });
  if (status === 413)
    return new MaasError('MAAS_REFUSED', `A request was too large for the server in front of MAAS`, {
      status,
      hint: 'Raise client_max_body_size of the web server in front of MAAS to 10M at least.',
    });
  if (status === 403)
    return new MaasError('MAAS_FORBIDDEN', `MAAS forbids ${request}`, {
      status,
      detail,
      hint: 'Use the API key of a MAAS administrator.',
    });
  if (status === 404)
    return new MaasError('MAAS_NOT_FOUND', `MAAS has nothing at ${request}`, {
      status,
      detail,
      hint: 'Check the URL (it must end in /MAAS); `dgxos-maas images` lists the images of this MAAS.',
    });
  return new MaasError('MAAS_REFUSED', `MAAS refused ${request} with ${status}`, { status, detail });
}

/** Why a signed request was not let in. Rows go by what the text holds, and never repeat it. */
function unauthorized(body: string): MaasError {
  const why = UNAUTHORIZED.find(({ says }) => says.test(body)) ?? UNAUTHORIZED.at(-1)!;
  return new MaasError('MAAS_UNAUTHORIZED', why.sentence, { status: 401, row: why.id, hint: why.remedy });
}

const NEW_KEY =
  'Create a key in the web interface of MAAS (your name, API keys) and store it with `dgxos-maas login`.';

const UNAUTHORIZED = [
  {
    id: 'expired',
    says: /Expired timestamp/,
    sentence: 'MAAS rejects this request as too old: the clocks differ by more than five minutes',
    remedy: 'Set the clock of this host, or of the MAAS server (timedatectl set-ntp true).',
  },
  {
    id: 'nonce',
    says: /Nonce already used/,
    sentence: 'MAAS has seen this request before: a proxy in between repeats requests',
    remedy: 'Run the command again; if the error remains, check the proxy in between.',
  },
  { id: 'consumer', says: /Invalid API key/, sentence: 'MAAS does not know this API key', remedy: NEW_KEY },
  {
    id: 'token',
    says: /Invalid access token/,
    sentence: 'MAAS does not know the token of this API key: it was deleted, or belongs to another MAAS',
    remedy: NEW_KEY,
  },
  {
    id: 'unsigned',
    says: /^Forbidden$/,
    sentence: 'The signature did not reach MAAS',
    remedy: 'Check the proxy in between: it must pass on the Authorization header.',
  },
  { id: 'secret', says: /(?:)/, sentence: 'MAAS does not accept this API key', remedy: NEW_KEY },
] as const;

function fill(sentence: string, match: RegExpExecArray): string {
  return redact(sentence.replace(/\$(\d)/g, (_, n: string) => (match[Number(n)] ?? '').slice(0, 200)));
}

/** Nobody reads on in an answer that says no; a page of Django's debugging has megabytes. */
const LONGEST_TEXT = 4 << 10;

/** The words of an answer: form errors as `field: message` lines, HTML by its title, control characters gone. */
export function plainText(body: string): string {
  const start = body.slice(0, LONGEST_TEXT);
  const text =
    formErrors(body)?.slice(0, LONGEST_TEXT) ??
    /<title>([^<]*)<\/title>/i.exec(start)?.[1] ??
    start.replace(/<[^<>]*>/g, ' ');
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ').trim();
}

function formErrors(body: string): string | undefined {
  if (!/^\s*[{[]/.test(body)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  // API v3 lists its complaints as {details: [{field, message}]}, API 2.0 as {field: [message]}.
  const details = (value as { details?: { field?: string; message?: string }[] }).details;
  if (Array.isArray(details))
    return details.map(({ field, message }) => `${field ?? 'error'}: ${message}`).join('\n');
  return Object.entries(value as object)
    .flatMap(([field, messages]) => [messages].flat().map((message) => `${field}: ${String(message)}`))
    .join('\n');
}
