import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { bytes } from '../core/text/human.ts';
import { packerMaasCommit } from '../image/attest/packer-maas.ts';
import { publicParameters, publicSource } from '../image/attest/parameters.ts';
import { PACK_SCRIPTS } from '../install/render/upstream.ts';
import { buildRoot } from '../install/vm/build.ts';
import { packerArgv } from '../install/vm/packer.ts';
import { toolVersions } from '../install/vm/tools.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { renderFolders, stageFolder } from '../workspace/layout.ts';
import { defineStage } from './types.ts';

const SAID = 'only said in the provenance: what of it decides the build counts by what was rendered';

/** Boots the installer in a VM and ends with the installed root as a tar. */
export const build = defineStage('build', {
  async inputs({ config, image, release, output, signal }) {
    const { files, sources, settings, packerDir, httpDir, accelerator, packerVersion } = output('render');
    const { medium, facts, kernel, initrd } = output('iso');
    const { from } = release.upstream;
    const usesPackerMaas = from === 'packer-maas' || image.pack === 'packer-maas';
    return {
      // By content: rendering the same again builds nothing.
      rendered: files,
      folders: notCounted({ packerDir, httpDir }, 'the content of what was rendered counts'),
      // Rendered files only name them.
      packScripts: sources.filter(
        ({ path }) => image.pack === 'packer-maas' && PACK_SCRIPTS.some((name) => path.endsWith(`/${name}`)),
      ),
      iso: medium.sha256,
      medium: notCounted(
        image.vm.boot === 'direct'
          ? { iso: medium.path, kernel, initrd }
          : { iso: medium.path, kernel: null, initrd: null },
        'its sum counts',
      ),
      tools: await toolVersions(signal),
      packerVersion,
      accelerator,
      pack: image.pack,
      boot: image.vm.boot,
      typed: image.vm.boot === 'typed' ? release.typed : null,
      fetchWithinS: notCounted(release.fetchWithinS, 'a time limit'),
      origin: notCounted(
        {
          parameters: publicParameters(image),
          iso: {
            source: publicSource(image.iso.source),
            medium: { sha256: medium.sha256, size: medium.size },
            facts: { volumeId: facts.volumeId },
          },
          rendered: { accelerator, settings, sources, files },
          pack: image.pack,
          packerMaasCommit: usesPackerMaas ? await packerMaasCommit(config.packerMaas, signal) : null,
        },
        SAID,
      ),
    };
  },
  async argv({ dir }) {
    // The render stage's own folder: known before anything is in it.
    const packerDir = renderFolders(stageFolder(dirname(dir), 'render')).packer;
    return [
      packerArgv(packerDir, { output_directory: '…', iso_url: '…', config_url: '…', console_log: '…' }),
    ];
  },
  async run(inputs, io) {
    const { folders, medium, packerVersion, accelerator, pack, boot, typed, fetchWithinS, tools, origin } =
      inputs;
    const startedAt = new Date().toISOString();
    const root = await buildRoot({
      ...{ rendered: folders, medium, packerVersion, accelerator, pack, typed, fetchWithinS },
      ...io,
    });
    return {
      // No two builds are the same: packing must know which one it packed.
      data: { root, origin, buildId: randomUUID(), startedAt, tools, boot },
      files: [root.path],
      summary: `root of ${bytes(root.bytes)} (${accelerator}, ${boot} boot)`,
    };
  },
});
