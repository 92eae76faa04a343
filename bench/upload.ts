// Our upload against a client that does what the maas command does: same server, same file, in turn.
import { createHash, randomFillSync } from 'node:crypto';
import { link, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate, cpu, describe, measure, ratio, say } from './measure.ts';
import { benchOptions, CLI } from './options.ts';
import { startServer } from './sandbox.ts';

const PEER = fileURLToPath(new URL('./peer-maas.ts', import.meta.url));
const { size, runs } = benchOptions('500M');
const dir = await mkdtemp(join(tmpdir(), 'bench-upload-'));
let server: Awaited<ReturnType<typeof startServer>> | undefined;
try {
  const bare = join(dir, 'bare.tar.gz');
  const sha256 = await makeFile(bare, size);
  // As the pipeline leaves an artifact: its sum is in the manifest beside it.
  await mkdir(join(dir, 'built'));
  const built = join(dir, 'built/image.tar.gz');
  await link(bare, built);
  const manifest = { artifact: { file: 'image.tar.gz', sha256, size } };
  await writeFile(join(dir, 'built/image.manifest.json'), JSON.stringify(manifest));

  server = await startServer(join(dir, 'maas'));
  const { env: address, takeImages } = server;
  let run = 0;
  /** One upload, found whole on the server and deleted there, so that none finds the work of another. */
  const upload = async (...argv: string[]) => {
    const state = join(dir, `state-${run++}`);
    const env = { ...process.env, ...address, XDG_STATE_HOME: state };
    const usage = await measure([process.execPath, ...argv], { env });
    const sums = await takeImages();
    if (sums.join() !== sha256) throw new Error(`the server has ${sums.join() || 'nothing'}, not ${sha256}`);
    return usage;
  };
  const ours = (file: string) =>
    upload(CLI, 'upload', file, '--no-validate', '--name', 'custom/bench', '--base-image', 'ubuntu/focal');
  const medians = await alternate(runs, {
    'maas-like': () => upload(PEER, bare),
    'ours-built': () => ours(built),
    'ours-bare-file': () => ours(bare),
    sha256sum: () => measure(['sha256sum', bare]),
    // The bytes sent as we send them, by the barest client: what start and sockets alone cost.
    sockets: () => upload(PEER, bare, '--sha256', sha256, '--chunk-size', '10485760', '--keep-alive'),
  });
  say(`Medians of ${runs} runs, ${size} bytes:`);
  for (const [name, usage] of Object.entries(medians)) say(`  ${name.padEnd(14)} ${describe(usage)}`);
  const { 'maas-like': peer, 'ours-built': mine, 'ours-bare-file': bareFile } = medians;
  const allowed = medians.sha256sum.userS + medians.sockets.userS;
  const result = {
    bench: 'upload',
    bytes: size,
    runs,
    wall: ratio(mine.wallS, peer.wallS),
    cpu: ratio(cpu(mine), cpu(peer)),
    peak: ratio(mine.peakBytes, peer.peakBytes),
    bareFile: {
      wall: ratio(bareFile.wallS, peer.wallS),
      cpu: ratio(cpu(bareFile), cpu(peer)),
      peak: ratio(bareFile.peakBytes, peer.peakBytes),
    },
    userOverSha256sum: ratio(mine.userS, medians.sha256sum.userS),
    userOverSha256sumAndSockets: ratio(mine.userS, allowed),
    peakBytes: Math.max(mine.peakBytes, bareFile.peakBytes),
    goals: {
      'wall <= 0.7': mine.wallS <= 0.7 * peer.wallS,
      'peak <= 110 MB': Math.max(mine.peakBytes, bareFile.peakBytes) <= 110e6,
      'user <= sha256sum + sockets': mine.userS <= allowed,
    },
  };
  say(JSON.stringify(result));
} finally {
  await server?.close();
  await rm(dir, { recursive: true, force: true });
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
