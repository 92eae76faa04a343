import { pathToFileURL } from 'node:url';
import { drivePath, goTemplateText } from './hcl.ts';

/** The medium on this host, and the kernel and initrd taken from it (absolute paths; null for a typed boot). */
export interface Medium {
  iso: string;
  kernel: string | null;
  initrd: string | null;
}

/**
 * The variables of the rendered HCL that name the medium: given to a build, so that nothing rendered changes with its place.
 * @throws Fault CONFIG_INVALID for a path that Packer or QEMU would misread
 */
export function mediumVariables({ iso, kernel, initrd }: Medium): Record<string, string> {
  return {
    iso_url: pathToFileURL(drivePath(iso, 'The path of the ISO')).href,
    ...(kernel !== null && { kernel: goTemplateText(kernel, 'The path of the kernel') }),
    ...(initrd !== null && { initrd: goTemplateText(initrd, 'The path of the initrd') }),
  };
}
