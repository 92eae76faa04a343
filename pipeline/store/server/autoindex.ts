import { parseJson, WrongJson } from '../../host/files/read-json.ts';
import { list, object, type Shape, text } from '../../host/files/shape.ts';

/** Names in our folders; nothing else is asked for. */
const NAME = /^[\w-][\w.-]*$/;

/** Whether a name in a listing may be one of ours: no way out, and nothing that a terminal obeys. */
export const isName = (name: string): boolean => NAME.test(name);

export interface ListedEntry {
  name: string;
  folder: boolean;
  /** Bytes. */
  size: number;
  changedMs: number;
}

interface NginxEntry {
  name: string;
  type: string;
  /** Such as "Sun, 29 Nov 2026 10:20:00 GMT". */
  mtime: string;
  size?: unknown;
}
const LISTING = list(object({ name: text, type: text, mtime: text })) as Shape<NginxEntry[]>;

/** A folder as nginx lists it with `autoindex_format json`; undefined for any other text. */
export function parseListing(written: string): ListedEntry[] | undefined {
  let entries: NginxEntry[];
  try {
    entries = parseJson(written, LISTING, 'the listing');
  } catch (error) {
    if (error instanceof WrongJson) return undefined;
    throw error;
  }
  return entries.flatMap(({ name, type, mtime, size }) => {
    const changedMs = Date.parse(mtime);
    const folder = type === 'directory';
    if (!isName(name) || Number.isNaN(changedMs) || !(folder || type === 'file')) return [];
    return [{ name, folder, changedMs, size: typeof size === 'number' && size >= 0 ? size : 0 }];
  });
}
