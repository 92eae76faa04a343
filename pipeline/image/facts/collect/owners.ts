import { shown } from '../../tar/names.ts';
import { type Collector, type Member, Sampler } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

/** Paths that sudo, sshd, systemd or PAM refuse when anyone but root owns them. */
const SYSTEM = new Set(
  `
   etc usr bin sbin lib lib64 boot root var opt srv usr/bin usr/sbin usr/lib usr/lib64 usr/share
   etc/passwd etc/group etc/shadow etc/gshadow etc/fstab etc/hosts etc/environment etc/ssh etc/ssh/sshd_config
   etc/sudoers etc/sudoers.d etc/pam.d etc/security etc/ld.so.conf etc/systemd etc/systemd/system etc/cron.d etc/crontab
   var/lib var/lib/dpkg var/lib/dpkg/status var/log curtin curtin/curtin-hooks`
    .split(/\s+/)
    .filter(Boolean),
);
const LONGEST_SYSTEM = Math.max(...[...SYSTEM].map((path) => path.length));
/** Files whose group is shadow by design. */
const SHADOW_GROUP = /^etc\/g?shadow$/;
/** Directories whose group is a service's by design (syslog writes to /var/log, …). */
const ANY_GROUP = new Set(['var/log', 'etc/crontab']);

/** Programs that are useless without setuid root, where they can be. */
const PRIVILEGED = /^(?:usr\/)?bin\/(?:sudo|su|mount|umount)$/;

const ORDINARY_UID = 1000;
const NOBODY = 65534;
const MOST_SETUID = 1000;

/** Owners of system files, and programs that run with more rights than their caller. */
export function ownersCollector(): Collector<ImageFacts['owners']> {
  const wrong: ImageFacts['owners']['wrong'] = [];
  const foreign = new Sampler();
  const privileged: string[] = [];
  const setuid: ImageFacts['owners']['setuid'] = [];
  const record = (m: Member, want: string) => {
    if (wrong.length < 50)
      wrong.push({ path: `/${shown(m.path)}`, uid: m.uid, gid: m.gid, mode: octal(m.mode), want });
  };
  return {
    member(m) {
      // A hard link comes with mode and owner of what it leads to.
      if (m.type === 'symlink') return;
      // The length first: to hash a million paths costs more than all other looks at them.
      const system = m.path.length <= LONGEST_SYSTEM && SYSTEM.has(m.path);
      if (m.path === '' || system || m.path.startsWith('etc/sudoers.d/')) {
        const group = SHADOW_GROUP.test(m.path) || ANY_GROUP.has(m.path);
        if (m.uid !== 0 || (m.gid !== 0 && !group)) record(m, 'owner 0:0');
        // All of it writable is what file systems without modes give (NTFS, some shares). What lies in /curtin no machine runs later.
        if ((m.mode & 0o1002) === 0o002 && !m.path.startsWith('curtin')) record(m, 'no write for others');
      }
      if (m.uid >= ORDINARY_UID && m.uid !== NOBODY && /^(?:etc|usr|boot|bin|sbin|lib)\//.test(m.path))
        foreign.add(`/${shown(m.path)} (uid ${m.uid})`);
      if (m.type !== 'file' && m.type !== 'hard-link') return;
      if (PRIVILEGED.test(m.path)) {
        privileged.push(`/${m.path}`);
        if (m.uid !== 0 || (m.mode & 0o4000) === 0) record(m, 'owner root and the setuid bit');
      }
      if ((m.mode & 0o6000) !== 0 && setuid.length < MOST_SETUID)
        setuid.push({ path: `/${shown(m.path)}`, mode: octal(m.mode), uid: m.uid, gid: m.gid });
    },
    finish: () => ({ wrong, foreign: foreign.toJSON(), privileged: privileged.sort(), setuid }),
  };
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
