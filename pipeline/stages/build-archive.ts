import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { bytes } from '../core/text/human.ts';
import { publicParameters, publicSource } from '../image/attest/parameters.ts';
import { installFromArchives } from '../install/archive/build.ts';
import { readLock } from '../install/archive/lock.ts';
import { archiveTools } from '../install/archive/tools.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { debsFolder, namespaceScript, renderFolders, stageFolder } from '../workspace/layout.ts';
import { defineStage } from './types.ts';

/** Installs from archives in namespaces and ends with the root as a tar: the same stage as that of an image from an ISO. */
export const buildArchive = defineStage('build', {
  async inputs({ config, image, output, signal }) {
    const { files, sources, settings, packerDir, httpDir, installTimeoutS } = output('render');
    const { root, repository, architecture, verified } = output('sources');
    const lock = image.archive.lock === null ? null : await readLock(image.archive.lock, root.sha256);
    return {
      lock,
      // By content: rendering the same again builds nothing.
      rendered: files,
      folders: notCounted({ packerDir, httpDir }, 'the content of what was rendered counts'),
      root: root.sha256,
      repository: repository.sha256,
      paths: notCounted({ root: root.path, repository: repository.path }, 'their sums count'),
      architecture,
      tools: await archiveTools(signal),
      mirrors: notCounted(
        image.mirrors,
        'who brings the packages does not decide what they are: they are signed',
      ),
      debs: notCounted(debsFolder(config.cache), 'packages by their sums, which apt checks'),
      installTimeoutS: notCounted(installTimeoutS, 'a time limit'),
      origin: notCounted(
        {
          parameters: publicParameters(image),
          iso: null,
          rendered: { way: 'archive', accelerator: null, settings, sources, files },
          pack: image.pack,
          packerMaasCommit: null,
          from: {
            root: {
              source: publicSource(image.archive.root.source ?? ''),
              sha256: root.sha256,
              size: root.size,
              verified,
            },
            repository: {
              source: publicSource(image.archive.repository.source ?? ''),
              sha256: repository.sha256,
              size: repository.size,
            },
          },
        },
        'only said in the provenance: what of it decides the build counts by what was rendered',
      ),
    };
  },
  async argv({ dir }) {
    // The render stage's own folder: known before anything is in it.
    return [['bash', namespaceScript(renderFolders(stageFolder(dirname(dir), 'render')).packer)]];
  },
  async run(inputs, io) {
    const { folders, paths, architecture, mirrors, debs, lock, installTimeoutS, tools } = inputs;
    const startedAt = new Date().toISOString();
    const { root, packages } = await installFromArchives({
      ...{ ...folders, ...paths, mirrors, debs, lock, installTimeoutS },
      ...io,
    });
    const { from, ...origin } = inputs.origin;
    return {
      // No two builds are the same: packing must know which one it packed.
      data: {
        ...{ root, buildId: randomUUID(), startedAt, tools, boot: null },
        origin: { ...origin, archive: { ...from, architecture, packages } },
      },
      files: [root.path],
      summary: `root of ${bytes(root.bytes)} (from archives, ${packages.length} packages, ${architecture})`,
    };
  },
});
