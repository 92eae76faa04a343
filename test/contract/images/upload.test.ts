import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { BootResourceDetail } from '../../../pipeline/maas/api/answers.ts';
import { detail } from '../../../pipeline/maas/api/answers.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import { createClient, type MaasClient } from '../../../pipeline/maas/api/client.ts';
import { readLedger } from '../../../pipeline/workspace/ledger/ledger.ts';
import { Bench, CHUNK } from './bench.ts';

let bench: Bench;
afterEach(() => bench.close());

const chunks = () => bench.sandbox.counts.chunk ?? 0;
const creates = () => bench.sandbox.counts.create ?? 0;

function client(): MaasClient {
  const key = parseApiKey(bench.sandbox.apiKey, 'of the sandbox');
  const signal = new AbortController().signal;
  return createClient({ url: bench.sandbox.url, key, caCert: null, emit: () => {}, signal });
}

/** Makes a resource with our sum by hand, as another tool would, and gives its full form. */
async function created(more: Record<string, string> = {}): Promise<BootResourceDetail> {
  const form = {
    name: 'custom/dgx1-5.0',
    architecture: 'amd64/generic',
    base_image: 'ubuntu/focal',
    sha256: bench.sha256,
    size: bench.data.length,
    filetype: 'tgz',
    ...more,
  };
  const maas = client();
  return detail(maas, 'boot-resources/', await maas.post('boot-resources/', form));
}

async function sendByHand(resource: BootResourceDetail, bytes: Buffer): Promise<void> {
  const uri = resource.sets.find((set) => !set.complete && set.files[0])?.files[0]?.uploadUri as string;
  const path = uri.slice('/MAAS/api/2.0/'.length);
  await client().put(path, { type: 'application/octet-stream', length: bytes.length, bytes });
}

const VERSIONS = ['2.8', '2.9', '3.0', '3.1', '3.2', '3.3', '3.4', '3.5', '3.6', '3.7', '3.8'];

describe('on each version of MAAS', () => {
  test.each(VERSIONS)('%s: the image arrives whole, and a second upload sends nothing', async (family) => {
    bench = await Bench.open({ family, front: 'nginx' });
    const first = await bench.upload();
    expect(first).toMatchObject({ skipped: false, sent: bench.data.length, name: 'dgx1-5.0' });
    expect(first.maasVersion.startsWith(family)).toBe(true);
    expect(chunks()).toBe(6);
    await bench.expectWhole();

    const second = await bench.upload();
    expect(second).toMatchObject({ skipped: true, sent: 0, resourceId: first.resourceId, set: first.set });
    expect([creates(), chunks()]).toEqual([1, 6]);
    expect(bench.events.slice(-2)).toMatchObject([
      { type: 'progress', note: 'already there' },
      { type: 'activity-end' },
    ]);
  });

  test('3.8 with a user of the v3 API: one streamed request', async () => {
    bench = await Bench.open({ family: '3.8', front: 'nginx' });
    const { username, password } = bench.sandbox.login;
    const env = {
      XDG_STATE_HOME: join(bench.dir, 'state'),
      MAAS_USERNAME: username,
      MAAS_PASSWORD: password,
    };
    expect(await bench.upload({ env })).toMatchObject({ skipped: false, sent: bench.data.length });
    expect([bench.sandbox.counts.stream, creates(), chunks()]).toEqual([1, 0, 0]);
    expect(await bench.upload({ env })).toMatchObject({ skipped: true });
  });

  test.each(['reset', 'lost', '503', 'stall'])(
    '3.8, the stream meets %s: the chunks finish it',
    async (fault) => {
      bench = await Bench.open({ family: '3.8', faults: [`stream:1:${fault}`] });
      const { username, password } = bench.sandbox.login;
      const env = {
        XDG_STATE_HOME: join(bench.dir, 'state'),
        MAAS_USERNAME: username,
        MAAS_PASSWORD: password,
      };
      const result = await bench.upload({ env }, fault === 'stall' ? { answerMs: 3000 } : {});
      expect(result.sha256).toBe(bench.sha256);
      expect(bench.sandbox.counts.stream).toBe(1);
      expect(bench.notices().join()).toContain('Sending in one stream failed');
      // Stored and only the answer lost: nothing is sent again.
      expect(chunks()).toBe(fault === 'lost' ? 0 : 6);
    },
  );
});

