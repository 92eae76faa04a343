import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { call, create, newest, onlyFile, put, read, sandbox } from './client.ts';

const content = randomBytes(3000);
const parts = [content.subarray(0, 1000), content.subarray(1000, 2000), content.subarray(2000)] as const;

describe.each(['2.8', '3.1', '3.2', '3.4', '3.5', '3.7', '3.8'])('an upload to MAAS %s', (family) => {
  test('in three chunks is complete and in the list', async () => {
    const server = await sandbox({ family });
    const { id, uri } = await create(server, content);
    for (const part of parts) {
      const answer = await put(server, uri, part);
      expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([200, 'OK', 'text/plain']);
    }
    const resource = await read(server, id);
    expect(newest(resource)).toMatchObject({ complete: true, size: 3000 });
    expect(newest(resource)).not.toHaveProperty('progress');
    expect(onlyFile(resource)).not.toHaveProperty('upload_uri');
    const list = await call(server, 'GET', 'boot-resources/?type=uploaded');
    expect(list.json).toMatchObject([{ id, name: 'img', type: 'Uploaded' }]);
    expect(list.json[0]).not.toHaveProperty('sets');
  });
});
