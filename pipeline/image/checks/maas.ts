import { installed } from '../parsers/dpkg-status.ts';
import { type Check, fail, pass, several } from './types.ts';

/** Steps of MAAS and curtin that no other group of checks covers. */
export const MAAS_CHECKS: Check[] = [
  {
    number: 60,
    id: 'esp',
    title: 'The files in /boot/efi fit on vfat',
    wrong: '/boot/efi holds what does not fit on vfat',
    severity: 'blocker',
    why: 'curtin mounts the ESP there before it extracts; vfat has neither owners nor links, and tar ends with an error ("Cannot change ownership", "Operation not permitted").',
    fix: 'As the last step: `chown -R root:root /boot/efi`, and no links or device nodes below it.',
    evaluate: ({ esp }) =>
      esp.count > 0
        ? fail(
            esp.examples.length === esp.count
              ? esp.examples.map((text) => ({ subject: text.split(' (')[0]!, text }))
              : several(esp.examples, esp.count),
          )
        : pass('only plain files of root'),
  },
  {
    number: 61,
    id: 'snapd',
    title: 'snapd is installed for MAAS’ `snap set`',
    severity: 'warning',
    why: 'If MAAS has a proxy, its vendor data runs `snap set system proxy.http=…` at the first boot (`generate_snap_configuration`); without snapd cloud-init ends with status: error, and units that wait for it fail.',
    fix: 'Add `snapd` to the packages of the image, or do without a proxy in MAAS.',
    reads: /^var\/lib\/dpkg\/status$/,
    evaluate({ packages }) {
      const snapd = packages.find(({ name }) => name === 'snapd');
      return snapd && installed(snapd) ? pass(`snapd ${snapd.version}`) : fail('snapd is not installed');
    },
  },
];
