import { compareText } from '../../../core/text/order.ts';
import { parseAssignments } from '../../parsers/assignments.ts';
import { parseDpkgStatus, providersOf } from '../../parsers/dpkg-status.ts';
import { type DriverPackages, parseDriverPackages } from '../../parsers/driver-packages.ts';
import type { Collector } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

const COMMANDS = [
  'usr/bin/lsb_release',
  'usr/bin/cloud-init',
  'usr/sbin/netplan',
  'usr/sbin/update-initramfs',
  'usr/share/kdump-tools/kdump_set_default',
];

type System = Pick<ImageFacts, 'osRelease' | 'packages' | 'kernelPackages' | 'commands' | 'snapCore'> & {
  driverPackages: DriverPackages;
};

/** The system and its packages. */
export function systemCollector(): Collector<System> {
  const releases = new Map<string, string>();
  let packages: ImageFacts['packages'] = [];
  let kernelPackages: string[] = [];
  let driverPackages: DriverPackages = { packages: [], provides: [] };
  return {
    wants: (path) => {
      if (path === 'var/lib/dpkg/status') return 6 << 20;
      return path === 'etc/os-release' || path === 'usr/lib/os-release' ? 64 << 10 : 0;
    },
    content(path, bytes) {
      if (path === 'var/lib/dpkg/status') {
        const text = bytes.toString();
        packages = parseDpkgStatus(text);
        kernelPackages = providersOf(text, 'linux-image');
        driverPackages = parseDriverPackages(text);
      } else releases.set(path, bytes.toString());
    },
    finish(tree) {
      const release = releases.get(tree.resolve('etc/os-release') ?? '');
      return {
        osRelease: release === undefined ? null : osRelease(release),
        kernelPackages,
        driverPackages,
        packages: packages.sort((a, b) => compareText(a.name, b.name)),
        commands: Object.fromEntries(COMMANDS.map((path) => [path.split('/').pop()!, tree.exists(path)])),
        snapCore: ['snaps', 'system-data/var/lib/snapd']
          .filter((path) => tree.has(path))
          .map((path) => `/${path}`),
      };
    },
  };
}

function osRelease(text: string): NonNullable<ImageFacts['osRelease']> {
  const values = parseAssignments(text);
  const version = values.get('VERSION') ?? '';
  return {
    id: values.get('ID') ?? '',
    versionId: values.get('VERSION_ID') ?? '',
    // Old Debian and Ubuntu have the codename in VERSION only: "20.04.6 LTS (Focal Fossa)".
    codename: (
      values.get('VERSION_CODENAME') ??
      values.get('UBUNTU_CODENAME') ??
      /\((\w+)/.exec(version)?.[1] ??
      ''
    ).toLowerCase(),
    name: values.get('PRETTY_NAME') ?? values.get('NAME') ?? '',
  };
}
