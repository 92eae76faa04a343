import { Fault } from '../../core/faults/fault.ts';
import type { Installer, IsoRelease, Release } from '../types.ts';

/** The installers that a release has facts for. */
export function installersOf({ liveCurtin, subiquity }: IsoRelease): Installer[] {
  return [liveCurtin, subiquity].filter((installer) => installer !== null);
}

/**
 * The facts for the installer that a medium was found to have: its content decides, not the name of the release.
 * @throws Fault ISO_NOT_DGX for an installer that the release has no facts for
 */
export function installerFor({ iso, title }: Release, found: Installer['installer']): Installer {
  const known = iso ? installersOf(iso) : [];
  const facts = known.find(({ installer }) => installer === found);
  if (facts) return facts;
  const names = known.map(({ installer }) => installer).join(' and ') || 'no installer';
  throw new Fault(
    'ISO_NOT_DGX',
    `The installer of the ISO is ${found}, and ${title} is known with ${names}`,
    {
      hint: 'Check that `iso:` and `release:` of the image match.',
    },
  );
}

/** The VM that is expected before a medium was looked at: see `expectedInstaller`. */
export const expectedVm = (iso: IsoRelease): Installer['vm'] => expectedInstaller(iso).vm;

/** The installer that is expected before a medium was looked at: the one which needs the larger disk. */
export function expectedInstaller(iso: IsoRelease): Installer {
  return installersOf(iso).reduce((a, b) => (b.vm.diskBytes > a.vm.diskBytes ? b : a));
}

/** Bytes of the largest ISOs of DGX OS, about: for one that nobody has downloaded yet. */
export const LARGEST_ISO_BYTES = 8 * 1024 ** 3;

/** The part of a VM's memory that the ISO takes: subiquity's initrd fetches the medium of `url=` and keeps it there. */
export function isoInMemoryMiB({ installer }: Pick<Installer, 'installer'>, isoBytes: number): number {
  return installer === 'subiquity' ? Math.ceil(isoBytes / 1024 ** 2) : 0;
}
