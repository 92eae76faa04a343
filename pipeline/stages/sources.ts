import { createHash } from 'node:crypto';
import { assertConsent } from '../config/consent.ts';
import { archiveOf } from '../config/releases/load.ts';
import { Fault } from '../core/faults/fault.ts';
import { bytes } from '../core/text/human.ts';
import { readBounded } from '../host/files/regular.ts';
import type { Signature } from '../host/gpgv.ts';
import { namespaceVerdict } from '../host/namespaces.ts';
import { publicSource } from '../image/attest/parameters.ts';
import { architectureFor, assertRunsHere } from '../install/archive/architecture.ts';
import { throughMirror } from '../install/archive/mirrors.ts';
import { askArchives } from '../install/archive/preflight.ts';
import { trustedSum } from '../install/archive/signed-sums.ts';
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
      root: {
        source: publicSource(root.source ?? ''),
        sha256: root.sha256,
        keys: await digestOf(root.keyring),
      },
      repository: { source: publicSource(repository.source ?? ''), sha256: repository.sha256 },
      keyring: notCounted(root.keyring, 'its content counts'),
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
    const path = (source: string | null, sha256: string) =>
      mediumPath({ source: throughMirror(source ?? '', image.mirrors), sha256 }, config.cache);
    return {
      // A download lies by its sum, which only a signed list may know.
      ...(root.sha256 === null && /^https?:/i.test(root.source ?? '')
        ? {}
        : { 'root.path': path(root.source, root.sha256 ?? '') }),
      'repository.path': path(repository.source, repository.sha256 ?? ''),
    };
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
    const source = throughMirror(whole.root, mirrors);
    const { sha256, signature } = await trustedSum({
      ...{ source, sha256: inputs.root.sha256, keyring: inputs.keyring, files: sourcesFiles(dir).sums },
      ...{ emit, signal },
    });
    const root = await locateIso(
      {
        ...{ source, sha256 },
        called: { what: 'root', setting: 'archive.root.source', ending: /\.(?:tar|tgz)(?:\.\w+)?$/i },
      },
      context,
    );
    const repository = await locateIso(
      {
        ...{
          source: throughMirror(whole.repository, mirrors),
          sha256: inputs.repository.sha256 ?? '',
        },
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
      data: {
        root,
        repository,
        architecture,
        archives,
        verified: { pinned: inputs.root.sha256 !== null, signature },
      },
      files: [root.path, repository.path],
      summary: `root of ${bytes(root.size)} for ${architecture}, ${verifiedBy(inputs.root.sha256, signature)}; ${archives.length} archives with valid signatures`,
    };
  },
});

/** The sums that the root was found to have. */
function verifiedBy(pinned: string | null, signature: Signature | null): string {
  const signed = signature && `that of SHA256SUMS, signed by ${signature.key}`;
  if (!signed) return 'sha256 of the configuration verified';
  return pinned === null
    ? `sha256 verified: ${signed}`
    : `sha256 verified: that of the configuration and ${signed}`;
}

/** The keyring that the configuration names, by its content; what the host has by itself is not part of the image. */
async function digestOf(keyring: string | null): Promise<string | null> {
  if (keyring === null || keyring === 'none') return keyring;
  const content = await readBounded(keyring).catch(() => null);
  return content === null ? 'not readable' : createHash('sha256').update(content).digest('hex');
}