describe('the same content under a second name', () => {
  const reported = () => bench.notices().join('\n');

  test('3.8: the first has no file meanwhile, which is reported before the first byte and when it breaks off', async () => {
    bench = await Bench.open({ family: '3.8' });
    await bench.upload({ name: 'custom/first' });
    expect(reported()).toBe('');
    // One chunk that MAAS calls too much, two that pass.
    bench.sandbox.addFault('chunk:4+:500');
    await expect(bench.upload({ name: 'custom/second', patienceS: 0.1 })).rejects.toMatchObject({
      exitCode: 75,
    });
    expect(reported()).toContain('"first" cannot be deployed until "second" is complete');
    expect(reported()).toContain('"first" may have no data in MAAS now');

    const stored = () => readFileSync(join(bench.dir, `maas/blobs/sha256-${bench.sha256}`));
    expect(stored().length).toBe(2 * CHUNK);

    bench.sandbox.clearFaults();
    expect(await bench.upload({ name: 'custom/second' })).toMatchObject({
      sent: bench.data.length - 2 * CHUNK,
    });
    expect(stored().equals(bench.data)).toBe(true);
  });

  test.each(['3.4', '3.5'])('%s: the first keeps its own, and nothing is reported', async (family) => {
    bench = await Bench.open({ family });
    await bench.upload({ name: 'custom/first' });
    expect(await bench.upload({ name: 'custom/second' })).toMatchObject({ skipped: family === '3.4' });
    expect(reported()).toBe('');
  });
});

describe('resuming what another process or tool began', () => {
  test.each(['3.4', '3.5'])('%s: goes on at the byte where it stopped', async (family) => {
    bench = await Bench.open({ family });
    await sendByHand(await created(), bench.data.subarray(0, 100_001));
    expect(await bench.upload()).toMatchObject({ sent: bench.data.length - 100_001 });
    expect(creates()).toBe(1);
    await bench.expectWhole();
  });

  test('3.4: the same content begun under another name goes on there', async () => {
    bench = await Bench.open({ family: '3.4' });
    await sendByHand(await created({ name: 'custom/other' }), bench.data.subarray(0, 2 * CHUNK));
    expect(await bench.upload()).toMatchObject({ sent: bench.data.length - 2 * CHUNK });
  });

  test('3.4: the same content complete under another name is there at once', async () => {
    bench = await Bench.open({ family: '3.4' });
    await sendByHand(await created({ name: 'custom/other' }), bench.data);
    expect(await bench.upload()).toMatchObject({ sent: 0, skipped: true, name: 'dgx1-5.0' });
    expect(creates()).toBe(2);
  });

  test.each(['3.4', '3.5', '3.8'])(
    '%s: foreign bytes are found by the sum, deleted, and all is sent again',
    async (family) => {
      bench = await Bench.open({ family });
      await sendByHand(await created(), Buffer.alloc(CHUNK));
      await bench.upload();
      expect(bench.notices().join()).toContain('starts again');
      await bench.expectWhole();
    },
  );

  test.each(['3.5', '3.8'])(
    '%s: foreign bytes above content in use: that stays, a new set is made',
    async (family) => {
      bench = await Bench.open({ family });
      const old = Buffer.from('the content in use');
      const { createHash } = await import('node:crypto');
      const sha256 = createHash('sha256').update(old).digest('hex');
      await sendByHand(await created({ sha256, size: String(old.length) }), old);
      await sendByHand(await created({ keep_old: 'true' }), Buffer.alloc(CHUNK));
      await bench.upload();
      const { id } = ((await client().get('boot-resources/?type=uploaded')) as { id: number }[])[0] as {
        id: number;
      };
      const { sets } = detail(client(), '', await client().get(`boot-resources/${id}/`));
      expect(
        sets
          .filter((set) => set.complete)
          .map((set) => set.files[0]?.sha256)
          .sort(),
      ).toEqual([sha256, bench.sha256].sort());
    },
  );

  test('the eleventh upload of one name on one day finds its own set', async () => {
    bench = await Bench.open({ family: '3.4' });
    for (let i = 0; i < 10; i += 1) await created({ sha256: String(i).repeat(64), size: '1' });
    const result = await bench.upload();
    expect(result.set).toMatch(/^\d{8}\.10$/);
    await bench.expectWhole();
  });

  test('several regions: all bytes are sent once, then the copies are waited for', async () => {
    bench = await Bench.open({ family: '3.5', regions: 3, syncSeconds: 0.3 });
    expect(await bench.upload()).toMatchObject({ sent: bench.data.length });
    expect(chunks()).toBe(6);
    const notes = bench.events.flatMap((e) =>
      e.type === 'progress' && e.note?.startsWith('sent;') ? [e.note] : [],
    );
    expect(notes).toContain('sent; MAAS reports 33 %');
    await bench.expectWhole();
  });

  test('several regions: a partial upload goes on at the right byte', async () => {
    bench = await Bench.open({ family: '3.5', regions: 3, syncSeconds: 0 });
    await sendByHand(await created(), bench.data.subarray(0, 100_001));
    expect(await bench.upload()).toMatchObject({ sent: bench.data.length - 100_001 });
  });
});

