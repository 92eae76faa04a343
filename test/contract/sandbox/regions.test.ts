import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { call, create, newest, onlyFile, put, read, sandbox } from './client.ts';

const content = randomBytes(200);

describe('several regions', () => {
  test('a fully sent file shows its share until the others have copied it', async () => {
    let now = Date.now();
    const server = await sandbox({ regions: 2, syncSeconds: 5, now: () => now });
    const { id, uri } = await create(server, content);
    await put(server, uri, content.subarray(0, 100));
    expect(newest(await read(server, id)).progress).toBe(25);
    await put(server, uri, content.subarray(100));

    const sent = await read(server, id);
    expect(newest(sent)).toMatchObject({ progress: 50, complete: false });
    expect(onlyFile(sent)).toMatchObject({ progress: 50, complete: false, upload_uri: uri });
    expect(await put(server, uri, Buffer.from('x'))).toMatchObject({
      status: 400,
      text: 'Cannot upload to a complete file.',
    });
    now += 5000;
    expect(newest(await read(server, id)).complete).toBe(true);
  });

  test('are counted by regioncontrollers/', async () => {
    const server = await sandbox({ regions: 3 });
    const { json } = await call(server, 'GET', 'regioncontrollers/');
    expect(json.map((region: { system_id: string }) => region.system_id)).toEqual([
      expect.stringMatching(/^[0-9a-f]{4}01$/),
      expect.stringMatching(/02$/),
      expect.stringMatching(/03$/),
    ]);
  });

  test('before 3.5 there is one copy, so one region', async () => {
    await expect(sandbox({ family: '3.4', regions: 2 })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(sandbox({ regions: 0 })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
