import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { call, create, fields, newest, onlyFile, read, sandbox, sha256 } from './client.ts';

const content = randomBytes(100);
const post = async (server: Awaited<ReturnType<typeof sandbox>>, more: Record<string, string | number>) =>
  call(server, 'POST', 'boot-resources/', { form: fields(content, more) });

describe('create', () => {
  test('3.4 answers 201 with the full resource', async () => {
    const server = await sandbox({ family: '3.4', now: () => Date.UTC(2020, 10, 22, 23, 59) });
    const answer = await post(server, {});
    expect([answer.status, answer.headers['content-type']]).toEqual([201, 'application/json; charset=utf-8']);
    const { id } = answer.json;
    expect(answer.json).toEqual({
      id,
      type: 'Uploaded',
      name: 'img',
      architecture: 'amd64/generic',
      resource_uri: `/MAAS/api/2.0/boot-resources/${id}/`,
      last_deployed: null,
      title: 'An image',
      subarches: 'generic',
      sets: {
        '20201122': {
          version: '20201122',
          label: 'uploaded',
          size: 100,
          complete: false,
          progress: 0,
          files: {
            'root-tgz': {
              filename: 'root-tgz',
              filetype: 'root-tgz',
              sha256: sha256(content),
              size: 100,
              complete: false,
              progress: 0,
              upload_uri: expect.stringMatching(
                new RegExp(`^/MAAS/api/2\\.0/boot-resources/${id}/upload/\\d+/$`),
              ),
            },
          },
        },
      },
    });
  });

  test('3.5 adds base_image and filename_on_disk and has real file names', async () => {
    const server = await sandbox({ family: '3.5' });
    const { json } = await create(server, content);
    expect(json.base_image).toBe('ubuntu/jammy');
    expect(Object.keys(newest(json).files)).toEqual(['root.tgz']);
    expect(onlyFile(json)).toMatchObject({
      filename: 'root.tgz',
      filetype: 'root-tgz',
      filename_on_disk: sha256(content).slice(0, 7),
    });
  });

  test.each([
    ['3.3', false],
    ['3.4', true],
  ])('last_deployed on %s: %s', async (family, there) => {
    const server = await sandbox({ family });
    const { json } = await create(server, content);
    expect('last_deployed' in json).toBe(there);
    expect('base_image' in json).toBe(false);
  });

  test.each(['urlencoded', 'multipart', 'JSON'])('takes a %s body', async (kind) => {
    const server = await sandbox();
    const values = fields(content);
    const data = new FormData();
    for (const [name, value] of Object.entries(values)) data.append(name, String(value));
    const packed = new Response(
      kind === 'multipart' ? data : new URLSearchParams(values as unknown as Record<string, string>),
    );
    const body =
      kind === 'JSON' ? Buffer.from(JSON.stringify(values)) : Buffer.from(await packed.arrayBuffer());
    const type = kind === 'JSON' ? 'application/json' : (packed.headers.get('content-type') as string);
    const answer = await call(server, 'POST', 'boot-resources/', { body, headers: { 'content-type': type } });
    expect([answer.status, answer.json.name]).toEqual([201, 'img']);
  });

  test('an octet-stream is a 500', async () => {
    const server = await sandbox();
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await call(server, 'POST', 'boot-resources/', { body: 'x', headers });
    expect([answer.status, answer.text]).toEqual([500, "'NoneType' object has no attribute 'copy'"]);
  });

  test.each([
    ['3.4', 'root-tgz', true],
    ['3.7', 'root.tgz', true],
    ['3.8', '', false],
  ])('inline content on %s', async (family, filename, taken) => {
    const server = await sandbox({ family });
    const data = new FormData();
    for (const [name, value] of Object.entries(fields(content)))
      if (name !== 'sha256' && name !== 'size') data.append(name, String(value));
    data.append('content', new Blob([content]));
    const packed = new Response(data);
    const answer = await call(server, 'POST', 'boot-resources/', {
      body: Buffer.from(await packed.arrayBuffer()),
      headers: { 'content-type': packed.headers.get('content-type') as string },
    });
    expect(answer.status).toBe(taken ? 201 : 400);
    if (taken)
      expect(newest(answer.json)).toMatchObject({
        complete: true,
        files: { [filename]: { complete: true, size: 100, sha256: sha256(content) } },
      });
    else expect(answer.json).toMatchObject({ sha256: ['This field is required.'] });
  });
});