describe('content in use', () => {
  test.each(['3.4', '3.5'])(
    '%s: other content of that name survives until ours is complete',
    async (family) => {
      bench = await Bench.open({ family });
      const old = await bench.upload();
      const file = join(bench.dir, 'new.tar.gz');
      const data = Buffer.from(bench.data).reverse();
      writeFileSync(file, data);
      const { createHash } = await import('node:crypto');
      const sha256 = createHash('sha256').update(data).digest('hex');
      bench.sandbox.addFault('put:3+:503');
      await expect(bench.upload({ file, sha256, patienceS: 0.3 })).rejects.toMatchObject({
        code: 'MAAS_BUSY',
        exitCode: 75,
      });
      const { sets } = detail(client(), '', await client().get(`boot-resources/${old.resourceId}/`));
      expect(sets.find((set) => set.version === old.set)).toMatchObject({ complete: true });

      bench.sandbox.clearFaults();
      const result = await bench.upload({ file, sha256 });
      expect(result).toMatchObject({ sent: data.length - 2 * CHUNK, resourceId: old.resourceId });
      expect(bench.notices().join()).toContain('stays in use until the new set is complete');
    },
  );

  test('another base image is frozen: an error with the way out, and nothing is sent', async () => {
    bench = await Bench.open({ family: '3.5' });
    await created({ base_image: 'ubuntu/jammy' });
    const failed = bench.upload();
    await expect(failed).rejects.toMatchObject({
      code: 'MAAS_REFUSED',
      hint: expect.stringContaining('--base-image ubuntu/jammy'),
    });
    await expect(failed).rejects.toThrow('has the base image ubuntu/jammy in MAAS, not ubuntu/focal');
    expect([creates(), chunks()]).toEqual([1, 0]);
  });

  test.each([
    ['3.1', true],
    ['3.4', true],
    ['3.0', false],
  ])(
    '%s does not show base images: the one of the first upload from here counts: %s',
    async (family, counts) => {
      bench = await Bench.open({ family });
      await bench.upload({ baseImage: 'ubuntu/jammy' });
      const again = bench.upload({ baseImage: 'ubuntu/focal' });
      if (counts)
        await expect(again).rejects.toThrow(
          'was first uploaded with the base image ubuntu/jammy, not ubuntu/focal',
        );
      else expect(await again).toMatchObject({ skipped: true });
    },
  );

  test('the base image is sent in lower case', async () => {
    bench = await Bench.open({ family: '3.5' });
    await bench.upload({ baseImage: 'Ubuntu/Focal' });
    await expect(bench.upload({ baseImage: 'ubuntu/FOCAL' })).resolves.toMatchObject({ skipped: true });
  });

  test('an image deleted in MAAS in the middle is made again', async () => {
    bench = await Bench.open({ family: '3.5' });
    let deleted = false;
    const emit = (event: { type: string; done?: number }) => {
      if (deleted || event.type !== 'progress' || !event.done) return;
      deleted = true;
      void client().delete('boot-resources/5/');
    };
    await bench.upload({ emit });
    expect(deleted).toBe(true);
    await bench.expectWhole();
  });
});

describe('chunk sizes', () => {
  test('413 lowers the chunk, and the next upload starts with what passed', async () => {
    bench = await Bench.open({ family: '3.5', faults: ['put:1:413', 'put:2:413'] });
    await bench.upload();
    expect(chunks()).toBe(2 + Math.ceil(bench.data.length / (CHUNK / 4)));
    bench.sandbox.clearFaults();
    const before = chunks();
    await bench.upload({ name: 'custom/second' });
    expect(chunks() - before).toBe(Math.ceil(bench.data.length / (CHUNK / 4)));
  });

  test('through nginx as MAAS ships it, 10 MiB pass', async () => {
    bench = await Bench.open({ family: '3.4', front: 'nginx' }, 11 * 1024 * 1024);
    await bench.upload({}, { chunkSizes: [10 * 1024 * 1024] });
    expect(chunks()).toBe(2);
  });

  test('above the limit the answer is found though the body is not read', async () => {
    bench = await Bench.open({ family: '3.4', front: 'nginx' }, 13 * 1024 * 1024);
    await bench.upload({}, { chunkSizes: [12 * 1024 * 1024, 4 * 1024 * 1024] });
    await bench.expectWhole();
  });
});

