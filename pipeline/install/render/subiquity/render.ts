import { isoInMemoryMiB } from '../../../config/releases/installers.ts';
import { Fault } from '../../../core/faults/fault.ts';
import { processorOf } from '../../../host/vm/processor.ts';
import { BOOT_DISK } from '../boot.ts';
import { filesToServe } from '../files.ts';
import { goTemplateText, hclString, hclTemplate, type Interpolation } from '../hcl.ts';
import { mediumVariables } from '../medium.ts';
import { kernelWord, type VmSettings, vmSettings } from '../settings.ts';
import { renderTemplate } from '../templates.ts';
import { type Rendered, VM_NAME } from '../types.ts';
import { pluginFiles, writeRendered } from '../write.ts';
import { ANSWERS, composeAnswers } from './answers.ts';
import { MACHINES } from './machine.ts';
import type { SubiquityInput } from './types.ts';

/** The memory that the live system needs beside the ISO that it keeps there. */
const LEAST_BESIDE_ISO_MIB = 512;

/**
 * Writes what Packer and subiquity need for one image: the same input and templates give the same bytes.
 * @throws Fault CONFIG_INVALID, TEMPLATE_FAILED, DISK_FULL, NO_PERMISSION
 */
export async function renderSubiquity(input: SubiquityInput): Promise<Rendered> {
  const { image, release, iso, dir } = input;
  refuseWhatNeedsSsh(input);
  // Said before an hour-long build.
  mediumVariables({ iso: iso.path, kernel: input.kernel, initrd: input.initrd });
  const vm = withIsoInMemory(vmSettings(image.vm, release, undefined, input.accelerator), input);
  const files = await filesToServe(image, release);
  return writeRendered({
    dir,
    packer: [
      ['source.pkr.hcl', await renderTemplate('hcl/subiquity.pkr.hcl.eta', hcl(input, vm))],
      ...(await pluginFiles(input.packerVersion)),
    ],
    configs: [[ANSWERS, await composeAnswers({ image, release, files })]],
    files,
    ...{ installTimeoutS: vm.installTimeoutS, settings: vm.settings, layer: null },
  });
}

function refuseWhatNeedsSsh({ image }: SubiquityInput): void {
  if (image.pack === 'packer-maas')
    throw new Fault(
      'CONFIG_INVALID',
      'pack: packer-maas is not possible with the installer of this medium, subiquity',
      {
        hint: 'Set `pack: guest`: the installer hands the root over by itself.',
      },
    );
  if (image.vm.boot === 'typed')
    throw new Fault(
      'CONFIG_INVALID',
      'boot: typed is not possible with the installer of this medium, subiquity',
      {
        hint: 'Set `boot: direct`, the default.',
      },
    );
}

/**
 * The initrd fetches the whole ISO and keeps it in memory, which comes on top of what the release needs.
 * @throws Fault CONFIG_INVALID when the user's own value cannot hold it
 */
function withIsoInMemory(vm: VmSettings, { image, release, iso }: SubiquityInput): VmSettings {
  const isoMiB = isoInMemoryMiB(release, iso.bytes);
  if (image.vm.memoryMiB !== null) {
    if (image.vm.memoryMiB >= isoMiB + LEAST_BESIDE_ISO_MIB) return vm;
    throw new Fault('CONFIG_INVALID', `memory: ${image.vm.memoryMiB}M cannot hold the ISO of ${isoMiB} MiB`, {
      hint: `The installer keeps the ISO in memory: give at least ${isoMiB + LEAST_BESIDE_ISO_MIB}M, or leave \`memory:\` out.`,
    });
  }
  const memoryMiB = vm.memoryMiB + isoMiB;
  return {
    ...vm,
    memoryMiB,
    settings: { ...vm.settings, memoryMiB: { value: String(memoryMiB), from: 'template' } },
  };
}

function hcl(input: SubiquityInput, vm: VmSettings): object {
  const { image, iso, architecture, accelerator } = input;
  const { qemu, type, cdrom } = MACHINES[architecture];
  const expression = (name: string): Interpolation => ({ expression: `var.${name}` });
  const firmware = (node: string, variable: string, more: string) => [
    hclString('-blockdev'),
    hclTemplate([`driver=file,node-name=${node}${more},filename=`, expression(variable)]),
  ];
  return {
    image: image.name,
    isoChecksum: hclString(`sha256:${iso.sha256}`),
    vmName: hclString(VM_NAME),
    diskSize: hclString(`${vm.diskMiB}M`),
    // Sparse; a tar of the whole disk and its headers fit.
    handOverDiskSize: hclString(`${vm.diskMiB * 2}M`),
    accelerator: hclString(accelerator),
    qemu: hclString(qemu),
    machine: hclString(type),
    cdrom: cdrom && hclString(cdrom),
    cpus: vm.cpus,
    memory: vm.memoryMiB,
    installTimeout: hclString(`${vm.installTimeoutS}s`),
    qemuArgs: [
      // The firmware as two flash chips. A second -drive here would take the place of Packer's own, of every version.
      [
        hclString('-machine'),
        hclString(`type=${type},accel=${accelerator},pflash0=efi_code,pflash1=efi_vars`),
      ],
      // Packer's own, once=d, ends a QEMU whose machine has no order of boot devices; -kernel needs none.
      [hclString('-boot'), hclString('strict=off')],
      firmware('efi_code', 'efi_code', ',read-only=on'),
      firmware('efi_vars', 'efi_vars', ''),
      [hclString('-netdev'), hclString('user,id=user.0')],
      [hclString('-cpu'), hclString(processorOf(accelerator, architecture))],
      [hclString('-serial'), hclTemplate(['file:', expression('console_log')])],
      [hclString('-kernel'), hclTemplate([expression('kernel')])],
      [hclString('-initrd'), hclTemplate([expression('initrd')])],
      [hclString('-append'), hclTemplate(commandLine(input))],
      // A restart would begin the installation anew, from the same kernel, and never end.
      [hclString('-no-reboot')],
      // Nothing is typed, so nobody needs the screen; any user of this host could type into an open one.
      [hclString('-vnc'), hclString('none')],
    ],
  };
}

/** The kernel's command line. The last console is the one that the build follows. */
function commandLine({ image, release, architecture }: SubiquityInput): (string | Interpolation)[] {
  const { platformNames: names } = release;
  const values: Record<string, string> = {
    platform: kernelWord(
      Object.hasOwn(names, image.platform) ? (names[image.platform] as string) : image.platform,
      'The platform',
    ),
    bootdisk: BOOT_DISK,
    console: MACHINES[architecture].console,
  };
  const ours = release.kernelParameters.map((parameter) =>
    goTemplateText(
      parameter.replace(/\{(platform|bootdisk|console)\}/g, (_, name: string) => values[name] as string),
      'A kernel parameter',
    ),
  );
  return [
    `${release.mediumParameter}=`,
    { expression: 'var.medium_url' },
    ` ${release.configParameter}=`,
    { expression: 'var.config_url' },
    ` ${ours.join(' ')}`,
  ];
}
