import { parseAssignments } from '../../parsers/assignments.ts';
import { parseDebconf } from '../../parsers/debconf.ts';
import { parseDiversions } from '../../parsers/diversions.ts';
import { defaultKernel, parseGrubCfg } from '../../parsers/grub-cfg.ts';
import { lostKernelOptions } from '../../parsers/grub-options.ts';
import { compareVersions } from '../../parsers/version.ts';
import { type Collector, Sampler } from '../collector.ts';
import type { ImageFacts, Kernel } from '../facts.ts';
import { shown } from '../names.ts';

const IMAGE = /^boot\/vmlinu[xz]-(.+)$/;
const INITRD = /^boot\/initr(?:d\.img|d|amfs)-(.+?)(?:\.img)?$/;
const MODULES = /^(?:usr\/)?lib\/modules\/([^/]+)(?:\/(.*))?$/;
const GRUB_CFG = 'boot/grub/grub.cfg';
const GRUB_DEFAULTS = /^etc\/default\/grub(?:\.d\/[^/]+\.cfg)?$/;
const DEBCONF = 'var/cache/debconf/config.dat';
const DIVERSIONS = 'var/lib/dpkg/diversions';
const MOST_KERNELS = 100;

type Boot = Pick<ImageFacts, 'kernels' | 'boot'>;

/** Kernels with what belongs to them, and what GRUB will start. */
export function bootCollector(): Collector<Boot> {
  const kernels = new Map<string, Kernel>();
  const files = new Map<string, string>();
  const curtinDisabled = new Sampler();
  let members = 0;
  const kernel = (version: string): Kernel | undefined => {
    let known = kernels.get(version);
    if (!known && kernels.size < MOST_KERNELS) {
      known = {
        version: shown(version),
        image: null,
        initrd: null,
        modules: false,
        moduleFiles: 0,
        modulesDep: false,
        nvidia: false,
      };
      kernels.set(version, known);
    }
    return known;
  };
  return {
    wants: (path) =>
      path === GRUB_CFG || path === DEBCONF || path === DIVERSIONS || GRUB_DEFAULTS.test(path) ? 16 << 20 : 0,
    content: (path, bytes) => {
      files.set(path, bytes.toString());
    },
    member({ path, type }) {
      if (path.endsWith('.curtin-disabled')) curtinDisabled.add(`/${shown(path)}`);
      if (path.startsWith('boot/')) {
        members += 1;
        const image = IMAGE.exec(path)?.[1];
        if (image && type !== 'directory') set(kernel(image), { image: `/${shown(path)}` });
        const initrd = INITRD.exec(path)?.[1];
        if (initrd && type !== 'directory') set(kernel(initrd), { initrd: `/${shown(path)}` });
      } else if (path.startsWith('lib/modules/') || path.startsWith('usr/lib/modules/')) {
        const [, version, rest] = MODULES.exec(path) ?? [];
        if (!version) return;
        if (rest === undefined || rest === '') {
          if (type === 'directory') set(kernel(version), { modules: true });
        } else if (rest === 'modules.dep') set(kernel(version), { modulesDep: true });
        else if (/\.ko(?:\.(?:xz|zst|gz))?$/.test(rest)) {
          const known = kernel(version);
          set(known, { moduleFiles: (known?.moduleFiles ?? 0) + 1 });
          if (/\/nvidia\.ko(?:\.[a-z]+)?$/.test(rest)) set(known, { nvidia: true });
        }
      }
    },
    finish(tree, kept) {
      const debconf = parseDebconf(files.get(DEBCONF) ?? '');
      // An initrd alone is no kernel: one that was removed often leaves it.
      const list = [...kernels.values()]
        .filter((k) => k.image || k.modules || k.modulesDep)
        .sort((a, b) => compareVersions(b.version, a.version));
      const diversions = parseDiversions(files.get(DIVERSIONS) ?? '');
      return {
        kernels: list,
        boot: {
          members,
          defaultKernel: started(files, list),
          grubDevices: [...debconf]
            .filter(
              ([question, value]) =>
                /^grub-[^/]+\/(install_devices|.*disk)/.test(question) && value.includes('/dev/'),
            )
            .map(([question, value]) => ({ question, value })),
          lostOptions: lostKernelOptions(
            kept.text('etc/default/grub'),
            kept
              .list('etc/default/grub.d')
              .filter((name) => name.endsWith('.cfg'))
              .map((name) => `etc/default/grub.d/${name}`)
              .map((path) => ({ file: `/${shown(path)}`, text: kept.text(path) ?? '' })),
          ),
          curtinDisabled: curtinDisabled.toJSON(),
          eulaDiversions: [
            ...diversions
              .filter((d) => /nv-?eula/i.test(`${d.from}\n${d.to}\n${d.package}`))
              .map((d) => `${d.from} -> ${d.to}`),
            ...['usr/sbin/nv-eula.distrib', 'usr/bin/nv-eula.distrib']
              .filter((path) => tree.has(path))
              .map((path) => `/${path}`),
          ],
        },
      };
    },
  };
}

function set(kernel: Kernel | undefined, part: Partial<Kernel>): void {
  if (kernel) Object.assign(kernel, part);
}

/** The kernel GRUB starts: by its menu where the image has one, else the newest, as grub-mkconfig orders them. */
function started(
  files: ReadonlyMap<string, string>,
  kernels: readonly Kernel[],
): Boot['boot']['defaultKernel'] {
  const defaults = [...files.keys()].filter((path) => GRUB_DEFAULTS.test(path)).sort();
  let wanted = '0';
  for (const path of defaults) wanted = parseAssignments(files.get(path)!).get('GRUB_DEFAULT') ?? wanted;
  const menu = files.get(GRUB_CFG);
  const version = menu === undefined ? null : defaultKernel(parseGrubCfg(menu), wanted);
  if (version) return { version, from: `/${GRUB_CFG}` };
  const newest = kernels.find((k) => k.image);
  return newest ? { version: newest.version, from: 'the newest kernel in /boot' } : null;
}
