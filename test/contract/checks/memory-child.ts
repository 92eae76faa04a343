// Run by memory.test.ts in a process of its own: makes a tar on the fly, reads it, and prints the most memory it had.
import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { keepMemorySteady } from '../../../pipeline/host/process/memory.ts';
import { validateFile } from '../../../pipeline/image/checks/validate-file.ts';
import { createInspector } from '../../../pipeline/image/facts/inspector.ts';
import { HOSTILE, hostile } from './hostile-images.ts';

const MB = 1 << 20;

/** A header of a file, by hand: a million of them should cost this process nothing. */
function header(block: Buffer, name: string, size: number): void {
  block.fill(0);
  block.write(name, 0, 'latin1');
  block.write('0000644\0' + '0000000\0' + '0000000\0', 100, 'latin1');
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  block.write('00000000000\0        0', 136, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

/** The chunks of a tar of `members` files of `size` bytes. */
function* tar(members: number, size: number): Generator<Buffer> {
  const body = Buffer.alloc(Math.ceil(size / 512) * 512, 'some content of a file\n');
  const batch = Math.max(1, Math.floor(MB / (512 + body.length)));
  const chunk = Buffer.alloc(batch * (512 + body.length));
  for (let i = 0; i < members; ) {
    let at = 0;
    for (let k = 0; k < batch && i < members; k++, i++) {
      header(chunk.subarray(at, at + 512), `./usr/share/doc/package-${i >> 6}/file-${i}`, size);
      body.copy(chunk, at + 512);
      at += 512 + body.length;
    }
    yield chunk.subarray(0, at);
  }
  yield Buffer.alloc(1024);
}

async function inspected(chunks: Iterable<Buffer>) {
  const inspector = createInspector();
  for (const chunk of chunks) {
    if (inspector.stopped) break;
    await new Promise((resolve) => inspector.write(chunk, resolve));
  }
  inspector.end();
  return inspector.facts();
}

async function validated(chunks: Iterable<Buffer>) {
  const path = join(tmpdir(), `memory-${process.pid}.tgz`);
  try {
    const out = createWriteStream(path);
    for (const chunk of chunks) if (!out.write(chunk)) await once(out, 'drain');
    out.end();
    await once(out, 'close');
    const { facts, verdict } = await validateFile(path, {
      profile: 'demo',
      signal: new AbortController().signal,
    });
    const { found } = verdict.findings[0]!;
    return { facts, bomb: found.includes('decompression bomb') ? [found] : [] };
  } finally {
    rmSync(path, { force: true });
  }
}

keepMemorySteady();
const mode = process.argv[2];
let bomb: string[] = [];
let facts: Awaited<ReturnType<typeof inspected>>;
if (mode !== undefined && Object.hasOwn(HOSTILE, mode)) facts = await inspected(hostile(mode));
else if (mode === 'large') facts = await inspected(tar(2000, 1_100_000));
else if (mode === 'many') facts = await inspected(tar(Number(process.argv[3] ?? 990_000), 0));
else if (mode === 'gzip') {
  // Members of a gzip, made one by one: making it must not need more memory than reading it.
  ({ facts } = await validated(
    (function* () {
      for (const chunk of tar(400, 1_100_000)) yield gzipSync(chunk, { level: 1 });
    })(),
  ));
} else {
  // One chunk of zeros, packed again and again: some MB that become 100 GB.
  const zeros = gzipSync(Buffer.alloc(16 * MB), { level: 9 });
  ({ facts, bomb } = await validated(
    (function* () {
      const first = Buffer.alloc(512);
      header(first, './zeros', 0o77777777777);
      yield gzipSync(first);
      for (let i = 0; i < 1000; i++) yield zeros;
    })(),
  ));
}
process.stdout.write(
  JSON.stringify({
    rss: process.resourceUsage().maxRSS / 1024,
    members: facts.archive.members,
    tarBytes: facts.archive.tarBytes,
    problems: [...bomb, ...facts.archive.problems.map((p) => p.kind)],
  }),
);