describe('filetype', () => {
  test.each([
    ['tgz', 'root-tgz', 'root.tgz'],
    ['tbz', 'root-tbz', 'root.tbz'],
    ['txz', 'root-txz', 'root.txz'],
    ['ddtgz', 'root-dd', 'root-dd'],
    ['ddtbz', 'root-dd.tar.bz2', 'root-dd.tar.bz2'],
    ['ddtxz', 'root-dd.tar.xz', 'root-dd.tar.xz'],
    ['ddtar', 'root-dd.tar', 'root-dd.tar'],
    ['ddbz2', 'root-dd.bz2', 'root-dd.bz2'],
    ['ddgz', 'root-dd.gz', 'root-dd.gz'],
    ['ddxz', 'root-dd.xz', 'root-dd.xz'],
    ['ddraw', 'root-dd.raw', 'root-dd.raw'],
  ])('%s is stored as %s', async (filetype, stored, newer) => {
    for (const [family, filename] of [
      ['3.4', stored],
      ['3.5', newer],
    ] as const) {
      const server = await sandbox({ family });
      const { json } = await create(server, content, { filetype });
      expect(onlyFile(json)).toMatchObject({ filetype: stored, filename });
    }
  });

  test('tgz by default, anything else is refused', async () => {
    const server = await sandbox();
    const { filetype: _, ...rest } = fields(content);
    expect(onlyFile((await call(server, 'POST', 'boot-resources/', { form: rest })).json).filetype).toBe(
      'root-tgz',
    );
    const answer = await post(server, { filetype: 'squashfs' });
    expect([answer.status, answer.json]).toEqual([
      400,
      { filetype: ['Select a valid choice. squashfs is not one of the available choices.'] },
    ]);
  });
});

describe('name', () => {
  const message = async (name: string, family = '3.5') => {
    const answer = await post(await sandbox({ family }), { name });
    return [answer.status, answer.json?.name?.[0] ?? answer.text];
  };

  test('custom/x is stored as x', async () => {
    expect((await create(await sandbox(), content, { name: 'custom/x' })).json.name).toBe('x');
  });

  test.each([
    [
      '3.4',
      "'ubuntu', 'ubuntu-core', 'bootloader', 'centos', 'rhel', 'custom', 'windows', 'suse', 'caringo', 'esxi'",
    ],
    [
      '3.5',
      "'ubuntu', 'ubuntu-core', 'bootloader', 'centos', 'rhel', 'custom', 'windows', 'suse', 'esxi', 'ol'",
    ],
  ])('foo/bar on %s names the systems there are', async (family, systems) => {
    expect(await message('foo/bar', family)).toEqual([
      400,
      `Unsupport operating system foo, supported operating systems: [${systems}]`,
    ]);
  });

  test.each(['ubuntu', 'custom', 'windows', 'centos7', 'centos70', 'jammy', 'custom/jammy', 'ubuntu/jammy'])(
    '%s is reserved',
    async (name) => {
      expect(await message(name)).toEqual([400, `${name.replace('custom/', '')} is a reserved name`]);
    },
  );

  test('another system of its own is taken, without a base image', async () => {
    const { json } = await create(await sandbox(), content, { name: 'windows/win2022' });
    expect(json.name).toBe('windows/win2022');
    expect(json).not.toHaveProperty('base_image');
  });

  test('custom/x/y is a 500', async () => {
    expect(await message('custom/x/y')).toEqual([500, 'too many values to unpack (expected 2)']);
  });

  test('custom/ is a 400 on 3.4 and a 500 on 3.5', async () => {
    expect((await message('custom/', '3.4'))[0]).toBe(400);
    expect((await message('custom/', '3.5'))[0]).toBe(500);
  });

  test('255 characters pass, 256 do not', async () => {
    expect((await create(await sandbox(), content, { name: 'n'.repeat(255) })).json.name).toHaveLength(255);
    expect(await message('n'.repeat(256))).toEqual([
      400,
      'Ensure this value has at most 255 characters (it has 256).',
    ]);
  });
});

describe('architecture', () => {
  test('must be usable', async () => {
    const answer = await post(await sandbox(), { architecture: 'amd64' });
    expect([answer.status, answer.json]).toEqual([
      400,
      {
        architecture: [
          "'amd64' is not a valid architecture.  It should be one of: 'amd64/generic', 'arm64/generic'.",
        ],
      },
    ]);
  });

  test('with nothing imported none is', async () => {
    const answer = await post(await sandbox({ architectures: [] }), {});
    expect(answer.json.architecture).toEqual([
      "'amd64/generic' is not a valid architecture.  It should be one of: ''.",
    ]);
  });
});

