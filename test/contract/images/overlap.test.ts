// Chunks of several pieces: the next one is under way, all but its end, while MAAS works on one.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../../../pipeline/maas/api/client.ts';
import { ChunkPut } from '../../../pipeline/maas/images/chunk-put.ts';
import { LocalFile } from '../../../pipeline/maas/images/local-file.ts';
import { Overlap } from '../../../pipeline/maas/images/overlap.ts';
import { Bench } from './bench.ts';

let bench: Bench;
afterEach(() => bench.close());

const MB = 1 << 20;
const SIZE = 6 * MB + 777;
/** The sizes of chunks that are as they should be on the server: five whole ones, and the rest. */
const tuning = { chunkSizes: [MB, MB / 2, MB / 4] };
const chunks = () => bench.sandbox.requests.filter(({ kind }) => kind === 'chunk');

/**
 * Uploads, and looks at the server meanwhile.
 * @returns the chunks that were seen under way behind another one, by their numbers, and the most bytes of one that was
 */
async function uploaded(family: '3.4' | '3.5' | '3.8', faults: string[]) {
  bench = await Bench.open({ family, faults }, SIZE);
  const seen = new Set<number>();
  let most = 0;
  const look = () => {
    const [one, next] = chunks().slice(-2);
    if (one?.status !== null || next?.status !== null || next.received === 0) return;
    // Nothing more comes of a cut connection.
    if (one.fault?.includes('reset')) return;
    seen.add(next.number);
    most = Math.max(most, next.received);
  };
  const timer = setInterval(look, 5);
  try {
    await bench.upload({}, tuning);
  } finally {
    clearInterval(timer);
  }
  return { seen, most };
}

test.each(['3.4', '3.5', '3.8'] as const)(
  'MAAS %s gets the next chunk while it works on one, and its end only after the answer',
  async (family) => {
    const { seen, most } = await uploaded(family, ['chunk:*:late:0.1']);
    expect(seen.size).toBeGreaterThan(3);
    expect(most).toBe(MB / 2);
    expect(chunks().map(({ received, status }) => [received, status])).toEqual([
      ...Array(6).fill([MB, 200]),
      [777, 200],
    ]);
    expect(new Set(chunks().map(({ connection }) => connection)).size).toBeLessThanOrEqual(3);
    await bench.expectWhole();
  },
);

test('a line that is slower than the file: no byte of a chunk is overwritten by the next one', async () => {
  await uploaded('3.5', ['chunk:2:slow:4000000', 'chunk:3:slow:9000000', 'chunk:5:slow:4000000']);
  await bench.expectWhole();
});

test('a chunk that is cut before its turn is sent again without a word, and from then on one after the other', async () => {
  const { seen } = await uploaded('3.5', ['chunk:2:late:0.2', 'chunk:3:reset', 'chunk:5+:late:0.1']);
  expect([...seen].every((number) => number <= chunks()[2]!.number)).toBe(true);
  expect(chunks().map(({ status }) => status)).toEqual([200, 200, null, 200, 200, 200, 200, 200]);
  expect(bench.notices()).toEqual([]);
  await bench.expectWhole();
});

test.each(['503', 'lost', '500', 'disk-full'])(
  'bytes of the next chunk count for nothing when one ends by %s',
  async (fault) => {
    await uploaded('3.5', [`chunk:2:${fault}`, 'chunk:1:late:0.1']);
    await bench.expectWhole();
    // Nothing of the one behind is complete: MAAS never sees it.
    expect(chunks()[2]!.received).toBeLessThan(MB);
  },
);

test('a file that changes under way is found out before MAAS has its last byte', async () => {
  bench = await Bench.open({ family: '3.5', faults: ['chunk:*:late:0.1'] }, SIZE);
  const upload = expect(bench.upload({}, tuning)).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
  while (chunks().length < 2) await new Promise(setImmediate);
  const file = await open(bench.file, 'r+');
  await file.write(Buffer.from('changed'), 0, 7, 5 * MB);
  await file.close();
  await upload;
  expect(chunks().filter(({ received, status }) => received === 777 && status === 200)).toEqual([]);
});

test('an interruption ends both requests', async () => {
  bench = await Bench.open({ family: '3.5', faults: ['chunk:*:late:5'] }, SIZE);
  const abort = new AbortController();
  const upload = bench.upload({ signal: abort.signal }, tuning);
  const failed = expect(upload).rejects.toMatchObject({ code: 'INTERRUPTED' });
  while (!(chunks()[1]?.received === MB / 2)) await new Promise((resolve) => setTimeout(resolve, 5));
  const began = performance.now();
  abort.abort();
  await failed;
  // A second of ours; the rest is for a machine with other things to do. MAAS answers after five.
  expect(performance.now() - began).toBeLessThan(4000);
  expect(chunks()).toHaveLength(2);
});

test('a chunk behind one that failed is given up', async () => {
  const given: number[] = [];
  const begin = (offset: number) => {
    const taken = offset === 0 ? Promise.reject(new Error('no')) : new Promise(() => {});
    taken.catch(() => {});
    const abandon = async () => void given.push(offset);
    const chunk = { offset, end: offset + 10, failedEarly: false, stuck: false, left: Promise.resolve() };
    return { ...chunk, taken, abandon, finish() {} } as unknown as ChunkPut;
  };
  const sending = { start: 0, size: 30, begin, turn() {}, taken() {} };
  await expect(new Overlap().send(sending)).rejects.toThrow('no');
  expect(given).toEqual([10]);
});

/** Keeps connections alive, and works on one at a time until its client closes it. */
const ONE_CONNECTION = `
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_PUT(self):
        with open(sys.argv[1], 'ab') as file:
            file.write(self.rfile.read(int(self.headers['Content-Length'])))
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'OK')
    def log_message(self, *_):
        pass
server = HTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
`;

test('a server that takes one connection at a time gets one chunk after the other', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'overlap-'));
  const server = spawn('python3', ['-c', ONE_CONNECTION, join(dir, 'came')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = await once(server.stdout, 'data');
    const path = join(dir, 'file');
    const size = 30 * MB;
    const data = randomBytes(size);
    await writeFile(path, data);
    const { signal } = new AbortController();
    const url = `http://127.0.0.1:${String(port).trim()}/MAAS`;
    const client = createClient({ url, key: null, caCert: null, emit() {}, signal });
    const file = await LocalFile.open({
      file: path,
      size,
      sha256: createHash('sha256').update(data).digest('hex'),
      signal,
    });
    const begun: number[] = [];
    await new Overlap().send({
      ...{ start: 0, size, turn() {}, taken() {} },
      begin(offset) {
        begun.push(offset / MB);
        const chunk = { path: 'put/', file, offset, length: 10 * MB, answerMs: undefined, onSent() {} };
        return new ChunkPut(client, chunk);
      },
    });
    expect(begun).toEqual([0, 10, 10, 20]);
    await file.close();
    expect((await readFile(join(dir, 'came'))).equals(data)).toBe(true);
  } finally {
    server.kill();
    await rm(dir, { recursive: true });
  }
});
