import { installerFor } from '../config/releases/installers.ts';
import { chooseAccelerator } from '../host/accelerator.ts';
import { renderBuild, renderSources } from '../install/render/render.ts';
import { renderSubiquity } from '../install/render/subiquity/render.ts';
import { packerVersion } from '../install/vm/packer.ts';
import { chooseWay } from '../install/way.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { defineStage } from './types.ts';

/** Writes Packer's HCL and the installer's configuration from templates, the submodule and the user's file. */
export const render = defineStage('render', {
  async inputs({ config, image, release, output, emit, signal }) {
    const { medium, facts, kernel, initrd } = output('iso');
    const { medium: _places, fetchWithinS: _limit, ...installer } = installerFor(release, facts.installer);
    const upstream = installer.installer === 'live-curtin' ? installer.upstream : null;
    const architecture = facts.architecture ?? 'amd64';
    const { packerMaas } = config;
    const way = await chooseWay({ image, installer: facts.installer, emit, signal });
    const direct = way === 'vm' && image.vm.boot === 'direct';
    // The time limit and the window are variables of the build.
    const { installTimeoutS: _, headless: __, ...vm } = image.vm;
    return {
      // Templates, hooks and upstream files by content: an upstream change shows up here.
      sources: await renderSources({ image, release: { upstream, hook: release.hook }, packerMaas }),
      // Packing by upstream's scripts runs them where they lie; else the checkout is only read.
      packerMaas:
        image.pack === 'packer-maas'
          ? packerMaas
          : notCounted(packerMaas, 'what is read there counts among the sources'),
      installer,
      architecture,
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
        path: facts.squashfs,
        offset: facts.squashfsOffset ?? null,
      },
      iso: medium.sha256,
      medium: notCounted(
        {
          iso: medium.path,
          bytes: medium.size,
          kernel: direct ? kernel : null,
          initrd: direct ? initrd : null,
        },
        'the build is given the paths; the sum of the medium counts',
      ),
      // HCL differs between Packer 1.6 and later; the accelerator is written into it.
      packer: way === 'vm' ? await packerVersion(signal) : null,
      accelerator:
        way === 'vm'
          ? (await chooseAccelerator(image.vm.accelerator, { emit, signal, architecture })).accelerator
          : null,
    };
  },
  async run(inputs, { dir }) {
    const { sources, packerMaas, medium, packer: packerVersion, accelerator } = inputs;
    const { name, platform, vm, packages, lateCommands, files, pack } = inputs;
    const { installer, architecture, way, squashfs, hook } = inputs;
    const image = { name, platform, vm, packages, lateCommands, files, pack };
    const iso = { path: medium.iso, sha256: inputs.iso };
    const { kernel, initrd } = medium;
    const rendered =
      installer.installer === 'live-curtin'
        ? await renderBuild({
            ...{
              image,
              release: { ...installer, hook },
              way,
              iso,
              kernel,
              initrd,
              packerVersion,
              accelerator,
            },
            ...{ squashfs: { ...squashfs, path: squashfs.path as string }, packerMaas, pace: null, dir },
          })
        : await renderSubiquity({
            ...{ image, release: { ...installer, hook }, architecture, kernel, initrd, dir },
            iso: { ...iso, bytes: medium.bytes },
            // `chooseWay` has no other way than a VM for it.
            ...{ packerVersion: packerVersion as string, accelerator: accelerator as 'kvm' | 'tcg' },
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
