import { type BootEffect, bootEffect, mountSource, parseFstab } from '../../parsers/fstab.ts';
import { hostScope } from '../../parsers/hosts.ts';
import { significantLines } from '../../parsers/lines.ts';
import { shellAssignments } from '../../parsers/shell-assignments.ts';
import { parseUnit } from '../../parsers/systemd-unit.ts';
import { normalise, shown } from '../../tar/names.ts';
import type { Collector } from '../collector.ts';
import type { ConfigLine } from '../facts.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Tree } from '../tree.ts';

/** Configuration that names a disk, array, pool or share of the build machine. */
export interface DeviceUse extends ConfigLine {
  /** The file, and the mount point or name that stays the same in every build. */
  subject: string;
  effect: BootEffect;
  /** In words. */
  reason: string;
}

export interface StorageFacts {
  devices: DeviceUse[];
}

const MOST_USES = 200;
const REASON: Record<BootEffect, string> = {
  stops: 'without it the machine ends in emergency mode',
  waits: 'the boot waits for it',
  nothing: 'nothing asks for it at boot',
};

/** Entries that wait at boot for a disk that only the build machine had. */
export function storageCollector(): Collector<StorageFacts> {
  return {
    finish: (tree, files) => ({
      devices: [
        ...mounts(tree, files),
        ...encrypted(files),
        ...arrays(files),
        ...volumes(tree, files),
        ...hibernation(files),
        ...commandLine(files),
        ...units(tree, files),
      ]
        .slice(0, MOST_USES)
        .map((use) => ({ ...use, text: printable(use.text) })),
    }),
  };
}

function use(
  path: string,
  line: number,
  text: string,
  name: string,
  effect: BootEffect,
  reason = REASON[effect],
): DeviceUse {
  const file = `/${shown(path)}`;
  return { file, line, text, subject: printable(name === '' ? file : `${file} ${name}`), effect, reason };
}

const printable = (text: string) => shown(Buffer.from(text.slice(0, 400)).toString('latin1')).slice(0, 160);
/** A name of a disk, as udev or blkid have it. */
const isDevice = (spec: string) => mountSource({ spec, type: '', options: [] }) === 'device';

function mounts(tree: Tree, files: KeptFiles): DeviceUse[] {
  return parseFstab(files.text('etc/fstab') ?? '').flatMap((entry) => {
    const { line, spec, file, type } = entry;
    const text = [spec, file, type, entry.options.join(',')].filter(Boolean).join(' ');
    const at = (effect: BootEffect, reason?: string) => [
      use('etc/fstab', line, text, type === 'swap' ? 'swap' : file, effect, reason),
    ];
    const thing = mountSource(entry);
    if (thing === 'device') return at(bootEffect(entry));
    if (thing === 'file' && !tree.exists(normalise(spec.slice(1)))) {
      const effect = type === 'swap' ? 'nothing' : bootEffect(entry);
      return at(effect, effect === 'stops' ? undefined : 'the file is not in the image');
    }
    const host = /^(?:\/\/([^/]+)\/|(\[[^\]]+\]|[^/:]+):)/.exec(spec.slice(0, 300));
    const server = thing === null && host ? (host[1] ?? host[2]!) : '';
    return server !== '' && hostScope(server) === 'build'
      ? at('waits', `${server} is the build machine`)
      : [];
  });
}

function encrypted(files: KeptFiles): DeviceUse[] {
  return significantLines(files.text('etc/crypttab') ?? '').flatMap(({ line, text }) => {
    const [name = '', device = '', , options = ''] = text.slice(0, 4000).split(/[ \t]+/, 5);
    if (!isDevice(device)) return [];
    const loose = options.split(',').some((o) => o === 'noauto' || o === 'nofail');
    return [use('etc/crypttab', line, text, name, loose ? 'nothing' : 'waits')];
  });
}

function arrays(files: KeptFiles): DeviceUse[] {
  const paths = ['etc/mdadm.conf', 'etc/mdadm/mdadm.conf'];
  for (const folder of ['etc/mdadm.conf.d', 'etc/mdadm/mdadm.conf.d'])
    paths.push(...files.list(folder).map((name) => `${folder}/${name}`));
  return paths.flatMap((path) =>
    significantLines(files.text(path) ?? '').flatMap(({ line, text }) => {
      const name = /^array[ \t]+(?!<ignore>)(\S{1,100})/i.exec(text.slice(0, 200))?.[1];
      return name === undefined
        ? []
        : [use(path, line, text, name, 'nothing', 'no other machine has the array')];
    }),
  );
}

