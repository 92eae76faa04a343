// Our upload, of the installed package, against a client that does what the maas command does: same server, same file, in turn.
import { spawnSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { link, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judged } from './goals.ts';
import { bundled, installPacked } from './installed.ts';
import { alternate, cpu, describe, measure, ratio, say, type Usage } from './measure.ts';
import { benchOptions } from './options.ts';
import { startServer } from './sandbox.ts';

// The system's own, which Debian's packages are for.
const PYTHON = '/usr/bin/python3';
const PEER = fileURLToPath(new URL('./maas_like.py', import.meta.url));
const SOCKETS = fileURLToPath(new URL('./bare-sockets.ts', import.meta.url));
/**
 * Milliseconds that a region takes for each chunk whatever its size: a real one was measured at 27 ms for 4 MiB (MAAS 3.5), of
 * which the bytes, written and summed, are 10 at most.
 */
const REGION_MS = 17;
const { size, runs } = benchOptions('500M');
if (spawnSync(PYTHON, ['-I', '-c', 'import httplib2']).status !== 0) {
  say(
    'Not measured: python3-httplib2, the library of the maas command, is not here; scripts/setup --bench installs it.',
  );
  say(JSON.stringify({ bench: 'upload', ...goalsOf(undefined) }));
  process.exit(0);
}
const dir = await mkdtemp(join(tmpdir(), 'bench-upload-'));
try {
  await mkdir(join(dir, 'installed'));
  const installed = installPacked(join(dir, 'installed'));
  // Node keeps compiled code since 22: the first start of an installation is not that of the others.
  await measure([installed, 'upload', '--help']);
  const client = await bundled(SOCKETS, join(dir, 'sockets.cjs'));
  const bare = join(dir, 'bare.tar.gz');
  const sha256 = await makeFile(bare, size);
  // As the pipeline leaves an artifact: its sum is in the manifest beside it.
  await mkdir(join(dir, 'built'));
  const built = join(dir, 'built/image.tar.gz');
  await link(bare, built);
  const manifest = { artifact: { file: 'image.tar.gz', sha256, size } };
  await writeFile(join(dir, 'built/image.manifest.json'), JSON.stringify(manifest));

  const region = await compare(REGION_MS);
  const bareServer = await compare(0);
  const { mine, sum, sockets } = region.http;
  const allowed = sum.userS + sockets.userS;
  const all = [region.http, region.tls, bareServer.http, bareServer.tls];
  const largest = Math.max(...all.flatMap(({ mine, bareFile }) => [mine.peakBytes, bareFile.peakBytes]));
  const result = {
    bench: 'upload',
    bytes: size,
    runs,
    requestMs: REGION_MS,
    ...ratios(region.http),
    tls: ratios(region.tls),
    bareServer: { ...ratios(bareServer.http), tls: ratios(bareServer.tls) },
    userOverSha256sum: ratio(mine.userS, sum.userS),
    userOverSha256sumAndSockets: ratio(mine.userS, allowed),
    peakBytes: largest,
    ...goalsOf({
      region: Math.max(worst(region.http, 'wallS'), worst(region.tls, 'wallS')),
      bareServer: Math.max(worst(bareServer.http, 'wallS'), worst(bareServer.tls, 'wallS')),
      cpu: Math.max(...all.map(worstCpu)),
      peakMB: largest / 1e6,
      user: mine.userS / allowed,
    }),
  };
  say(JSON.stringify(result));

  /** All contestants against one server. @param requestMs what the server takes for each chunk besides its bytes */
  async function compare(requestMs: number) {
    const server = await startServer(join(dir, `maas-${requestMs}`), requestMs);
    try {
      let run = 0;
      /** One upload, found whole on the server and deleted there, so that none finds the work of another. */
      const upload = async (by: NodeJS.ProcessEnv, ...argv: string[]) => {
        const state = join(dir, `state-${requestMs}-${run++}`);
        const usage = await measure(argv, { env: { ...process.env, ...by, XDG_STATE_HOME: state } });
        const sums = await server.takeImages();
        if (sums.join() !== sha256)
          throw new Error(`the server has ${sums.join() || 'nothing'}, not ${sha256}`);
        return usage;
      };
      const ours = (by: NodeJS.ProcessEnv, file: string) =>
        upload(
          ...[by, process.execPath, installed, 'upload', file, '--no-validate'],
          ...['--name', 'custom/bench', '--base-image', 'ubuntu/focal'],
        );
      const barest = (by: NodeJS.ProcessEnv) =>
        upload(by, process.execPath, client, bare, '--sha256', sha256, '--hash');
      const { env: http, tlsEnv: tls } = server;
      const medians = await alternate(runs, {
        'maas-like': () => upload(http, PYTHON, PEER, bare),
        // As the maas command is from 3.7 on: one connection for all.
        'maas-like-3.7': () => upload(http, PYTHON, PEER, '--keep-alive', bare),
        'ours-built': () => ours(http, built),
        'ours-bare-file': () => ours(http, bare),
        'tls-maas-like': () => upload(tls, PYTHON, PEER, bare),
        'tls-ours-built': () => ours(tls, built),
        'tls-ours-bare-file': () => ours(tls, bare),
        sha256sum: () => measure(['sha256sum', bare]),
        // The bytes sent as we send them, by the barest client: what start and sockets alone cost, and what they and the sum do.
        sockets: () => upload(http, process.execPath, client, bare, '--sha256', sha256),
        'sockets-hash': () => barest(http),
        'tls-sockets-hash': () => barest(tls),
      });
      say(`Medians of ${runs} runs, ${size} bytes, a server that takes ${requestMs} ms for each chunk:`);
      for (const [name, usage] of Object.entries(medians)) say(`  ${name.padEnd(18)} ${describe(usage)}`);
      return {
        http: {
          peer: medians['maas-like'],
          peer37: medians['maas-like-3.7'],
          mine: medians['ours-built'],
          bareFile: medians['ours-bare-file'],
          sum: medians.sha256sum,
          sockets: medians.sockets,
          barest: medians['sockets-hash'],
        },
        tls: {
          peer: medians['tls-maas-like'],
          peer37: undefined,
          mine: medians['tls-ours-built'],
          bareFile: medians['tls-ours-bare-file'],
          barest: medians['tls-sockets-hash'],
        },
      };
    } finally {
      await server.close();
    }
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}

interface Figures {
  /** Of wall time, at the pace of a region and against a server that takes none. */
  region: number;
  bareServer: number;
  cpu: number;
  peakMB: number;
  user: number;
}

function goalsOf(figures: Figures | undefined) {
  return judged({
    'wall <= 0.6 at the pace of a region': { now: figures?.region, most: 0.6 },
    'wall <= 0.7 of a server that takes no time': { now: figures?.bareServer, most: 0.7 },
    'CPU <= 0.8': { now: figures?.cpu, most: 0.8 },
    'peak <= 60 MB': { now: figures?.peakMB, most: 60, unit: 'MB' },
    'user <= sha256sum + sockets': { now: figures?.user, most: 1 },
  });
}

/** The larger ratio of both files, with and without a sum that is known. */
function worst({ mine, bareFile, peer }: Contestants, figure: keyof Usage): number {
  return Math.max(mine[figure], bareFile[figure]) / peer[figure];
}

function worstCpu({ mine, bareFile, peer }: Contestants): number {
  return Math.max(cpu(mine), cpu(bareFile)) / cpu(peer);
}

type Contestants = Record<'mine' | 'bareFile' | 'peer' | 'barest', Usage>;

function ratios({ mine, bareFile, peer, peer37, barest }: Contestants & { peer37: Usage | undefined }) {
  return {
    wall: ratio(mine.wallS, peer.wallS),
    wallOver37: ratio(mine.wallS, peer37?.wallS),
    cpu: ratio(cpu(mine), cpu(peer)),
    peak: ratio(mine.peakBytes, peer.peakBytes),
    bareFile: {
      wall: ratio(bareFile.wallS, peer.wallS),
      cpu: ratio(cpu(bareFile), cpu(peer)),
      peak: ratio(bareFile.peakBytes, peer.peakBytes),
    },
    // The bound of a client in Node.
    barest: {
      wall: ratio(barest.wallS, peer.wallS),
      cpu: ratio(cpu(barest), cpu(peer)),
      peakBytes: barest.peakBytes,
    },
  };
}

/** Random bytes: nothing on the way can make them fewer. */
async function makeFile(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  const block = Buffer.alloc(1 << 20);
  for (let done = 0; done < bytes; done += block.length) {
    const part = randomFillSync(block).subarray(0, Math.min(block.length, bytes - done));
    hash.update(part);
    await file.writeFile(part);
  }
  await file.close();
  return hash.digest('hex');
}
