// One medium, the demo's, from the ISO to the root as a tar: by a VM, in namespaces, and in namespaces from a layer, in turn. The VM
// has KVM where KVM works.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { kvmVerdict } from '../pipeline/host/accelerator.ts';
import { namespaceVerdict } from '../pipeline/host/namespaces.ts';
import { judged } from './goals.ts';
import { alternate, cpu, describe, measure, ratio, say, type Usage } from './measure.ts';
import { benchOptions, CLI } from './options.ts';

const MAKE_ISO = fileURLToPath(new URL('../scripts/demo-iso.ts', import.meta.url));
const EXT4 = 0xef53;
/** ext4 gives out no inode that was deleted in the last 35 seconds, and searches long for others when there are many. */
const FORGOTTEN_MS = 40_000;

const { runs, only } = benchOptions('0');
const namespaces = await namespaceVerdict();
if (!namespaces.usable) {
  say(`bench:install needs namespaces: ${namespaces.reason}. ${namespaces.hint ?? ''}`);
  process.exit(4);
}
const kvm = await kvmVerdict();
say(`The VM runs ${kvm.usable ? 'with KVM' : `under emulation (${kvm.reason})`}.`);

const dir = await mkdtemp(join(tmpdir(), 'bench-install-'));
try {
  const iso = JSON.parse(execFileSync(process.execPath, [MAKE_ISO, '--json'], { encoding: 'utf8' }));
  const config = join(dir, 'dgxos-maas.yaml');
  const image = {
    release: 'demo',
    platform: 'demo1',
    version: '1.0',
    iso: { source: iso.path, sha256: iso.sha256 },
  };
  // Another user's part in each run; nothing of it comes from the network. JSON is YAML.
  let changes = 0;
  const change = () => {
    const command = ['curtin', 'in-target', '--', 'touch', `/etc/changed-${++changes}`];
    const demo = {
      ...image,
      late_commands: { '10_change': command },
      files: [{ source: config, path: '/etc/one' }],
    };
    return writeFile(config, JSON.stringify({ images: { demo } }));
  };
  const run = async (way: string, name: string): Promise<Usage> => {
    await change();
    if ((await statfs(dir)).type === EXT4) await sleep(FORGOTTEN_MS);
    const argv = ['--config', config, 'run', 'demo', '--until', 'build', '--install', way];
    const env = { ...process.env, DGXOS_MAAS_CACHE: join(dir, name, 'cache') };
    return measure([process.execPath, CLI, ...argv, '--workspace', join(dir, name)], { env });
  };
  const anew = (way: string, name: string) => async () => {
    await rm(join(dir, name), { recursive: true, force: true });
    return run(way, name);
  };
  const contestants: Record<string, () => Promise<Usage>> = {
    vm: anew('vm', 'vm'),
    namespace: anew('namespace', 'cold'),
    layer: () => run('namespace', 'kept'),
  };
  const chosen = Object.keys(contestants).filter((name) => only?.includes(name) ?? true);
  if (chosen.includes('layer')) {
    say('Keeping the layer by a first build.');
    await run('namespace', 'kept');
  }
  const medians: Partial<Record<string, Usage>> = await alternate(runs, contestants, chosen);
  say(`Medians of ${runs} runs:`);
  for (const [name, usage] of Object.entries(medians))
    if (usage) say(`  ${name.padEnd(10)} ${describe(usage)}`);
  const { vm, namespace, layer } = medians;
  const against = (one: Usage | undefined, other: Usage | undefined) =>
    one && other
      ? {
          wall: ratio(one.wallS, other.wallS)!,
          cpu: ratio(cpu(one), cpu(other)),
          peak: ratio(one.peakTreeBytes, other.peakTreeBytes)!,
        }
      : null;
  const [toVm, toCold] = [against(namespace, vm), against(layer, namespace)];
  say(
    JSON.stringify({
      bench: 'install',
      runs,
      kvm: kvm.usable,
      namespace: { ...toVm, seconds: namespace?.wallS ?? null },
      layer: { ...toCold, seconds: layer?.wallS ?? null },
      vm: { seconds: vm?.wallS ?? null },
      ...judged({
        'wall <= 0.08 of an emulated VM': { now: kvm.usable ? null : toVm?.wall, most: 0.08 },
        'peak <= 1/3 of the VM': { now: toVm?.peak, most: 0.334 },
        'wall from a layer <= 0.30 of a cold build': { now: toCold?.wall, most: 0.3 },
      }),
    }),
  );
} finally {
  await rm(dir, { recursive: true, force: true });
}
