import { ELF_HEAD, elfArchitecture } from '../../parsers/elf.ts';
import { shown } from '../../tar/names.ts';
import type { Collector } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

/** The first program that the kernel starts and the shell of every script; the names behind the usual links as well. */
const PROGRAMS = /^(?:usr\/)?(?:bin\/(?:sh|dash|bash|busybox)|sbin\/init|lib\/systemd\/systemd)$/;
const ASKED = ['bin/sh', 'sbin/init', 'usr/lib/systemd/systemd', 'lib/systemd/systemd'];
/** Larger programs of these names are not read; the others of the list show it then. */
const LARGEST = 8 << 20;

/** The processor that the image's own programs are for; dpkg's word for it is with the packages. */
export function architectureCollector(): Collector<ImageFacts['programs']> {
  const found = new Map<string, string>();
  const hardLinks = new Map<string, string>();
  return {
    optional: true,
    member({ path, type, link }) {
      if (type === 'hard-link' && link !== null && PROGRAMS.test(path)) hardLinks.set(path, link);
    },
    wants: (path) => (PROGRAMS.test(path) ? LARGEST : 0),
    content(path, bytes) {
      const architecture = elfArchitecture(bytes.subarray(0, ELF_HEAD));
      if (architecture !== null) found.set(path, architecture);
    },
    finish(tree) {
      const real = ASKED.map((path) => tree.resolve(path))
        .filter((path) => path !== null)
        .map((path) => hardLinks.get(path) ?? path);
      // A shell of another name is not read: any program of the list is better than none.
      const path = [...real, ...found.keys()].find((one) => found.has(one));
      return path === undefined ? null : { path: `/${shown(path)}`, architecture: found.get(path) as string };
    },
  };
}
