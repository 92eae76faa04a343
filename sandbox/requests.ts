/** One request as the log keeps it; no header and no body, so no secret. */
export interface LoggedRequest {
  /** Counts from 1. */
  number: number;
  /** Milliseconds since 1970. */
  at: number;
  method: string;
  /** With the query. */
  path: string;
  /** The operation's name: chunk, create, read, list, … or "unknown". */
  kind: string;
  /** Connections are numbered from 1, which shows whether one was used again. */
  connection: number;
  /** Bytes of the body that came. */
  received: number;
  /** Null when no answer was sent. */
  status: number | null;
  /** The rule that was carried out. */
  fault: string | undefined;
}

const KEPT = 100_000;

/** The log of all requests, and how many there were by method and by kind. */
export class RequestLog {
  readonly requests: LoggedRequest[] = [];
  /** By method ("PUT") and by kind ("chunk"), and `total`. */
  readonly counts: Record<string, number> = { total: 0 };

  add(entry: Omit<LoggedRequest, 'number' | 'received' | 'status' | 'fault'>): LoggedRequest {
    for (const key of ['total', entry.method, entry.kind]) this.counts[key] = (this.counts[key] ?? 0) + 1;
    const logged = {
      ...entry,
      number: this.counts.total as number,
      received: 0,
      status: null,
      fault: undefined,
    };
    this.requests.push(logged);
    if (this.requests.length > KEPT) this.requests.splice(0, this.requests.length - KEPT);
    return logged;
  }
}
