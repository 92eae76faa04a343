import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { RetryBudget } from '../../../pipeline/host/http/retry-budget.ts';
import { probeSources } from '../../../pipeline/image/checks/probe-sources.ts';
import { validateFile } from '../../../pipeline/image/checks/validate-file.ts';
import { describeImage } from '../../../pipeline/image/diff/describe.ts';
import { download } from '../../../pipeline/install/iso/download.ts';
import { parseSource, type Source } from '../../../pipeline/install/iso/source.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import { createClient } from '../../../pipeline/maas/api/client.ts';
import { archiveDate } from '../../../pipeline/nightly/archive-date.ts';

export interface Limits {
  signal: AbortSignal;
  /** Milliseconds that a server may be silent. */
  stallMs: number;
  /** A folder of the test's own. */
  dir: string;
}

/** Everything in the program that asks by HTTP. */
export interface Caller {
  name: string;
  /** Asks the server below `base`, which may hold a user and a password. @returns what is known then; @throws what a user sees */
  ask(base: string, limits: Limits): Promise<unknown>;
  /** The server's answer to it, by path. */
  answer: { path: string; body: Buffer; type?: string };
  /** Whether it follows redirects, and takes a user and a password of a URL. */
  follows: boolean;
  /** The fault for a server that does not answer, by its code; null where the result says it. */
  silent: string | RegExp;
}

const ISO = Buffer.alloc(300_000, 'dgx');
const ISO_SHA256 = createHash('sha256').update(ISO).digest('hex');
/** An image of one file, which is read to its end all the same. */
const tar = pack();
tar.entry({ name: 'etc/hostname' }, 'x\n');
tar.finalize();
const IMAGE = gzipSync(await buffer(tar));
const IMAGE_SHA256 = createHash('sha256').update(IMAGE).digest('hex');
const DATE = Date.UTC(2026, 10, 28, 8, 15, 33);

function maas(base: string, { signal, stallMs }: Limits) {
  const key = parseApiKey('aaaaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbbbb:cccccccccccccccccccccccccccccccc', 'here');
  const retryBudget = new RetryBudget({ totalS: 0.5, firstContactS: 0.2, baseMs: 5 });
  return createClient({
    url: `${base}/MAAS`,
    key,
    caCert: null,
    emit() {},
    signal,
    retryBudget,
    stallMs,
    answerMs: 4 * stallMs,
  });
}

function expectSame(found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${found} came, not ${wanted}`);
}

export const CALLERS: readonly Caller[] = [
  {
    name: 'download of the ISO',
    async ask(base, { signal, stallMs, dir }) {
      const source = parseSource(`${base}/os.iso`) as Extract<Source, { kind: 'url' }>;
      const { path } = await download(source, ISO_SHA256, {
        cacheDir: dir,
        emit() {},
        signal,
        stallMs,
        retryMs: 1,
      });
      expectSame(ISO.equals(await readFile(path)), true);
    },
    answer: { path: '/os.iso', body: ISO },
    follows: true,
    silent: 'ISO_DOWNLOAD',
  },
  {
    name: 'validate URL',
    async ask(base, { signal, stallMs }) {
      const options = { profile: 'any-ubuntu', signal, stallMs } as const;
      expectSame((await validateFile(`${base}/image.tar.gz`, options)).sha256, IMAGE_SHA256);
    },
    answer: { path: '/image.tar.gz', body: IMAGE },
    follows: true,
    silent: 'IMAGE_UNREADABLE',
  },
  {
    name: 'diff URL',
    async ask(base, { signal, stallMs }) {
      const config = () => Promise.reject(new Error('read for no reason'));
      const found = await describeImage(`${base}/image.tar.gz`, { env: {}, signal, stallMs, config });
      expectSame(found.sha256, IMAGE_SHA256);
    },
    answer: { path: '/image.tar.gz', body: IMAGE },
    follows: true,
    silent: 'IMAGE_UNREADABLE',
  },
  {
    name: "check of an image's archives",
    async ask(base, { signal, stallMs }) {
      const archive = { file: '/etc/apt/sources.list', uri: `${base}/ubuntu`, suite: 'focal' };
      const [found] = await probeSources([archive], { signal, eachMs: stallMs });
      if (found?.state !== 'alive') throw new Error(`${found?.state}: ${found?.said}`);
    },
    answer: { path: '/ubuntu/dists/focal/InRelease', body: Buffer.from('x') },
    follows: true,
    silent: /^dead: no answer within/,
  },
  {
    name: "dates of a night's archives",
    async ask(base, { signal, stallMs, dir: _ }) {
      expectSame(await archiveDate(new URL(`${base}/ubuntu/dists/focal/`), signal, stallMs), DATE);
    },
    answer: {
      path: '/ubuntu/dists/focal/InRelease',
      body: Buffer.from(`Origin: x\nDate: ${new Date(DATE).toUTCString()}\n\n`),
    },
    follows: true,
    silent: /^no answer within/,
  },
  {
    name: 'request to MAAS',
    async ask(base, limits) {
      expectSame((await maas(base, limits).version()).text, '3.5.13');
    },
    answer: { path: '/MAAS/api/2.0/version/', body: Buffer.from('{"version": "3.5.13"}') },
    follows: false,
    silent: 'MAAS_UNREACHABLE',
  },
  {
    name: 'upload to MAAS',
    async ask(base, limits) {
      const bytes = Buffer.alloc(600_000, 'x');
      await maas(base, limits).put('upload/', {
        type: 'application/octet-stream',
        length: bytes.length,
        bytes,
      });
    },
    answer: { path: '/MAAS/api/2.0/upload/', body: Buffer.from('OK') },
    follows: false,
    silent: 'MAAS_UNREACHABLE',
  },
];

/** The result of a caller: `ok`, or the code or message that a user sees; with the whole output. */
export async function outcome(asking: Promise<unknown>): Promise<{ end: string; words: string }> {
  try {
    await asking;
    return { end: 'ok', words: '' };
  } catch (error) {
    const { code, message, stack, hint, detail, cause } = error as Record<string, unknown>;
    const words = [message, stack, hint, detail, (cause as Error | undefined)?.message].join('\n');
    return { end: String(code ?? message), words };
  }
}
