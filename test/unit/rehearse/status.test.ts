import { expect, test } from 'vitest';
import { readStatus } from '../../../pipeline/maas/rehearse/status.ts';
import fc from '../../property.ts';

const event = (more: object = {}) =>
  Buffer.from(
    JSON.stringify({
      event_type: 'finish',
      origin: 'curtin',
      name: 'cmd-install',
      description: 'installation',
      ...more,
    }),
  );

test('an event of curtin with its files', () => {
  const files = [
    { path: '/tmp/install.log', encoding: 'base64', content: Buffer.from('the log').toString('base64') },
  ];
  const read = readStatus(event({ result: 'FAIL', files }));
  expect(read).toMatchObject({ kind: 'finish', name: 'cmd-install', result: 'FAIL' });
  expect((read as { files: { content: Buffer }[] }).files[0]!.content.toString()).toBe('the log');
});

test.each([
  ['', 'JSON'],
  ['{', 'JSON'],
  ['null', 'object'],
  ['[]', 'object'],
  ['"text"', 'object'],
  ['{}', 'event_type'],
  ['{"event_type":1,"origin":"a","name":"b","description":"c"}', 'event_type'],
  ['{"event_type":"start","origin":"a","name":["b"],"description":"c"}', 'event_type'],
])('%s is refused', (body, why) => {
  expect(readStatus(Buffer.from(body))).toContain(why);
});

test('names and descriptions are cut, members of a prototype are none, and files beyond eight are left out', () => {
  const file = { path: '../../etc/passwd', content: 'x' };
  const read = readStatus(
    event({ name: 'n'.repeat(1e6), description: 'd'.repeat(1e6), files: Array(1000).fill(file) }),
  );
  expect(read).toMatchObject({ name: 'n'.repeat(200), description: 'd'.repeat(4000) });
  expect((read as { files: unknown[] }).files).toHaveLength(8);
  expect(
    readStatus(Buffer.from('{"__proto__":{"event_type":"start","origin":"a","name":"b","description":"c"}}')),
  ).toContain('event_type');
});

test('every post is an event or refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue().map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      (text) => {
        const read = readStatus(Buffer.from(text));
        expect(typeof read === 'string' || typeof read.name === 'string').toBe(true);
      },
    ),
  );
  fc.assert(
    fc.property(fc.jsonValue(), (files) => {
      const read = readStatus(event({ files }));
      expect(typeof read).toBe('object');
    }),
  );
});
