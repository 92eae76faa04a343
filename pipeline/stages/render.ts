import { liveCurtinOf } from '../config/releases/installers.ts';
import { chooseAccelerator } from '../host/accelerator.ts';
import { renderBuild, renderSources } from '../install/render/render.ts';
import { packerVersion } from '../install/vm/packer.ts';
import { chooseWay } from '../install/way.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { defineStage } from './types.ts';

/** Writes Packer's HCL and the installer's configuration from templates, the submodule and the user's file. */
export const render = defineStage('render', {
  async inputs({ config, image, release, output, emit, signal }) {
    const { medium, facts, kernel, initrd } = output('iso');
    const installer = liveCurtinOf(release, facts.installer);
    const { packerMaas } = config;
    const way = await chooseWay({ image, installer: facts.installer, emit, signal });
    const direct = way === 'vm' && image.vm.boot === 'direct';
    // The time limit and the window are variables of the build.
    const { installTimeoutS: _, headless: __, ...vm } = image.vm;
    return {
      // Templates, hooks and upstream files by content: an upstream change shows up here.
      sources: await renderSources({ image, release: { ...installer, hook: release.hook }, packerMaas }),
      // Packing by upstream's scripts runs them where they lie; else the checkout is only read.
      packerMaas:
        image.pack === 'packer-maas'
          ? packerMaas
          : notCounted(packerMaas, 'what is read there counts among the sources'),
      upstream: installer.upstream,
      configParameter: installer.configParameter,
      kernelParameters: installer.kernelParameters,
      directParameters: installer.directParameters,
      machineParameters: installer.machineParameters,
      typed: installer.typed,
      releaseVm: installer.vm,
      tcgFactor: installer.tcgFactor,
      hook: release.hook,
      name: image.name,
      platform: image.platform,
      vm,
      packages: image.packages,
      lateCommands: image.lateCommands,
      files: image.files.map((file) => ({
        ...file,
        source: notCounted(file.source, 'its content counts among the sources'),
      })),
      pack: image.pack,
      way,
      squashfs: {
        path: facts.squashfs ?? installer.medium.squashfs,
        offset: facts.squashfsOffset ?? null,
      },
      iso: medium.sha256,
      medium: notCounted(
        { iso: medium.path, kernel: direct ? kernel : null, initrd: direct ? initrd : null },
        'the build is given the paths; the sum of the medium counts',
      ),
      // HCL differs between Packer 1.6 and later; the accelerator is written into it.
      packer: way === 'vm' ? await packerVersion(signal) : null,
      accelerator:
        way === 'vm' ? (await chooseAccelerator(image.vm.accelerator, { emit, signal })).accelerator : null,
    };
  },
  async run(inputs, { dir }) {
    const { sources, packerMaas, medium, packer: packerVersion, accelerator } = inputs;
    const { name, platform, vm, packages, lateCommands, files, pack } = inputs;
    const { upstream, configParameter, kernelParameters, directParameters, machineParameters } = inputs;
    const { way, squashfs, typed, tcgFactor, hook } = inputs;
    const rendered = await renderBuild({
      image: { name, platform, vm, packages, lateCommands, files, pack },
      release: {
        ...{ upstream, configParameter, kernelParameters, directParameters, machineParameters },
        ...{ typed, tcgFactor, hook },
        vm: inputs.releaseVm,
      },
      ...{
        way,
        squashfs,
        kernel: medium.kernel,
        initrd: medium.initrd,
        packerVersion,
        accelerator,
        packerMaas,
        dir,
      },
      iso: { path: medium.iso, sha256: inputs.iso },
      pace: null,
    });
    return {
      data: { ...rendered, way, accelerator, packerVersion, sources },
      files: rendered.files.map((file) => file.path),
      summary:
        way === 'vm'
          ? `${rendered.files.length} files for Packer ${packerVersion}, ${accelerator}, ${vm.boot} boot`
          : `${rendered.files.length} files for an installation without a VM`,
    };
  },
});
