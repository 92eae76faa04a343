// One medium, the demo's, from the ISO to the root as a tar: by a VM and in namespaces, in turn. The VM has KVM where KVM works.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kvmVerdict } from '../pipeline/host/accelerator.ts';
import { namespaceVerdict } from '../pipeline/host/namespaces.ts';
import { alternate, cpu, describe, measure, ratio, say } from './measure.ts';
import { benchOptions, CLI } from './options.ts';

const MAKE_ISO = fileURLToPath(new URL('../scripts/demo-iso.ts', import.meta.url));
const { runs } = benchOptions('0');
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
  // JSON is YAML.
  const image = {
    release: 'demo',
    platform: 'demo1',
    version: '1.0',
    iso: { source: iso.path, sha256: iso.sha256 },
  };
  await writeFile(config, JSON.stringify({ images: { demo: image } }));
  const build = (way: string) => async () => {
    const workspace = join(dir, way);
    await rm(workspace, { recursive: true, force: true });
    const argv = [
      '--config',
      config,
      'run',
      'demo',
      '--until',
      'build',
      '--install',
      way,
      '--workspace',
      workspace,
    ];
    return measure([process.execPath, CLI, ...argv]);
  };
  const medians = await alternate(runs, { vm: build('vm'), namespace: build('namespace') });
  say(`Medians of ${runs} runs:`);
  for (const [name, usage] of Object.entries(medians)) say(`  ${name.padEnd(10)} ${describe(usage)}`);
  const { vm, namespace } = medians;
  const wall = ratio(namespace.wallS, vm.wallS)!;
  const peak = ratio(namespace.peakTreeBytes, vm.peakTreeBytes)!;
  say(
    JSON.stringify({
      bench: 'install',
      runs,
      kvm: kvm.usable,
      namespace: { wall, cpu: ratio(cpu(namespace), cpu(vm)), peak, seconds: namespace.wallS },
      vm: { seconds: vm.wallS },
      goals: {
        'wall <= 0.08 of an emulated VM': kvm.usable ? null : wall <= 0.08,
        'peak <= 1/3 of the VM': peak <= 0.334,
      },
    }),
  );
} finally {
  await rm(dir, { recursive: true, force: true });
}
