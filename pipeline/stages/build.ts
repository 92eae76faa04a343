import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { installerFor, installersOf } from '../config/releases/installers.ts';
import { isoOf } from '../config/releases/load.ts';
import { bytes } from '../core/text/human.ts';
import { packerMaasCommit } from '../image/attest/packer-maas.ts';
import { publicParameters, publicSource } from '../image/attest/parameters.ts';
import { buildInNamespace } from '../install/namespace/build.ts';
import { INTERPRETER } from '../install/namespace/render.ts';
import { namespaceTools } from '../install/namespace/tools.ts';
import { installTimeout } from '../install/render/settings.ts';
import type { RenderSource } from '../install/render/sources.ts';
import { MACHINES } from '../install/render/subiquity/machine.ts';
import { PACK_SCRIPTS } from '../install/render/upstream.ts';
import { buildRoot } from '../install/vm/build.ts';
import { packerArgv } from '../install/vm/packer.ts';
import { toolVersions } from '../install/vm/tools.ts';
import { chooseWay } from '../install/way.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { namespaceScript, renderFolders, stageFolder } from '../workspace/layout.ts';
import { programDigest } from '../workspace/program.ts';
import { defineStage } from './types.ts';

const SAID = 'only said in the provenance: what of it decides the build counts by what was rendered';

/** The scripts that run in the namespaces up to the end of the medium's own steps; of build.sh, which names the image, the template. */
function scriptsOf(files: RenderSource[], sources: RenderSource[]): string[] {
  const used = [
    'packer/inside.sh',
    'packer/system.sh',
    'packer/servers.py',
    ...INTERPRETER.map((name) => `packer/${name}`),
    'templates/namespace/build.sh.eta',
  ];
  return [...files, ...sources].flatMap(({ path, sha256 }) =>
    used.includes(path) ? `${path} ${sha256}` : [],
  );
}

/** Boots the installer in a VM and ends with the installed root as a tar. */
export const build = defineStage('build', {
  async inputs({ config, image, release, output, signal }) {
    const { files, sources, packerDir, httpDir } = output('render');
    const { installTimeoutS, settings } = installTimeout(image.vm.installTimeoutS, output('render'));
    const { way, accelerator, packerVersion, layer } = output('render');
    const { medium, facts, kernel, initrd } = output('iso');
    const installer = installerFor(release, facts.installer);
    const upstream = installer.installer === 'live-curtin' ? installer : null;
    const architecture = facts.architecture ?? 'amd64';
    const usesPackerMaas = upstream?.upstream.from === 'packer-maas' || image.pack === 'packer-maas';
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
        way === 'vm' && image.vm.boot === 'direct'
          ? { iso: medium.path, kernel, initrd }
          : { iso: medium.path, kernel: null, initrd: null },
        'its sum counts',
      ),
      installer: installer.installer,
      architecture,
      way,
      tools:
        way === 'vm' ? await toolVersions(MACHINES[architecture].qemu, signal) : await namespaceTools(signal),
      installTimeoutS: notCounted(installTimeoutS, 'a time limit'),
      headless: notCounted(image.vm.headless, 'a window does not change what is installed'),
      packerVersion,
      accelerator,
      pack: image.pack,
      boot: way === 'vm' ? image.vm.boot : null,
      typed: way === 'vm' && image.vm.boot === 'typed' ? (upstream?.typed ?? null) : null,
      fetchWithinS: notCounted(installer.fetchWithinS, 'a time limit'),
      layers: notCounted(
        { cache: config.cache, most: config.cacheLayers, rule: layer, scripts: scriptsOf(files, sources) },
        'from a layer or not, the result is the same',
      ),
      origin: notCounted(
        {
          parameters: publicParameters(image),
          iso: {
            source: publicSource(image.iso.source),
            medium: { sha256: medium.sha256, size: medium.size },
            facts: { volumeId: facts.volumeId },
          },
          archive: null,
          rendered: { way, accelerator, settings, sources, files },
          pack: image.pack,
          packerMaasCommit: usesPackerMaas ? await packerMaasCommit(config.packerMaas, signal) : null,
        },
        SAID,
      ),
    };
  },
  async argv({ dir, image, release, signal }) {
    // The render stage's own folder: known before anything is in it.
    const packerDir = renderFolders(stageFolder(dirname(dir), 'render')).packer;
    // The medium may not have been looked at yet; that it is another one shows when it is rendered.
    const [expected] = installersOf(isoOf(release));
    const way = await chooseWay({ image, installer: expected!.installer, emit() {}, signal });
    if (way === 'namespace') return [['bash', namespaceScript(packerDir)]];
    return [
      packerArgv(packerDir, { output_directory: '…', iso_url: '…', config_url: '…', console_log: '…' }),
    ];
  },
  async run(inputs, io) {
    const {
      folders,
      medium,
      installer,
      architecture,
      way,
      packerVersion,
      accelerator,
      pack,
      boot,
      typed,
      fetchWithinS,
      installTimeoutS,
      headless,
      tools,
      layers,
      origin,
    } = inputs;
    const startedAt = new Date().toISOString();
    const root =
      way === 'vm' && packerVersion !== null && accelerator !== null
        ? await buildRoot({
            ...{ installTimeoutS, headless },
            ...{
              rendered: folders,
              medium,
              installer,
              architecture,
              packerVersion,
              accelerator,
              pack,
              typed,
              fetchWithinS,
            },
            ...io,
          })
        : await buildInNamespace({
            ...folders,
            iso: medium.iso,
            installTimeoutS,
            layer: {
              ...layers,
              decidedBy: {
                ...{ iso: inputs.iso, scripts: layers.scripts, tools },
                program: programDigest(['install/namespace', 'install/render']),
              },
            },
            ...io,
          });
    return {
      // No two builds are the same: packing must know which one it packed.
      data: { root, origin, buildId: randomUUID(), startedAt, tools, boot },
      files: [root.path],
      summary: `root of ${bytes(root.bytes)} (${way === 'vm' ? `${accelerator}, ${boot} boot` : 'without a VM'})`,
    };
  },
});
