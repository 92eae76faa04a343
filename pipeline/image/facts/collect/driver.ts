import type { DriverPackages } from '../../parsers/driver-packages.ts';
import { shown } from '../../tar/names.ts';
import type { Collector } from '../collector.ts';

/** NVIDIA's driver beside its modules, and what DKMS knows. */
export interface DriverFacts extends DriverPackages {
  /** Libraries of the user space that have the driver's version in their names. */
  libraries: { path: string; version: string }[];
  /** Versions that there is firmware of the GPUs' system processor for; their modules load no other. */
  firmware: string[];
  /** Modules that DKMS builds, with the kernels that they are built for. */
  dkms: { module: string; version: string; kernels: string[] }[];
  /** Versions of the driver whose sources nvidia-fs was built with, by DKMS' logs. */
  fsBuilds: { kernel: string; driver: string }[];
}

const VERSION = '[0-9]{3,4}\\.[0-9]{1,4}(?:\\.[0-9]{1,4})?';
/** In the folders that the loader searches (Debian's below nvidia/current): those of cuda-compat and of containers are elsewhere. */
const LIBRARY = new RegExp(
  `^(?:usr/)?lib(?:64)?/(?:[a-z0-9_]+-linux-gnu[a-z0-9]*/)?(?:nvidia/current/)?lib(?:cuda|nvidia-ml)\\.so\\.(${VERSION})$`,
);
const FIRMWARE = new RegExp(`^(?:usr/)?lib/firmware/nvidia/(${VERSION})/gsp_[^/]+$`);
/** As dkms 3.0.10 lays it out: NAME/VERSION/source when it is added, NAME/VERSION/KERNEL/ARCHITECTURE/module when it is built. */
const DKMS = /^var\/lib\/dkms\/([^/]+)\/([^/]+)\/(?:source|([^/]+)\/[^/]+\/module\/[^/]+\.ko(?:\.[a-z]+)?)$/;
const FS_LOG = /^var\/lib\/dkms\/nvidia-fs\/[^/]+\/([^/]+)\/[^/]+\/log\/make\.log$/;
/** The line that the Makefile of nvidia-fs (gds-nvidia-fs 2.28) prints before it compiles. */
const FS_SOURCES = new RegExp(`NVIDIA_SRC_DIR=/usr/src/nvidia-(?:[a-z-]{1,40}-)?(${VERSION})/`);
const MOST = 200;
/** Modules, versions and kernels do not have longer names. */
const LONGEST_NAME = 100;

/** Parts of NVIDIA's driver in the image beside packages and modules. */
export function driverCollector(): Collector<Omit<DriverFacts, keyof DriverPackages>> {
  const libraries: DriverFacts['libraries'] = [];
  const firmware = new Set<string>();
  const dkms = new Map<string, { module: string; version: string; kernels: Set<string> }>();
  const fsBuilds: DriverFacts['fsBuilds'] = [];
  let builds = 0;
  return {
    optional: true,
    member({ path, type }) {
      if (path.startsWith('var/lib/dkms/')) {
        const [, module, version, kernel] = DKMS.exec(path) ?? [];
        if (!module || !version || Math.max(module.length, version.length) > LONGEST_NAME) return;
        const key = `${module}/${version}`;
        const known = dkms.get(key) ?? { module, version, kernels: new Set<string>() };
        if (dkms.size < MOST) dkms.set(key, known);
        if (!kernel || kernel.length > LONGEST_NAME || known.kernels.has(kernel) || builds >= 5 * MOST)
          return;
        builds += 1;
        known.kernels.add(kernel);
        return;
      }
      if (type !== 'file' && type !== 'hard-link') return;
      const library = LIBRARY.exec(path)?.[1];
      if (library && libraries.length < MOST) libraries.push({ path: `/${shown(path)}`, version: library });
      const version = FIRMWARE.exec(path)?.[1];
      if (version && firmware.size < MOST) firmware.add(version);
    },
    wants: (path) => (FS_LOG.test(path) ? 1 << 20 : 0),
    content(path, bytes) {
      const kernel = FS_LOG.exec(path)?.[1];
      const driver = FS_SOURCES.exec(bytes.toString('latin1'))?.[1];
      if (kernel && driver && fsBuilds.length < MOST) fsBuilds.push({ kernel: shown(kernel), driver });
    },
    finish: () => ({
      libraries,
      firmware: [...firmware],
      dkms: [...dkms.values()].map(({ module, version, kernels }) => ({
        module: shown(module),
        version: shown(version),
        kernels: [...kernels].map(shown),
      })),
      fsBuilds,
    }),
  };
}
