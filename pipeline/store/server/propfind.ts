import { decoded } from '../../host/http/url.ts';
import { isName, type ListedEntry } from './autoindex.ts';
import { xmlElements } from './xml.ts';

/** The properties that a listing needs (RFC 4918, 9.1). */
export const PROPFIND = Buffer.from(
  '<?xml version="1.0" encoding="utf-8"?>\n<propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/><getlastmodified/></prop></propfind>\n',
);

/**
 * The entries of a folder in an answer to PROPFIND with `Depth: 1`, in the order of the answer, without the folder itself.
 * A server behind a proxy may name other folders before it, so only the last two names of a path count.
 * @param folder its path, such as blobs/ab
 * @throws WrongXml; errors of `bytes`
 */
export async function* propfindEntries(
  bytes: AsyncIterable<Buffer>,
  folder: string,
): AsyncGenerator<ListedEntry> {
  const parent = folder.split('/').at(-1);
  for await (const { fields } of xmlElements(bytes, new Set(['response']))) {
    const path = (fields.get('href') ?? '').trim().replace(/[?#].*$/s, '');
    const names = path.split('/').filter((name) => name !== '');
    const name = decoded(names.at(-1) ?? '');
    const changedMs = Date.parse(fields.get('getlastmodified') ?? '');
    const isFolder = fields.has('collection');
    const size = fields.get('getcontentlength')?.trim() ?? '';
    if (decoded(names.at(-2) ?? '') !== parent || !isName(name)) continue;
    if (isFolder) yield { name, folder: true, size: 0, changedMs: Number.isNaN(changedMs) ? 0 : changedMs };
    else if (/^\d{1,15}$/.test(size) && !Number.isNaN(changedMs))
      yield { name, folder: false, size: Number(size), changedMs };
  }
}