describe('base_image', () => {
  const FORMAT = 'a base image must follow the format: <osystem>/<series>';
  const KIND = 'custom images require a valid non-custom OS type base image';
  const CHOICE = 'please select a valid base image OS and version';

  test.each([
    ['3.5', 'ubuntu', FORMAT],
    ['3.5', 'ubuntu/jammy/x', FORMAT],
    ['3.5', 'windows/win2022', KIND],
    ['3.5', 'custom/x', KIND],
    ['3.4', 'ol/ol9', KIND],
    ['3.5', 'ubuntu/nonsense', CHOICE],
  ])('on %s %s is refused', async (family, given, message) => {
    const answer = await post(await sandbox({ family }), { base_image: given });
    expect([answer.status, answer.json]).toEqual([400, { base_image: [message] }]);
  });

  test.each(['ubuntu/focal', 'centos/centos70', 'rhel/rhel8', 'ol/ol9', 'Ubuntu/JAMMY'])(
    '%s is taken by 3.5, in lower case',
    async (given) => {
      const { json } = await create(await sandbox(), content, { base_image: given });
      expect(json.base_image).toBe(given.toLowerCase());
    },
  );

  test.each(['2.8', '3.0'])('%s does not look at it', async (family) => {
    expect((await post(await sandbox({ family }), { base_image: 'nonsense' })).status).toBe(201);
  });

  test('3.1 requires it', async () => {
    const answer = await post(await sandbox({ family: '3.1' }), { base_image: '' });
    expect([answer.status, answer.json]).toEqual([400, { base_image: [FORMAT] }]);
  });

  test.each(['3.2', '3.4', '3.5'])('%s takes the commissioning series when there is none', async (family) => {
    const answer = await post(await sandbox({ family }), { base_image: '' });
    expect(answer.status).toBe(201);
    if (family === '3.5') expect(answer.json.base_image).toBe('ubuntu/jammy');
  });

  test('once set it stays', async () => {
    const server = await sandbox();
    await create(server, content, { base_image: 'ubuntu/focal' });
    const { id } = await create(server, content, { base_image: 'ubuntu/noble' });
    expect((await read(server, id)).base_image).toBe('ubuntu/focal');
    await create(server, content, { base_image: '' });
    expect((await read(server, id)).base_image).toBe('ubuntu/focal');
  });

  test('3.1 takes the one set before', async () => {
    const server = await sandbox({ family: '3.1' });
    await create(server, content);
    expect((await post(server, { base_image: '' })).status).toBe(201);
  });
});

describe('size', () => {
  const size = async (value: string | number) => {
    const answer = await post(await sandbox(), { size: value });
    return [answer.status, answer.json.size?.[0] ?? onlyFile(answer.json).size];
  };

  test('abc is not a number', async () => expect(await size('abc')).toEqual([400, 'Enter a whole number.']));
  test('zero and negative numbers are accepted', async () => {
    expect(await size(0)).toEqual([201, 0]);
    expect(await size(-5)).toEqual([201, -5]);
  });
  test('2^63 is too large', async () => {
    expect(await size('9223372036854775808')).toEqual([
      400,
      'Ensure this value is less than or equal to 9223372036854775807.',
    ]);
    expect((await size('9223372036854774784'))[0]).toBe(201);
  });
});

describe('sha256', () => {
  test.each([
    [63, 'Ensure this value has at least 64 characters (it has 63).'],
    [65, 'Ensure this value has at most 64 characters (it has 65).'],
  ])('%i characters are refused', async (length, message) => {
    const answer = await post(await sandbox(), { sha256: 'a'.repeat(length) });
    expect([answer.status, answer.json]).toEqual([400, { sha256: [message] }]);
  });

  test.each(['3.4', '3.5'])('the same with another size is refused by %s', async (family) => {
    const server = await sandbox({ family });
    await create(server, content);
    const answer = await post(server, { name: 'other', size: 101 });
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
      400,
      'File already exists with sha256 that is of different size.',
      'text/plain; charset=utf-8',
    ]);
  });
});

test('every bad field is named at once', async () => {
  const answer = await call(await sandbox(), 'POST', 'boot-resources/', { form: { filetype: 'x' } });
  expect(answer.json).toEqual({
    name: ['This field is required.'],
    architecture: ['This field is required.'],
    filetype: ['Select a valid choice. x is not one of the available choices.'],
    sha256: ['This field is required.'],
    size: ['This field is required.'],
  });
});
