import { assertConsent } from '../config/consent.ts';
import { archiveOf } from '../config/releases/load.ts';
import { Fault } from '../core/faults/fault.ts';
import { bytes } from '../core/text/human.ts';
import { namespaceVerdict } from '../host/namespaces.ts';
import { publicSource } from '../image/attest/parameters.ts';
import { architectureFor, assertRunsHere } from '../install/archive/architecture.ts';
import { askArchives } from '../install/archive/preflight.ts';
import { locateIso, mediumPath } from '../install/iso/locate.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { sourcesFiles } from '../workspace/layout.ts';
import { defineStage } from './types.ts';

/** Finds and verifies the root and the repository files, and asks every archive that they name, before anything long. */
export const sources = defineStage('sources', {
  async inputs({ image, release, config }) {
    assertConsent(image, release);
    if (image.install === 'vm' || image.install === 'namespace')
      throw new Fault(
        'CONFIG_INVALID',
        `install: ${image.install} is not possible for an image with \`archive:\``,
        {
          hint: 'Give it `iso:` in place of `archive:`, or set `install: auto`.',
        },
      );
    const { root, repository } = image.archive;
    return {
      root: { source: publicSource(root.source ?? ''), sha256: root.sha256 },
      repository: { source: publicSource(repository.source ?? ''), sha256: repository.sha256 },
      whole: notCounted(
        { root: root.source ?? '', repository: repository.source ?? '' },
        'their users, passwords and queries may be secret; the sums count',
      ),
      architecture: architectureFor(archiveOf(release), release, image),
      mirrors: notCounted(
        image.mirrors,
        'who brings the packages does not decide what they are: they are signed',
      ),
      cacheDir: notCounted(config.cache, 'where a download is kept; the sum of its content counts'),
    };
  },
  outside({ image, config }) {
    const { root, repository } = image.archive;
    const path = ({ source, sha256 }: typeof root) =>
      mediumPath({ source: source ?? '', sha256: sha256 ?? '' }, config.cache);
    return { 'root.path': path(root), 'repository.path': path(repository) };
  },
  async run(inputs, { dir, emit, signal }) {
    const { whole, architecture, mirrors, cacheDir } = inputs;
    const { usable, reason, hint } = await namespaceVerdict(signal);
    if (!usable)
      throw new Fault('NAMESPACE_UNUSABLE', `An installation from archives needs namespaces: ${reason}`, {
        hint,
      });
    await assertRunsHere(architecture);
    const context = { cacheDir, emit, signal };
    const root = await locateIso(
      {
        ...{ source: whole.root, sha256: inputs.root.sha256 ?? '' },
        called: { what: 'root', setting: 'archive.root.source', ending: /\.(?:tar|tgz)(?:\.\w+)?$/i },
      },
      context,
    );
    const repository = await locateIso(
      {
        ...{ source: whole.repository, sha256: inputs.repository.sha256 ?? '' },
        called: {
          what: 'repository files',
          setting: 'archive.repository.source',
          ending: /\.(?:tar|tgz)(?:\.\w+)?$/i,
        },
      },
      context,
    );
    const archives = await askArchives({
      ...{ root: root.path, repository: repository.path, architecture, mirrors, emit, signal },
      dir: sourcesFiles(dir).apt,
    });
    return {
      data: { root, repository, architecture, archives },
      files: [root.path, repository.path],
      summary: `root of ${bytes(root.size)} for ${architecture}, sha256 verified, ${archives.length} archives with valid signatures`,
    };
  },
});
