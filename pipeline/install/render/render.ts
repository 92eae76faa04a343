import { join } from 'node:path';
import { parse } from 'yaml';
import { shellQuoted } from '../../host/process/shell-word.ts';
import { processorOf } from '../../host/vm/processor.ts';
import { FROM_LAYER, namespaceFiles } from '../namespace/render.ts';
import { type Boot, boot } from './boot.ts';
import { CURTIN_CONFIG, composeCurtin } from './curtin.ts';
import { filesToServe } from './files.ts';
import { drivePath, hclString } from './hcl.ts';
import { mediumVariables } from './medium.ts';
import { type VmSettings, vmSettings } from './settings.ts';
import { readTemplate, renderTemplate } from './templates.ts';
import { type Rendered, type RenderInput, VM_NAME } from './types.ts';
import { PACK_SCRIPTS, readUpstream, readUpstreamFile, type Upstream } from './upstream.ts';
import { type Named, pluginFiles, writeRendered } from './write.ts';

export { renderSources } from './sources.ts';

/**
 * Writes what Packer and the installer need for one image: the same input, templates and checkout give the same bytes.
 * @throws Fault SUBMODULE_MISSING, SUBMODULE_UNREADABLE, CONFIG_INVALID, TEMPLATE_FAILED, DISK_FULL, NO_PERMISSION
 */
export async function renderBuild(input: RenderInput): Promise<Rendered> {
  const { image, release, dir } = input;
  drivePath(dir, 'The path of the workspace');
  // Said before an hour-long build.
  mediumVariables({ iso: input.iso.path, kernel: input.kernel, initrd: input.initrd });
  const upstream =
    release.upstream.from === 'packer-maas'
      ? await readUpstream(input.packerMaas, release.upstream)
      : undefined;
  const vm = vmSettings(image.vm, release, upstream, input.accelerator ?? 'kvm');
  const files = await filesToServe(image, release);
  const { curtin, fromLayer, layer, replaced } = await composeCurtin({
    image,
    release,
    base:
      upstream?.curtin ??
      (parse(await readTemplate(release.upstream.curtin), { version: '1.1' }) as Record<string, unknown>),
    name: upstream ? `packer-maas ${release.upstream.curtin}` : `templates/${release.upstream.curtin}`,
    files,
    way: input.way,
  });
  const packer =
    input.way === 'vm'
      ? await packerFiles(input, vm, boot(input, upstream), upstream)
      : await namespaceFiles(input, upstream, replaced);

  return writeRendered({
    ...{ dir, packer, files, layer, installTimeoutS: vm.installTimeoutS },
    configs: [[CURTIN_CONFIG, curtin], ...(fromLayer ? [[FROM_LAYER, fromLayer] as Named] : [])],
    settings: input.way === 'vm' ? vm.settings : { installTimeoutS: vm.settings.installTimeoutS! },
  });
}

/** The files of the Packer directory by name. */
async function packerFiles(
  input: RenderInput,
  vm: VmSettings,
  how: Boot,
  upstream: Upstream | undefined,
): Promise<[string, string][]> {
  const { image, iso } = input;
  const guest = image.pack === 'guest';
  const files: [string, string][] = [
    [
      'source.pkr.hcl',
      await renderTemplate('hcl/source.pkr.hcl.eta', {
        image: image.name,
        isoChecksum: hclString(`sha256:${iso.sha256}`),
        vmName: hclString(VM_NAME),
        format: hclString(guest ? 'raw' : 'qcow2'),
        diskSize: hclString(`${vm.diskMiB}M`),
        // Sparse; a tar of the whole disk and its headers fit.
        handOverDiskSize: guest ? hclString(`${vm.diskMiB * 2}M`) : null,
        accelerator: hclString(input.accelerator ?? 'tcg'),
        cpus: vm.cpus,
        memory: vm.memoryMiB,
        ...how,
        installTimeout: hclString(`${vm.installTimeoutS}s`),
        qemuArgs: [...qemuArgs(input, upstream), ...how.qemuArgs],
      }),
    ],
  ];
  files.push(...(await pluginFiles(input.packerVersion)));
  if (guest) files.push(['hand-over.sh', await readTemplate('hcl/hand-over.sh')]);
  else files.push(['upstream-pack', await upstreamPack(input.packerMaas)]);
  return files;
}

/** QEMU's own arguments, where Packer has no setting or one that is too open: it forwards ssh on every interface. */
function qemuArgs(input: RenderInput, upstream: Upstream | undefined): [string, string][] {
  const kept = (upstream?.qemuArgs ?? []).map(([flag, value]): [string, string] => [
    hclString(flag),
    hclString(value),
  ]);
  return [
    [hclString('-netdev'), hclString('user,id=user.0,hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22')],
    [hclString('-cpu'), hclString(processorOf(input.accelerator ?? 'tcg', 'amd64'))],
    [hclString('-serial'), '"file:${var.console_log}"'],
    ...kept,
  ];
}

async function upstreamPack(packerMaas: string): Promise<string> {
  for (const path of PACK_SCRIPTS) await readUpstreamFile(packerMaas, path);
  const [setupNbd, tarRoot] = PACK_SCRIPTS.map((path) => shellQuoted(join(packerMaas, path)));
  return renderTemplate('hcl/upstream-pack.sh.eta', { vmName: VM_NAME, setupNbd, tarRoot });
}
