import { packagesOf } from '../config/releases/archive.ts';
import { archiveOf } from '../config/releases/load.ts';
import { renderArchive as renderFiles } from '../install/archive/render.ts';
import { archiveSources } from '../install/archive/sources.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { defineStage } from './types.ts';

/** Writes what installs an image from archives: the same stage as that of an image from an ISO. */
export const renderArchive = defineStage('render', {
  async inputs({ image, release, output }) {
    const { architecture } = output('sources');
    return {
      // Templates, the hook and the user's files by content.
      sources: await archiveSources({ image, hook: release.hook }),
      architecture,
      packagesOfPlatform: { ...packagesOf(archiveOf(release), image.platform) },
      licence: release.licence !== null,
      hook: release.hook,
      name: image.name,
      packages: image.packages,
      lateCommands: image.lateCommands,
      files: image.files.map((file) => ({
        ...file,
        source: notCounted(file.source, 'its content counts among the sources'),
      })),
    };
  },
  async run(inputs, { dir }) {
    const { sources, architecture, licence, hook, name, packages, lateCommands, files } = inputs;
    const rendered = await renderFiles({
      image: { name, packages, lateCommands, files },
      ...{ architecture, licence, hook, dir },
      packages: inputs.packagesOfPlatform,
    });
    return {
      data: { ...rendered, way: 'archive', accelerator: null, packerVersion: null, sources },
      files: rendered.files.map((file) => file.path),
      summary: `${rendered.files.length} files for an installation from archives, ${architecture}`,
    };
  },
});
