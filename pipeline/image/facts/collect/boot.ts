import { parseDebconf } from '../../parsers/debconf.ts';
import { parseDiversions } from '../../parsers/diversions.ts';
import { newestFirst } from '../../parsers/grub-menu.ts';
import { lostKernelOptions } from '../../parsers/grub-options.ts';
import { shown } from '../../tar/names.ts';
import { type Collector, Sampler } from '../collector.ts';
import type { ImageFacts, Kernel } from '../facts.ts';
import { grubStart } from './grub.ts';

const IMAGE = /^boot\/vmlinu[xz]-(.+)$/;
const INITRD = /^boot\/initr(?:d\.img|d|amfs)-(.+?)(?:\.img)?$/;
const MODULES = /^(?:usr\/)?lib\/modules\/([^/]+)(?:\/(.*))?$/;
/** Copies of a kernel that somebody keeps, and what belongs to one: no kernels of their own. */
const NO_KERNEL = /(?:\.(?:old|bak|orig|save|sig|signed|rpmsave|rpmnew|dpkg-[a-z-]+)|~)$/;
const GRUB_FILES = new Map([
  ['boot/grub/grub.cfg', 4 << 20],
  ['boot/grub/grubenv', 64 << 10],
]);
const DEBCONF = 'var/cache/debconf/config.dat';
const DIVERSIONS = 'var/lib/dpkg/diversions';
const MOST_KERNELS = 100;

type Boot = Pick<ImageFacts, 'kernels' | 'boot'>;

/** Kernels with what belongs to them, and what GRUB will start. */
export function bootCollector(): Collector<Boot> {
  const kernels = new Map<string, Kernel>();
  const texts = new Map<string, string>();
  const images = new Set<string>();
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
    wants: (path) => (path === DEBCONF || path === DIVERSIONS ? 4 << 20 : (GRUB_FILES.get(path) ?? 0)),
    content: (path, bytes) => {
      texts.set(path, bytes.toString());
    },
    member({ path, type, size, link }) {
      if (path.endsWith('.curtin-disabled')) curtinDisabled.add(`/${shown(path)}`);
      if (path.startsWith('boot/')) {
        members += 1;
        if (type === 'directory') return;
        const image = IMAGE.exec(path.slice(0, 300))?.[1];
        if (image) images.add(path.slice('boot/'.length));
        // A link to another kernel, such as one of its flavour's name, is none.
        const linked = type === 'symlink' && /(?:^|\/)vmlinu[xz]-[^/]+$/.test(link ?? '');
        if (image && !linked && !NO_KERNEL.test(image)) set(kernel(image), { image: `/${shown(path)}` });
        const initrd = INITRD.exec(path.slice(0, 300))?.[1];
        if (initrd && !(type === 'file' && size === 0)) set(kernel(initrd), { initrd: `/${shown(path)}` });
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
    finish(tree, files) {
      const debconf = parseDebconf(texts.get(DEBCONF) ?? '');
      // An initrd alone is not a kernel: one that was removed often leaves it.
      for (const [version, one] of kernels)
        if (one.image && !tree.exists(`boot/vmlinuz-${version}`) && !tree.exists(`boot/vmlinux-${version}`))
          one.image = null;
      const list = [...kernels.values()]
        .filter((k) => k.image || k.modules || k.modulesDep)
        .sort((a, b) => newestFirst(`vmlinuz-${a.version}`, `vmlinuz-${b.version}`));
      const diversions = parseDiversions(texts.get(DIVERSIONS) ?? '');
      return {
        kernels: list,
        boot: {
          members,
          ...grubStart({ texts, files, images: [...images].filter((name) => tree.exists(`boot/${name}`)) }),
          grubDevices: [...debconf]
            .filter(
              ([question, value]) =>
                /^grub-[^/]+\/(install_devices|.*disk)/.test(question) && value.includes('/dev/'),
            )
            .map(([question, value]) => ({ question, value })),
          lostOptions: lostKernelOptions(
            files.text('etc/default/grub'),
            files
              .list('etc/default/grub.d')
              .filter((name) => name.endsWith('.cfg'))
              .map((name) => `etc/default/grub.d/${name}`)
              .map((path) => ({ file: `/${shown(path)}`, text: files.text(path) ?? '' })),
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
