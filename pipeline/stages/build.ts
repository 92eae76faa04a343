import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Json } from '../core/json.ts';
import { bytes } from '../core/text/human.ts';
import { buildRoot } from '../install/vm/build.ts';
import { packerArgv } from '../install/vm/packer.ts';
import { toolVersions } from '../install/vm/tools.ts';
import type { Stage } from './types.ts';

/** Boots the installer in a VM and ends with the installed root as a tar. */
export const build: Stage<'build'> = {
  id: 'build',
  title: 'install in a VM with Packer and QEMU, take the root as a tar',
  needs: ['iso', 'render'],
  async inputs(context) {
    const rendered = context.output('render');
    const { medium } = context.output('iso');
    return {
      // By content: rendering the same again builds nothing.
      rendered: rendered.files as unknown as Json,
      iso: medium.sha256,
      tools: await toolVersions(context.signal),
      pack: context.image.pack,
    };
  },
  async argv(context) {
    // The render stage's own folder: known before anything is in it.
    const packerDir = join(dirname(context.dir), 'render', 'packer');
    return [packerArgv(packerDir, { output_directory: '…', config_url: '…', console_log: '…' })];
  },
  async run(context) {
    const startedAt = new Date().toISOString();
    const rendered = context.output('render');
    const root = await buildRoot({
      rendered,
      packerVersion: rendered.packerVersion,
      accelerator: rendered.accelerator,
      image: context.image,
      release: context.release,
      dir: context.dir,
      emit: context.emit,
      signal: context.signal,
      env: context.env,
    });
    return {
      data: {
        root,
        // No two builds are the same: packing must know which one it packed.
        buildId: randomUUID(),
        startedAt,
        tools: await toolVersions(context.signal),
        boot: context.image.vm.boot,
      },
      files: [root.path],
      summary: `root of ${bytes(root.bytes)} (${rendered.accelerator}, ${context.image.vm.boot} boot)`,
    };
  },
};
