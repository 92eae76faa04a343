import { shown } from '../../tar/names.ts';
import type { Collector, MemberType } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

const SMALL = /^etc\/(?:machine-id|hostname|iscsi\/initiatorname\.iscsi)$|^var\/lib\/dbus\/machine-id$/;
const LINKABLE = ['etc/machine-id', 'var/lib/dbus/machine-id', 'etc/resolv.conf'];
/** State that must be unique to a machine and so must not come with the image. */
export function identityCollector(): Collector<Omit<ImageFacts['identity'], 'state'>> {
  const files = new Map<string, string>();
  const types = new Map<string, MemberType>();
  const sshHostKeys: string[] = [];
  return {
    wants: (path) => (SMALL.test(path) ? 4096 : 0),
    content: (path, bytes) => {
      files.set(path, bytes.toString().trim());
    },
    member({ path, type }) {
      if (SMALL.test(path) || LINKABLE.includes(path)) types.set(path, type);
      if (/^etc\/ssh\/ssh_host_[^/]*$/.test(path) && sshHostKeys.length < 20)
        sshHostKeys.push(`/${shown(path)}`);
    },
    finish(tree) {
      const id = (path: string) => {
        const target = tree.symlinks.get(path);
        if (target !== undefined) return `link to ${shown(target)}`;
        if (!types.has(path)) return 'absent';
        const text = files.get(path);
        if (text === undefined) return 'unreadable';
        return text === '' ? 'empty' : text === 'uninitialized' ? 'uninitialized' : 'set';
      };
      return {
        machineId: id('etc/machine-id'),
        dbusMachineId: id('var/lib/dbus/machine-id'),
        sshHostKeys,
        hostname: files.get('etc/hostname')?.slice(0, 256) ?? null,
        iscsiInitiator: initiator(files.get('etc/iscsi/initiatorname.iscsi')),
        resolvConf: tree.symlinks.has('etc/resolv.conf')
          ? `link to ${shown(tree.symlinks.get('etc/resolv.conf')!)}`
          : (types.get('etc/resolv.conf') ?? 'absent'),
      };
    },
  };
}

function initiator(text: string | undefined): string | null {
  return /^\s*InitiatorName=(\S+)/m.exec(text ?? '')?.[1]?.slice(0, 256) ?? null;
}
