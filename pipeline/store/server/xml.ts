import { SaxesParser } from 'saxes';

/** Elements in each other, and attributes of one; answers of servers have a few. */
const DEEPEST = 24;
const MOST_ATTRIBUTES = 32;
/** Characters of the texts of one element; a key has 1024 bytes at most. */
const MOST_TEXT = 64 << 10;

/** An element of an answer. */
export interface XmlElement {
  /** Without a prefix. */
  name: string;
  /** Its own text, without that of the elements in it. */
  text: string;
  /** The texts of all elements in it by their names, the first of each. */
  fields: ReadonlyMap<string, string>;
}

/** Text that is not XML, or not such as servers answer. */
export class WrongXml extends Error {}

/**
 * The elements of some names, in the order of their ends; an element within another of them is a field of the outer one alone.
 * One element at a time is in memory. Entities other than XML's own are refused.
 * @throws WrongXml; errors of `bytes`
 */
export async function* xmlElements(
  bytes: AsyncIterable<Buffer>,
  names: ReadonlySet<string>,
): AsyncGenerator<XmlElement> {
  const found: XmlElement[] = [];
  const parser = elementParser(names, (element) => found.push(element));
  const decoder = new TextDecoder('utf-8');
  for await (const part of bytes) {
    parser.write(decoder.decode(part, { stream: true }));
    yield* found.splice(0);
  }
  parser.write(decoder.decode()).close();
  yield* found.splice(0);
}

function elementParser(names: ReadonlySet<string>, ended: (element: XmlElement) => void) {
  const parser = new SaxesParser({ xmlns: true });
  /** Open elements: their names, and their own texts. */
  const open: { name: string; text: string }[] = [];
  let outer: { depth: number; fields: Map<string, string>; size: number } | undefined;
  let attributes = 0;
  parser.on('error', (error) => {
    throw new WrongXml(error.message);
  });
  parser.on('doctype', () => {
    throw new WrongXml('it has a document type');
  });
  parser.on('opentagstart', () => {
    attributes = 0;
  });
  parser.on('attribute', () => {
    attributes += 1;
    if (attributes > MOST_ATTRIBUTES) throw new WrongXml('an element has too many attributes');
  });
  parser.on('opentag', ({ local }) => {
    open.push({ name: local, text: '' });
    if (open.length > DEEPEST) throw new WrongXml('its elements lie too deep');
    if (!outer && names.has(local)) outer = { depth: open.length, fields: new Map(), size: 0 };
  });
  const text = (part: string) => {
    const last = open.at(-1);
    if (!outer || !last) return;
    outer.size += part.length;
    if (outer.size > MOST_TEXT) throw new WrongXml('an element has too much text');
    last.text += part;
  };
  parser.on('text', text);
  parser.on('cdata', text);
  parser.on('closetag', () => {
    const depth = open.length;
    const last = open.pop();
    if (!outer || !last) return;
    if (depth > outer.depth) {
      outer.size += last.name.length;
      if (!outer.fields.has(last.name)) outer.fields.set(last.name, last.text);
      return;
    }
    ended({ name: last.name, text: last.text, fields: outer.fields });
    outer = undefined;
  });
  return parser;
}
