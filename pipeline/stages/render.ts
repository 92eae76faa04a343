import type { Json } from '../core/json.ts';
import { chooseAccelerator } from '../host/accelerator.ts';
import { renderBuild, renderSources } from '../install/render/render.ts';
import type { RenderInput } from '../install/render/types.ts';
import { packerVersion } from '../install/vm/packer.ts';
import type { Stage, StageContext } from './types.ts';

async function inputOf(context: StageContext): Promise<RenderInput> {
  const { config, image, release, dir, emit, signal } = context;
  const { medium, kernel, initrd } = context.output('iso');
  const { accelerator } = await chooseAccelerator(image.vm.accelerator, { emit, signal });
  const direct = image.vm.boot === 'direct';
  return {
    image,
    release,
    iso: { path: medium.path, sha256: medium.sha256 },
    kernel: direct ? kernel : null,
    initrd: direct ? initrd : null,
    packerVersion: await packerVersion(signal),
    accelerator,
    packerMaas: config.packerMaas,
    pace: null,
    dir,
  };
}

/** Writes Packer's HCL and the installer's configuration from templates, the submodule and the user's file. */
export const render: Stage<'render'> = {
  id: 'render',
  title: 'write the Packer HCL, the curtin configuration and the hook',
  needs: ['iso'],
  async inputs(context) {
    const input = await inputOf(context);
    const { image, release } = input;
    return {
      // Templates, hooks and upstream files by content: an upstream change shows up here.
      sources: (await renderSources(input)) as unknown as Json,
      release: release as unknown as Json,
      platform: image.platform,
      vm: { ...image.vm },
      packages: image.packages,
      lateCommands: image.lateCommands,
      files: image.files as unknown as Json,
      pack: image.pack,
      iso: { ...input.iso },
      // HCL differs between Packer 1.6 and later; the accelerator is written into it.
      packer: input.packerVersion,
      accelerator: input.accelerator,
    };
  },
  async run(context) {
    const input = await inputOf(context);
    const sources = await renderSources(input);
    const rendered = await renderBuild(input);
    return {
      data: { ...rendered, accelerator: input.accelerator, packerVersion: input.packerVersion, sources },
      files: rendered.files.map((file) => file.path),
      summary: `${rendered.files.length} files for Packer ${input.packerVersion}, ${input.accelerator}, ${input.image.vm.boot} boot`,
    };
  },
};
