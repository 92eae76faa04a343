/** The answer of the server; headers are added to those every answer carries. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

function reply(status: number, type: string, body: string, headers: Record<string, string> = {}): Reply {
  return { status, headers: { ...(type ? { 'content-type': type } : {}), ...headers }, body };
}

/** Piston's fixed answers (OK, Forbidden) and 404s have no charset; everything else MAAS says in plain text has one. */
export const plain = (status: number, body: string) => reply(status, 'text/plain', body);

export const text = (status: number, body: string, headers?: Record<string, string>) =>
  reply(status, 'text/plain; charset=utf-8', body, headers);

export const html = (status: number, body: string, headers?: Record<string, string>) =>
  reply(status, 'text/html; charset=utf-8', body, headers);

export const json = (status: number, value: unknown, headers?: Record<string, string>) =>
  reply(status, 'application/json; charset=utf-8', ordered(value), headers);

/**
 * The answer of MAAS when the database has refused something again and again: an index that something violates looks to it
 * like a request that came at the wrong moment, so it says that trying again will help.
 */
export const conflict = () =>
  html(
    409,
    '<html><head><title>Error: Conflict Error</title></head><body><h2>Conflict error. Try your request again.</h2></body></html>',
    { 'retry-after': '5' },
  );

export const nothing = (status: number, headers?: Record<string, string>) => reply(status, '', '', headers);

/** The answer to a DELETE: no content, and a type of it nevertheless, without which the maas command fails. */
export const removed = () => reply(204, 'text/plain', '');

/** Django's answer to an invalid form: every field with its messages. */
export const formErrors = (errors: Record<string, string[]>) => json(400, errors);

/** Thrown anywhere below a route to end the request with this answer; whatever was changed is not kept. */
export class ReplyError extends Error {
  readonly reply: Reply;
  constructor(answer: Reply) {
    super(String(answer.body));
    this.name = 'Refused';
    this.reply = answer;
  }
}

export const refuse = (status: number, message: string): never => {
  throw new ReplyError(text(status, message));
};

/** JSON in the order of a Map: an object would move keys such as "20261122" to the front, and MAAS sends the newest set first. */
function ordered(value: unknown): string {
  if (value instanceof Map)
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}: ${ordered(item)}`).join(', ')}}`;
  if (Array.isArray(value)) return `[${value.map(ordered).join(', ')}]`;
  if (value !== null && typeof value === 'object')
    return ordered(new Map(Object.entries(value).filter(([, item]) => item !== undefined)));
  return JSON.stringify(value ?? null);
}

/** A string as Python's repr writes it, which several of MAAS' messages do. */
export function repr(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return escaped.includes("'") && !escaped.includes('"')
    ? `"${escaped}"`
    : `'${escaped.replaceAll("'", "\\'")}'`;
}