describe('a file that changes under us', () => {
  test.each(['3.4', '3.5'])('%s: is found before the last chunk, and no dead image stays', async (family) => {
    bench = await Bench.open({ family });
    const changed = readFileSync(bench.file);
    changed[bench.data.length - 1000] = (changed[bench.data.length - 1000] as number) ^ 1;
    writeFileSync(bench.file, changed);
    await expect(bench.upload()).rejects.toMatchObject({ code: 'UPLOAD_CHANGED', exitCode: 7 });
    expect(bench.sandbox.requests.filter(({ kind }) => kind === 'chunk')).toHaveLength(5);
    expect(await client().get('boot-resources/?type=uploaded')).toEqual([]);
  });
});

describe('permanent errors are not tried again', () => {
  test('not an administrator', async () => {
    bench = await Bench.open({ family: '3.5', admin: false });
    await expect(bench.upload()).rejects.toMatchObject({ code: 'MAAS_FORBIDDEN', exitCode: 7 });
    expect(creates()).toBe(1);
  });

  test.each([
    [{ architecture: 'riscv64/generic' }, /has no usable architecture "riscv64\/generic"/],
    [{ name: '8' }, /reserves the name "(custom\/)?8"/],
    [{ baseImage: 'ubuntu/nonesuch' }, /does not know the series/],
    [{ baseImage: 'windows/2019' }, /must be of an operating system that MAAS supports/],
  ])('%j', async (more, message) => {
    bench = await Bench.open({ family: '3.5' });
    const failed = bench.upload({ ...more });
    await expect(failed).rejects.toMatchObject({ exitCode: 7, hint: expect.stringMatching(/\.$/) });
    await expect(failed).rejects.toThrow(message);
    expect(creates()).toBe(1);
  });

  test('nothing imported yet', async () => {
    bench = await Bench.open({ family: '3.5', architectures: [] });
    await expect(bench.upload()).rejects.toThrow('no boot image is imported');
  });
});

test('an interruption ends it within the chunk; run again, it goes on', async () => {
  bench = await Bench.open({ family: '3.5', faults: ['put:3:stall'] });
  const abort = new AbortController();
  const running = bench.upload({ signal: abort.signal });
  while (chunks() < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort();
  await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
  expect(await bench.upload()).toMatchObject({ sent: bench.data.length - 2 * CHUNK });
});

test('two uploads to one MAAS from this host take turns', async () => {
  bench = await Bench.open({ family: '3.4' });
  const results = await Promise.all([bench.upload(), bench.upload()]);
  expect(results.map(({ skipped }) => skipped).sort()).toEqual([false, true]);
  expect(chunks()).toBe(6);
  await bench.expectWhole();
});

test('the ledger lists what was begun, completed and found', async () => {
  bench = await Bench.open({ family: '3.5' });
  const env = { XDG_STATE_HOME: join(bench.dir, 'state') };
  const { resourceId, set } = await bench.upload({ image: 'dgx1' });
  await bench.upload({ image: 'dgx1' });
  const entries = await readLedger(env);
  expect(entries.map(({ did }) => did)).toEqual(['started', 'completed', 'found']);
  for (const entry of entries)
    expect(entry).toMatchObject({
      target: bench.sandbox.url,
      resourceId,
      set,
      name: 'dgx1-5.0',
      sha256: bench.sha256,
      image: 'dgx1',
    });
});

test('a state directory that cannot be written costs a warning and no more', async () => {
  bench = await Bench.open({ family: '3.5' });
  writeFileSync(join(bench.dir, 'no-dir'), '');
  await bench.upload({ env: { XDG_STATE_HOME: join(bench.dir, 'no-dir') } });
  expect(bench.notices().join()).toMatch(/uploading without a lock.*ledger/s);
  await bench.expectWhole();
});

test('3.8 keeps one file for one content: the second name costs the first one its file for a while, and both end whole', async () => {
  bench = await Bench.open({ family: '3.8' });
  const first = await bench.upload({ name: 'custom/first' });
  const second = await bench.upload({ name: 'custom/second' });
  for (const { resourceId } of [first, second]) {
    const { sets } = detail(client(), '', await client().get(`boot-resources/${resourceId}/`));
    expect(sets.some((set) => set.complete)).toBe(true);
  }
});

test('a first upload reads each thing once', async () => {
  bench = await Bench.open({ family: '3.5' });
  await bench.upload();
  const read = bench.sandbox.requests.filter(({ method }) => method === 'GET').map(({ path }) => path);
  const names = read.map((path) => path.replace(/^.*\/api\/2\.0\//, '')).sort();
  expect(names).toEqual([
    expect.stringMatching(/^boot-resources\/\d+\/$/),
    'boot-resources/?type=synced',
    'boot-resources/?type=uploaded',
    'regioncontrollers/',
    'version/',
  ]);
  await bench.expectWhole();
});