function volumes(tree: Tree, files: KeptFiles): DeviceUse[] {
  const found: DeviceUse[] = [];
  const devices = 'etc/lvm/devices/system.devices';
  const first = significantLines(files.text(devices) ?? '').find(({ text }) => /^IDTYPE=/.test(text));
  if (first) {
    const used = significantLines(files.text('etc/lvm/lvm.conf') ?? '').some(({ text }) =>
      /^use_devicesfile[ \t]*=[ \t]*1/.test(text.slice(0, 100)),
    );
    const reason = used ? 'LVM looks at no other disk' : 'it would hide other disks from LVM';
    found.push(use(devices, first.line, first.text, '', used ? 'waits' : 'nothing', reason));
  }
  if (tree.exists('etc/zfs/zpool.cache'))
    found.push(use('etc/zfs/zpool.cache', 1, 'pools of ZFS', '', 'nothing', 'no other machine has them'));
  return found;
}

/** The device on which the initramfs looks for a hibernated system. */
function hibernation(files: KeptFiles): DeviceUse[] {
  const folder = 'etc/initramfs-tools/conf.d';
  const paths = [
    'etc/initramfs-tools/initramfs.conf',
    ...files.list(folder).map((name) => `${folder}/${name}`),
  ];
  const settings = shellAssignments(paths.map((path) => ({ path, text: files.text(path) ?? '' })));
  const last = settings.filter(({ name }) => name === 'RESUME').at(-1);
  if (!last || !isDevice(last.value)) return [];
  return [use(last.file, last.line, `RESUME=${last.value}`, '', 'waits', 'the initramfs waits for it')];
}

const KERNEL_OPTION =
  /^(?:root|resume|cryptdevice|(?:rd\.)?luks\.(?:uuid|name)|rd\.(?:md\.uuid|lvm\.(?:lv|vg)))=(.*)$/;

/** Disks in the kernel's command line, and in what grub-mkconfig is to take for the root. */
function commandLine(files: KeptFiles): DeviceUse[] {
  const folder = 'etc/default/grub.d';
  const paths = [
    'etc/default/grub',
    ...files.list(folder).flatMap((name) => (name.endsWith('.cfg') ? [`${folder}/${name}`] : [])),
  ];
  const values = new Map(
    shellAssignments(paths.map((path) => ({ path, text: files.text(path) ?? '' }))).map((one) => [
      one.name,
      one,
    ]),
  );
  return [...values.values()].flatMap(({ file, line, name, value }) => {
    if (name === 'GRUB_DEVICE' && isDevice(value))
      return [use(file, line, `${name}=${value}`, name, 'stops', 'the kernel finds no root file system')];
    if (!/^GRUB_CMDLINE_LINUX(?:_DEFAULT|_RECOVERY)?$/.test(name)) return [];
    return value.split(/\s+/).flatMap((word) => {
      const match = KERNEL_OPTION.exec(word.slice(0, 300));
      if (!match) return [];
      const option = word.slice(0, word.indexOf('='));
      if (/^(?:root|resume)$/.test(option) && !isDevice(match[1]!)) return [];
      return option === 'root'
        ? [use(file, line, `${name}: ${word}`, option, 'stops', 'the kernel finds no root file system')]
        : [use(file, line, `${name}: ${word}`, option, 'waits', 'the initramfs waits for it')];
    });
  });
}

const UNITS = 'etc/systemd/system';

/** Mounts and swaps as units; no package puts these in /etc. */
function units(tree: Tree, files: KeptFiles): DeviceUse[] {
  const names = files.list(UNITS).filter((name) => /\.(?:mount|swap)$/.test(name));
  if (names.length === 0) return [];
  const effects = new Map<string, BootEffect>();
  for (const path of files.paths()) {
    const [, by, name] = /^etc\/systemd\/system\/([^/]+\.(?:wants|requires))\/([^/]+)$/.exec(path) ?? [];
    if (by === 'local-fs.target.requires') effects.set(name!, 'stops');
    else if (by && effects.get(name!) !== 'stops') effects.set(name!, 'waits');
  }
  return names.flatMap((name) => {
    const path = `${UNITS}/${name}`;
    const settings = parseUnit(files.text(path) ?? '');
    const last = (key: string) => settings.filter((s) => s.key === key).at(-1);
    const what = last('What');
    if (!what) return [];
    const type = name.endsWith('.swap') ? 'swap' : (last('Type')?.value ?? '');
    const options = (last('Options')?.value ?? '').split(',');
    const thing = mountSource({ spec: what.value, type, options });
    if (thing === null || (thing === 'file' && tree.exists(normalise(what.value.slice(1))))) return [];
    const effect = effects.get(name) ?? 'nothing';
    return [use(path, what.line, `What=${what.value}`, '', effect)];
  });
}
