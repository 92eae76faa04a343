import { describe, expect, it } from 'vitest';
import { content } from '../../../pipeline/core/escape/xml.ts';
import { propfindEntries } from '../../../pipeline/store/server/propfind.ts';
import { WrongXml, xmlElements } from '../../../pipeline/store/server/xml.ts';
import fc from '../../property.ts';

/** The bytes in parts of so many. */
async function* parts(text: string, size = 7): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function elements(text: string, names: string[], size?: number) {
  const found = [];
  for await (const { name, text: own, fields } of xmlElements(parts(text, size), new Set(names)))
    found.push({ name, own, fields: Object.fromEntries(fields) });
  return found;
}

async function entries(text: string, folder: string) {
  const found = [];
  for await (const entry of propfindEntries(parts(text, 50), folder)) found.push(entry);
  return found;
}

describe('elements of an answer', () => {
  it('come with their texts, whatever the parts are', async () => {
    const text =
      '<?xml version="1.0"?><L xmlns="urn:x"><N>2</N><C><K>a&amp;b</K><O><K>no</K></O></C><C><K><![CDATA[\u00e4<]]></K></C></L>';
    for (const size of [1, 2, 3, 1000])
      expect(await elements(text, ['C', 'N'], size)).toEqual([
        { name: 'N', own: '2', fields: {} },
        { name: 'C', own: '', fields: { K: 'a&b', O: '' } },
        { name: 'C', own: '', fields: { K: '\u00e4<' } },
      ]);
  });

  it.each([
    ['not XML', 'hello'],
    ['HTML', '<!DOCTYPE html><html><br></html>'],
    ['entities of its own', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an unknown entity', '<a>&b;</a>'],
    ['an end too early', '<a><b>'],
    ['a prefix of nobody', '<x:a/>'],
    ['elements without an end', '<a>'.repeat(1000)],
    ['attributes without an end', `<a ${Array.from({ length: 100 }, (_, at) => `b${at}=""`).join(' ')}/>`],
    ['a text without an end', `<C><K>${'x'.repeat(70_000)}</K></C>`],
    ['many texts', `<C>${`<K>${'x'.repeat(1000)}</K>`.repeat(100)}</C>`],
    ['nothing', ''],
  ])('are refused where there is %s', async (_, text) => {
    await expect(elements(text, ['C'])).rejects.toBeInstanceOf(WrongXml);
  });

  it('have any text that XML can have', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 50 }),
        fc.integer({ min: 1, max: 9 }),
        async (text, size) => {
          const written = content(text);
          const [found] = await elements(`<C><K>${written}</K></C>`, ['C'], size);
          const shown = written.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
          expect(found?.fields.K).toBe(shown.replace(/\r\n?/g, '\n'));
        },
      ),
    );
  });

  it('end for any text', async () => {
    const piece = fc.constantFrom(
      '<C>',
      '</C>',
      '<K>',
      '</K>',
      'x',
      '&lt;',
      '&x;',
      '<',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?a',
      '?>',
      ' b="c"',
      '\u0000',
      '\ud800',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        await elements(pieces.join(''), ['C']).catch((error) => expect(error).toBeInstanceOf(WrongXml));
      }),
    );
  });
});

describe('a folder in an answer to PROPFIND', () => {
  const response = (href: string, folder: boolean, more = '<getcontentlength>3</getcontentlength>') =>
    `<D:response xmlns="DAV:" xmlns:D="DAV:"><D:href>${href}</D:href><D:propstat><D:prop><resourcetype>${folder ? '<collection/>' : ''}</resourcetype><getlastmodified>Sun, 29 Nov 2026 10:20:00 GMT</getlastmodified>${more}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`;
  const answer = (...responses: string[]) =>
    `<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">${responses.join('')}</D:multistatus>`;
  const changedMs = Date.parse('2026-11-29T10:20:00Z');

  it('has its files and folders, not itself, wherever a proxy says that they are', async () => {
    const file = { name: 'a1.json', folder: false, size: 3, changedMs };
    for (const base of ['/store/records/build/', 'http://inner:8080/x/records/build/', '/build/'])
      expect(
        await entries(
          answer(response(base, true), response(`${base}a1.json`, false), response(`${base}sub/`, true, '')),
          'records/build',
        ),
      ).toEqual([file, { name: 'sub', folder: true, size: 0, changedMs }]);
  });

  it.each([
    ['/records/build/..', false],
    ['/records/build/%2e%2e', false],
    ['/records/build/a%2fb', false],
    ['/records/build/a%0ab', false],
    ['/records/build/.hidden', false],
    ['/records/build/deep/a.json', false],
    ['/records/other/a.json', false],
    ['', false],
    ['/records/build/a.json?x', true],
    ['/records/build/%61.json', true],
  ])('takes %j: %s', async (href, taken) => {
    expect(await entries(answer(response(href, false)), 'records/build')).toHaveLength(taken ? 1 : 0);
  });

  it('leaves out a file without a size or a time', async () => {
    for (const more of [
      '',
      '<getcontentlength>-1</getcontentlength>',
      '<getcontentlength>1e3</getcontentlength>',
    ])
      expect(await entries(answer(response('/records/build/a', false, more)), 'records/build')).toEqual([]);
  });
});
