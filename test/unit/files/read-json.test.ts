import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  differenceFrom,
  parseLines,
  readJson,
  readJsonOrMiss,
} from '../../../pipeline/host/files/read-json.ts';
import {
  anything,
  count,
  flag,
  list,
  map,
  matching,
  object,
  oneOf,
  orNull,
  type Shape,
  sha256,
  text,
  time,
} from '../../../pipeline/host/files/shape.ts';
import { EVIDENCE } from '../../../pipeline/image/artifact.ts';
import { VERDICT } from '../../../pipeline/image/checks/judge.ts';
import { ACCEPTANCE } from '../../../pipeline/maas/acceptance/types.ts';
import { NIGHT } from '../../../pipeline/nightly/types.ts';
import { LAST_RUN } from '../../../pipeline/report/page/last-run.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'json-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function write(content: string): string {
  const path = join(dir, 'record.json');
  writeFileSync(path, content);
  return path;
}

const RECORD = object(
  {
    name: text,
    size: count,
    state: oneOf('good', 'bad'),
    sum: orNull(sha256),
    steps: list(object({ done: flag, at: time })),
    tools: map(text),
  },
  { note: text },
);
const good = {
  name: 'a',
  size: 0,
  state: 'good',
  sum: null,
  steps: [{ done: true, at: '2026-11-28T21:30:00.000Z' }],
  tools: { tar: '1.34' },
};

describe('a record', () => {
  test('is what was written, with members that are not known', async () => {
    const written = { ...good, later: [1] };
    expect(await readJson(write(JSON.stringify(written)), RECORD)).toEqual(written);
  });

  test.each<[string, unknown, string, RegExp]>([
    ['a number in place of a name', { ...good, name: 7 }, 'name', /name must be string/],
    ['a size below 0', { ...good, size: -1 }, 'size', /size must be >= 0/],
    ['another state', { ...good, state: 'odd' }, 'state', /state must be .*: good, bad/],
    ['a sum that is none', { ...good, sum: 'abc' }, 'sum', /sum must match pattern/],
    ['a step without its time', { ...good, steps: [{ done: true }] }, 'steps/0', /required property 'at'/],
    [
      'a time of this zone',
      { ...good, steps: [{ done: true, at: '2026-11-28 21:30' }] },
      'steps/0/at',
      /at must/,
    ],
    ['a version as a number', { ...good, tools: { tar: 1.34 } }, 'tools/tar', /tools\/tar must be string/],
    ['a note that is null', { ...good, note: null }, 'note', /note must be string/],
    ['a list', [good], '', /the whole must be object/],
    ['null', null, '', /the whole must be object/],
    ['a text', 'good', '', /the whole must be object/],
    ['no members', {}, '', /required property 'name'/],
  ])('with %s names file and member', async (_how, value, member, message) => {
    const path = write(JSON.stringify(value));
    const error = await readJson(path, RECORD).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'WrongJson', member, message: expect.stringMatching(message) });
    expect((error as Error).message).toContain(path);
    expect(await readJsonOrMiss(path, RECORD)).toBeUndefined();
  });

  test.each([
    ['empty', ''],
    ['cut off', '{"name": "a", "si'],
    ['zeros, as after a loss of power', '\0'.repeat(64)],
    ['two records', '{}{}'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0xfe]).toString('latin1')],
    ['nested without end', '['.repeat(200_000)],
    ['a web page', '<html></html>'],
  ])('that is %s is not JSON', async (_how, content) => {
    await expect(readJson(write(content), RECORD)).rejects.toMatchObject({
      name: 'WrongJson',
      member: undefined,
    });
  });

  test('is read no further than it may be large', async () => {
    const path = write(`{"name": "${'x'.repeat(5000)}"}`);
    await expect(readJson(path, RECORD, 4096)).rejects.toMatchObject({ code: 'EFBIG' });
    expect(await readJsonOrMiss(path, RECORD, 4096)).toBeUndefined();
  });

  test('that is not there, or a folder, is the system error of it', async () => {
    await expect(readJson(join(dir, 'none'), RECORD)).rejects.toMatchObject({ code: 'ENOENT' });
    mkdirSync(join(dir, 'folder'));
    await expect(readJson(join(dir, 'folder'), RECORD)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  test('with names of the language itself harms nothing', async () => {
    const path = write('{"__proto__": {"polluted": true}, "constructor": 1, "toString": "x"}');
    expect(await readJson(path, map(anything))).toHaveProperty('toString', 'x');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

test('of lines, those are left out that are cut or foreign', () => {
  const lines = ['{"a":1}', '{"a":2', '', 'null', '{"a":"3"}', '{"a":4,"b":5}', '\0\0'].join('\n');
  expect(parseLines(lines, object({ a: count }))).toEqual([{ a: 1 }, { a: 4, b: 5 }]);
});

test('a pattern holds from the first character to the last', () => {
  const shape = matching(/a|b/);
  expect(['a', 'b', 'ab', 'xa', 'b\n'].map((value) => differenceFrom(shape, value) === null)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test.each<[string, Shape<unknown>]>([
  ['facts', EVIDENCE],
  ['a verdict', VERDICT],
  ['an acceptance', ACCEPTANCE],
  ['a night', NIGHT],
  ['a last run', LAST_RUN],
])('the shape of %s takes nothing that is another', (_name, shape) => {
  for (const value of [{}, [], null, 1, 'x', { format: 1 }, { format: 1, images: [], findings: [] }])
    expect(differenceFrom(shape, value)).not.toBeNull();
});
