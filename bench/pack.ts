// One installed root, from the end of the installation to the artifact: ours, with checks, digest, manifest and SBOM, against a
// loop mount with tar and gzip, and against nbdfuse, fuse2fs, tar and pigz. All caches are warm for all alike.
import { mkdirSync, statSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $ } from '../pipeline/host/process/tool.ts';
import { measureTar } from '../pipeline/image/pack/measure.ts';
import { change, packagesIn } from './changed-packages.ts';
import {
  changeDisk,
  FUSE_TAR,
  FUSE_TOOLS,
  GUEST_TAR,
  hasFuse,
  LOOP_TAR,
  makeDisk,
  missing,
  OFFSET,
} from './disk.ts';
import { judged } from './goals.ts';
import { guestTar } from './guest-tar.ts';
import { bundled } from './installed.ts';
import { alternate, cpu, describe, measure, ratio, say, type Usage } from './measure.ts';
import { benchOptions } from './options.ts';
import { appendFiles, realFiles } from './tree.ts';

const SOURCE = fileURLToPath(new URL('./pack-ours.ts', import.meta.url));
const { size, runs, build } = benchOptions('1100M');
if (process.getuid?.() !== 0) {
  say('bench:pack compares with a loop mount, for which one must be root: nothing was measured.');
  process.exit(4);
}
const absent = [...missing(FUSE_TOOLS), ...(hasFuse() ? [] : ['/dev/fuse'])];
if (absent.length > 0)
  say(
    `No comparison with packer-maas' way of today: ${absent.join(', ')} not here; scripts/setup --bench installs it.`,
  );

