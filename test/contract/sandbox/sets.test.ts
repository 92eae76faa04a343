import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { call, create, newest, onlyFile, put, read, sandbox } from './client.ts';

const content = randomBytes(200);
const half = content.subarray(0, 100);
const rest = content.subarray(100);

describe('sets', () => {
  test('are numbered through the day, .10 after .9, and shown newest first', async () => {
    let now = Date.UTC(2020, 10, 22, 12);
    const server = await sandbox({ now: () => now });
    for (let n = 0; n < 12; n++) await create(server, randomBytes(10));
    const { id, json } = await create(server, randomBytes(10));
    expect(newest(json).version).toBe('20201122.12');
    // The order in the text itself: an object would show "20201122" first.
    const { text } = await call(server, 'GET', `boot-resources/${id}/`);
    const shown = [...text.matchAll(/"version": "([\d.]+)"/g)].map((found) => found[1]);
    expect(shown).toEqual([
      ...Array.from({ length: 12 }, (_, index) => `20201122.${12 - index}`),
      '20201122',
    ]);
    now += 24 * 3600_000;
    expect(newest((await create(server, randomBytes(10))).json).version).toBe('20201123');
  });

  test('a POST of an existing name keeps the id, adds a set and deletes the old file at once', async () => {
    const server = await sandbox({ now: () => Date.UTC(2020, 10, 22) });
    const old = await create(server, content);
    await put(server, old.uri, content);
    const fresh = await create(server, randomBytes(50), { title: 'Newer' });
    expect(fresh.id).toBe(old.id);
    const resource = await read(server, old.id);
    expect(resource.title).toBe('Newer');
    expect(resource.sets['20201122']).toEqual({
      version: '20201122',
      label: 'uploaded',
      size: 0,
      complete: false,
      progress: 0,
      files: {},
    });
    expect(Object.keys(resource.sets)).toHaveLength(2);
  });

  test.each(['3.4', '3.5'])('keep_old keeps it on %s', async (family) => {
    const server = await sandbox({ family, now: () => Date.UTC(2020, 10, 22) });
    const old = await create(server, content);
    await put(server, old.uri, content);
    await create(server, randomBytes(50), { keep_old: 'true' });
    expect((await read(server, old.id)).sets['20201122']).toMatchObject({ complete: true, size: 200 });
  });

  test.each(['false', '0', ''])('keep_old=%s does not', async (value) => {
    const server = await sandbox({ now: () => Date.UTC(2020, 10, 22) });
    const old = await create(server, content);
    await create(server, randomBytes(50), { keep_old: value });
    expect((await read(server, old.id)).sets['20201122'].files).toEqual({});
  });

  test('another architecture is another resource', async () => {
    const server = await sandbox();
    const one = await create(server, content);
    const two = await create(server, content, { architecture: 'arm64/generic' });
    expect(two.id).not.toBe(one.id);
  });
});

describe('the same sum again', () => {
  test('3.4 goes on where the old upload stood', async () => {
    const server = await sandbox({ family: '3.4' });
    const old = await create(server, content);
    await put(server, old.uri, half);
    const fresh = await create(server, content);
    expect(newest(fresh.json).progress).toBe(50);
    expect((await put(server, fresh.uri, half)).text).toBe(
      'Saved content does not match given SHA256 value.',
    );
    expect((await put(server, fresh.uri, rest)).text).toBe('OK');
  });

  test('3.4, sent from 0 at once: Too much data received.', async () => {
    const server = await sandbox({ family: '3.4' });
    const old = await create(server, content);
    await put(server, old.uri, half);
    const fresh = await create(server, content);
    expect(await put(server, fresh.uri, content)).toMatchObject({
      status: 400,
      text: 'Too much data received.',
    });
    expect((await put(server, fresh.uri, rest)).text).toBe('OK');
    expect(newest(await read(server, fresh.id)).complete).toBe(true);
  });

  test('3.4 starts anew after a DELETE', async () => {
    const server = await sandbox({ family: '3.4' });
    const old = await create(server, content);
    await put(server, old.uri, half);
    await call(server, 'DELETE', `boot-resources/${old.id}/`);
    const fresh = await create(server, content);
    expect(newest(fresh.json).progress).toBe(0);
    expect((await put(server, fresh.uri, content)).text).toBe('OK');
  });

  test('3.5 starts at 0', async () => {
    const server = await sandbox({ family: '3.5' });
    const old = await create(server, content);
    await put(server, old.uri, half);
    const fresh = await create(server, content);
    expect(newest(fresh.json).progress).toBe(0);
    expect((await put(server, fresh.uri, content)).text).toBe('OK');
  });

  test.each([
    ['3.4', true],
    ['3.5', false],
  ])('complete under another name: %s has it already: %s', async (family, complete) => {
    const server = await sandbox({ family });
    const old = await create(server, content);
    await put(server, old.uri, content);
    const other = await create(server, content, { name: 'other' });
    expect(newest(other.json).complete).toBe(complete);
    expect('upload_uri' in onlyFile(other.json)).toBe(!complete);
    if (!complete) expect((await put(server, other.uri, content)).text).toBe('OK');
    await call(server, 'DELETE', `boot-resources/${old.id}/`);
    expect(newest(await read(server, other.id)).complete).toBe(true);
  });

  test('3.4: two names grow together', async () => {
    const server = await sandbox({ family: '3.4' });
    const one = await create(server, content);
    const two = await create(server, content, { name: 'other' });
    await put(server, one.uri, half);
    await put(server, two.uri, rest);
    for (const { id } of [one, two]) expect(newest(await read(server, id)).complete).toBe(true);
  });
});
