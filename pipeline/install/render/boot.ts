import { Fault } from '../../core/faults/fault.ts';
import { goTemplateText, hclString, hclTemplate, type Interpolation } from './hcl.ts';
import { kernelWord } from './settings.ts';
import type { RenderImage, RenderInput, RenderRelease } from './types.ts';
import { PLATFORM, type Upstream } from './upstream.ts';

/** The disk that the installer installs to; the hand-over disk is the next one. */
export const BOOT_DISK = 'vda';
/** The address from which upstream's installer fetches its configuration; the build serves it itself and knows the address. */
const UPSTREAM_URL = /http:\/\/\{\{\s*\.HTTPIP\s*\}\}:\{\{\s*\.HTTPPort\s*\}\}\/curtin\.yaml/g;
/** Stands for the configuration's address until the HCL is written. */
const URL = '\u0000url\u0000';
const CONFIG_URL: Interpolation = { expression: 'var.config_url' };

/** The boot of the VM: typed keys, or QEMU arguments. All values are HCL expressions. */
export interface Boot {
  bootCommand: string[] | null;
  bootWait: string;
  bootKeyInterval: string;
  qemuArgs: [string, string][];
}

/**
 * The boot as HCL.
 * @throws Fault CONFIG_INVALID for a platform or path that cannot be passed on, SUBMODULE_UNREADABLE when upstream's
 * keystrokes do not hold the release's parameter
 */
export function boot(input: RenderInput, upstream: Upstream | undefined): Boot {
  const { image, release } = input;
  const platform = goTemplateText(kernelWord(image.platform, 'The platform'), 'The platform');
  const typed = image.vm.boot === 'typed';
  const pace = input.pace ?? {
    bootWaitS: upstream?.bootWaitS ?? release.typed.bootWaitS,
    keyIntervalMs: release.typed.keyIntervalMs,
  };
  const keys = upstream
    ? upstream.bootCommand.map((text) => text.replaceAll(PLATFORM, platform).replace(UPSTREAM_URL, URL))
    : [release.typed.before, kernelParameters(release, image).join(' '), release.typed.after];
  return {
    bootCommand: typed ? keys.filter((text) => text !== '').map(withUrl) : null,
    bootWait: hclString(`${pace.bootWaitS}s`),
    bootKeyInterval: hclString(`${pace.keyIntervalMs}ms`),
    qemuArgs: typed ? [] : directArgs(input, upstream ? typedParameters(keys, release) : []),
  };
}

/**
 * The kernel's command line as the installer reads it where there is no VM.
 * @param url where the configuration is served
 */
export function commandLine(input: RenderInput, upstream: Upstream | undefined, url: string): string {
  const { release, image } = input;
  kernelWord(image.platform, 'The platform');
  const keys = upstream?.bootCommand.map((text) =>
    text.replaceAll(PLATFORM, image.platform).replace(UPSTREAM_URL, URL),
  );
  const machineOnly = new Set(release.machineParameters);
  return directParameters(input, keys ? typedParameters(keys, release) : [])
    .filter((parameter) => !machineOnly.has(parameter))
    .join(' ')
    .replaceAll(URL, url);
}

/** The parameters that upstream types, and those of ours that it does not type. */
function directParameters({ release, image }: RenderInput, fromUpstream: string[]): string[] {
  const ours = [
    ...kernelParameters(release, image),
    ...release.directParameters.map((text) => expand(text, image)),
  ];
  const known = new Set(fromUpstream.map(keyOf));
  return [...fromUpstream, ...ours.filter((parameter) => !known.has(keyOf(parameter)))];
}

function directArgs(input: RenderInput, fromUpstream: string[]): [string, string][] {
  const parameters = directParameters(input, fromUpstream);
  return [
    [hclString('-kernel'), hclTemplate([{ expression: 'var.kernel' }])],
    [hclString('-initrd'), hclTemplate([{ expression: 'var.initrd' }])],
    [hclString('-append'), withUrl(parameters.join(' '))],
    // Nothing is typed, so nobody needs the screen; any user of this host could type into an open one.
    [hclString('-vnc'), hclString('none')],
  ];
}

function kernelParameters(release: RenderRelease, image: RenderImage): string[] {
  return [
    `${release.configParameter}=${URL}`,
    ...release.kernelParameters.map((text) => expand(text, image)),
  ];
}

/** The parameters that upstream types: from the one that carries the configuration's address on, without the keys around. */
function typedParameters(keys: string[], release: RenderRelease): string[] {
  const words = keys
    .join('')
    .replace(/<[^>]+>/g, ' ')
    .split(/\s+/)
    .filter(Boolean);
  const first = words.indexOf(`${release.configParameter}=${URL}`);
  if (first < 0)
    throw new Fault(
      'SUBMODULE_UNREADABLE',
      `The boot_command of packer-maas does not type ${release.configParameter}=http://…/curtin.yaml`,
      {
        hint: 'This version of dgxos-maas does not support that form; compare with the commit recorded for packer/packer-maas.',
      },
    );
  return words.slice(first);
}

function expand(text: string, image: RenderImage): string {
  return goTemplateText(
    text.replaceAll('{platform}', image.platform).replaceAll('{bootdisk}', BOOT_DISK),
    'A kernel parameter',
  );
}

// A parameter may stand several times (console=): only those that carry one value are taken for the same.
function keyOf(parameter: string): string {
  return parameter.startsWith('console=') ? parameter : (parameter.split('=')[0] as string);
}

function withUrl(text: string): string {
  return hclTemplate(text.split(URL).flatMap((part, i) => (i ? [CONFIG_URL, part] : [part])));
}