const dir = await mkdtemp(join(tmpdir(), 'bench-pack-'));
const path = (name: string) => join(dir, name);
try {
  const built = build ? { ...guestTar(build), tar: rootTar(build) } : null;
  const fill = path('fill.tar');
  // The root of the build is filled up with packages of this host, in a folder of their own.
  const rest = size - (built ? built.tarBytes : 0);
  const tars = built ? [built.tar] : [];
  if (rest > 0) {
    const { paths } = await realFiles(rest);
    await appendFiles(fill, paths, built ? 'opt/fill/' : '');
    tars.push(fill);
  }
  const disk = path('disk.raw');
  await makeDisk(disk, Math.max(size, built?.tarBytes ?? 0), tars);
  await rm(fill, { force: true });

  const mountPoint = path('root');
  mkdirSync(mountPoint);
  const tar = path('root.tar');
  const handOver = `set -e; mount -t ext4 -o ro,noload,loop,offset=${OFFSET} "$1" "$2"; trap 'umount "$2"' EXIT; trap 'exit 1' INT; ${GUEST_TAR} -C "$2" -cf "$3" .`;
  const hostTar = await measure(['sh', '-c', handOver, 'sh', disk, mountPoint, tar]);
  const { bytes: tarBytes, entries } = await measureTar(tar);
  truncateSync(tar, tarBytes);
  say(`Root: ${entries} entries, ${tarBytes} bytes of tar; tar by this host's kernel: ${describe(hostTar)}`);

  const program = await bundled(SOURCE, path('pack-ours.cjs'));
  const artifact = (name: string) => path(`${name}.tar.gz`);
  // As bin/dgxos-maas.js does: compiled once, not in every run.
  const env = { ...process.env, NODE_COMPILE_CACHE: path('compile-cache') };
  const sh = (script: string, name: string, folder: string) =>
    measure(['sh', '-c', script, 'sh', disk, folder, artifact(name)]);
  // The same root with a package of 5 MB in another version, then with more of them, as another platform has it: 50 MB of 1.1 GB.
  const changed = { package: path('package.tar'), platform: path('platform.tar') };
  for (const [name, enough] of [
    ['package', 4e6],
    ['platform', 50e6 * (tarBytes / 1.1e9)],
  ] as const) {
    await changeDisk(disk, async (root) => {
      const { packages, files, bytes } = await packagesIn(root, { most: 6.5e6, enough });
      change(files);
      say(`Changed for ${name}: ${packages.join(', ')}: ${files.length} files of ${bytes} bytes`);
    });
    await measure(['sh', '-c', handOver, 'sh', disk, mountPoint, changed[name]]);
    truncateSync(changed[name], (await measureTar(changed[name])).bytes);
  }
  const filled = path('cache');
  let round = 0;
  /** Packs with a cache of its own, empty or as the pack before the change has left it: what a run adds is not seen by the next. */
  const cached = async (name: string, from: string, warm: boolean) => {
    const cache = path(`cache-${round++}`);
    if (warm) await $()`cp -al ${filled} ${cache}`;
    const usage = await measure([process.execPath, program, '--cache', cache, from, artifact(name)], { env });
    await rm(cache, { recursive: true, force: true });
    return usage;
  };
  const contestants: Record<string, () => Promise<Usage>> = {
    ours: () => measure([process.execPath, program, tar, artifact('ours')], { env }),
    bare: () => measure([process.execPath, program, '--bare', tar, artifact('bare')], { env }),
    cold: () => cached('cold', tar, false),
    package: () => cached('package', changed.package, true),
    platform: () => cached('platform', changed.platform, true),
    loop: () => sh(LOOP_TAR, 'loop', mountPoint),
  };
  if (absent.length === 0)
    contestants.fuse = () => {
      const folder = path(`fuse-${round++}`);
      mkdirSync(folder);
      return sh(FUSE_TAR, 'fuse', folder);
    };
  // A difference of some percent between two short runs takes more of them to be distinguished from chance.
  const short = Array.from({ length: 3 }, () => ['ours', 'bare', 'cold', 'package', 'platform']).flat();
  await measure([process.execPath, program, '--cache', filled, tar, artifact('cold')], { env });
  const long = Object.keys(contestants).filter((name) => !short.includes(name));
  const medians = await alternate(runs, contestants, [...short, ...long]);
  say(`Medians of ${runs} runs, ${tarBytes} bytes of tar:`);
  for (const [name, usage] of Object.entries(medians)) say(`  ${name.padEnd(8)} ${describe(usage)}`);

  // A way that loses entries is not a way.
  for (const name of Object.keys(medians)) {
    const { stdout } = await $()`sh -c ${'tar -tzf "$1" | wc -l'} sh ${artifact(name)}`;
    if (Number(stdout) !== entries) throw new Error(`${name} packed ${stdout.trim()} of ${entries} entries`);
  }

  const { ours, bare, loop, fuse, ...others } = medians as Record<string, Usage> &
    Record<'ours' | 'bare' | 'loop', Usage>;
  const { cold, package: afterPackage, platform } = others as Record<'cold' | 'package' | 'platform', Usage>;
  const bytes = (name: string) => statSync(artifact(name)).size;
  // Seconds that were measured in a real build, at that tar's rate; without one nothing is said of the guest.
  const guestS = built ? (built.seconds * tarBytes) / built.tarBytes : null;
  const against = (name: string, other: Usage | undefined) =>
    other && {
      wall: ratio(ours.wallS, other.wallS),
      wallWithGuest: guestS === null ? null : ratio(ours.wallS + guestS, other.wallS),
      cpu: ratio(cpu(ours), cpu(other)),
      peak: ratio(ours.peakTreeBytes, other.peakTreeBytes),
      size: ratio(bytes('ours'), bytes(name)),
    };
  const loopRatios = against('loop', loop)!;
  const fuseRatios = against('fuse', fuse) ?? null;
  const checks = ratio(ours.wallS, bare.wallS)!;
  const result = {
    bench: 'pack',
    tarBytes,
    runs,
    loop: loopRatios,
    fuse: fuseRatios,
    checks,
    peakBytes: ours.peakTreeBytes,
    guest: built && { seconds: built.seconds, tarBytes: built.tarBytes, secondsAtThisSize: guestS },
    ...judged({
      'host part <= 0.22 of loop': { now: loopRatios.wall, most: 0.22 },
      'with guest <= 0.75 of loop': { now: loopRatios.wallWithGuest, most: 0.75 },
      'with guest <= 0.4 of fuse': { now: fuseRatios?.wallWithGuest, most: 0.4 },
      'size <= gzip -6': { now: loopRatios.size, most: 1 },
      'checks add <= 5 %': { now: checks, most: 1.05 },
      'cache adds <= 3 % to a first pack': { now: ratio(cold.wallS, ours.wallS), most: 1.03 },
      'a changed package <= 0.30 of cold': { now: ratio(afterPackage.wallS, cold.wallS), most: 0.3 },
      'the next platform <= 0.30 of cold': { now: ratio(platform.wallS, cold.wallS), most: 0.3 },
    }),
  };
  say(JSON.stringify(result));
} finally {
  await rm(dir, { recursive: true, force: true });
}

function rootTar(workspace: string): string {
  return join(
    workspace,
    statSync(join(workspace, 'root.tar'), { throwIfNoEntry: false }) ? '' : 'build',
    'root.tar',
  );
}
