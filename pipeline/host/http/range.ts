/** The validators of one state of a file on a server. */
export interface Validators {
  etag: string | null;
  lastModified: string | null;
}

interface Head {
  status: number;
  headers: { get(name: string): string | null };
}

/** The part of a file in an answer to `rangeHeaders`; `total`: bytes of the whole file, where they are known. */
export type RangeAnswer =
  | { part: 'whole'; total: number | undefined }
  | { part: 'rest'; total: number | undefined }
  /** Everything is here already. */
  | { part: 'nothing' }
  /** The local part is not of the server's file. */
  | { part: 'other'; why: string };

export function validatorsOf({ headers }: Head): Validators {
  return { etag: headers.get('etag'), lastModified: headers.get('last-modified') };
}

/** Asks for a file from `from` on, and for the whole of it when it is another one by now. @param known of the bytes before */
export function rangeHeaders(from: number, known: Validators | undefined): Record<string, string> {
  if (from === 0) return {};
  // RFC 9110, 13.1.5: only a strong ETag may stand in If-Range.
  const validator = known?.etag && !known.etag.startsWith('W/') ? known.etag : known?.lastModified;
  return { Range: `bytes=${from}-`, ...(validator ? { 'If-Range': validator } : {}) };
}

/** Holds an answer against what was asked for; undefined for a status that says nothing of ranges. Some proxies ignore If-Range. */
export function readRange(
  answer: Head,
  from: number,
  known: Validators | undefined,
): RangeAnswer | undefined {
  const { status, headers } = answer;
  const length = headers.get('content-length');
  const size = length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
  if (status === 200) return { part: 'whole', total: size };
  const stated = headers.get('content-range') ?? '';
  if (status === 416 && from > 0) {
    const total = /^bytes \*\/(\d+)$/.exec(stated)?.[1];
    return Number(total) === from
      ? { part: 'nothing' }
      : { part: 'other', why: 'the file on the server has a different size' };
  }
  if (status !== 206) return undefined;
  const now = validatorsOf(answer);
  // Weak or strong, another ETag is another state; a date counts where there is no ETag to ask.
  const changed =
    known?.etag && now.etag
      ? known.etag !== now.etag
      : Boolean(known?.lastModified && now.lastModified && known.lastModified !== now.lastModified);
  if (changed) return { part: 'other', why: 'the file on the server has changed' };
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(stated) ?? [];
  if (Number(first) !== from || Number(last) < from || (total !== '*' && Number(last) >= Number(total)))
    return { part: 'other', why: 'the server sent a different part' };
  return { part: 'rest', total: total === '*' ? undefined : Number(total) };
}
