import { SSHD_CHECK } from './sshd.ts';
import { type Check, fail, failOr, pass, places, several } from './types.ts';

/** What would let somebody in, or make two machines one. */
export const SECURITY_CHECKS: Check[] = [
  {
    number: 28,
    id: 'machine-id',
    title: 'The machine id is empty',
    severity: 'blocker',
    why: 'Machines with one id get one DHCP lease and one set of journals (packer-maas #150, #189, #361).',
    fix: 'As the last step: `truncate -s 0 /etc/machine-id` and `ln -sf /etc/machine-id /var/lib/dbus/machine-id`.',
    evaluate({ identity: { machineId, dbusMachineId } }) {
      const wrong: string[] = [];
      // Absent and "uninitialized" are machine-id(5)'s other ways to say: make one at the first boot.
      if (!['empty', 'uninitialized', 'absent'].includes(machineId))
        wrong.push(`/etc/machine-id is ${machineId}`);
      if (!/^(absent|empty|link to (\/etc|(\.\.\/)+etc)\/machine-id)$/.test(dbusMachineId))
        wrong.push(`/var/lib/dbus/machine-id is ${dbusMachineId}`);
      return wrong.length > 0
        ? fail(wrong.join('; '))
        : pass(`/etc/machine-id ${machineId}, dbus: ${dbusMachineId}`);
    },
  },
  {
    number: 29,
    id: 'ssh-host-keys',
    title: 'No ssh host keys',
    severity: 'blocker',
    why: 'Every machine would have the same identity, and everyone with the image its private key.',
    fix: 'As the last step: `rm -f /etc/ssh/ssh_host_*`; cloud-init makes new ones.',
    evaluate: ({ identity }) =>
      failOr(
        identity.sshHostKeys.map((path) => ({ subject: path, text: path })),
        'none',
      ),
  },
  {
    number: 30,
    id: 'accounts',
    title: 'Nobody has a password or a key, root is locked, sudo asks',
    severity: 'blocker',
    why: 'The build logs in with a password; left in the image it is a door into every machine, known (root, ubuntu, nvidia) or attacked offline.',
    fix: '`passwd -l root`, `passwd -l` or `userdel` for build users, remove NOPASSWD rules from /etc/sudoers.d and all authorized_keys, as the last step.',
    reads: /^etc\/(passwd|shadow|sudoers)|authorized_keys|^root|^etc$/,
    evaluate({ accounts, access }) {
      const wrong: string[] = [];
      const root = accounts.find((a) => a.name === 'root');
      if (!root) wrong.push('/etc/passwd has no root');
      else if (root.password === 'missing') wrong.push('root is not in /etc/shadow');
      const usable = accounts.filter((a) => a.password === 'usable');
      if (usable.length > 0)
        wrong.push(`passwords: ${several(usable.map((a) => `${a.name} (${a.scheme})`))}`);
      const open = accounts.filter((a) => a.password === 'none');
      if (open.length > 0) wrong.push(`no password asked for: ${several(open.map((a) => a.name))}`);
      const twins = accounts.filter((a) => a.uid === 0 && a.name !== 'root');
      if (twins.length > 0) wrong.push(`more accounts with uid 0: ${several(twins.map((a) => a.name))}`);
      if (access.nopasswd.length > 0) wrong.push(`sudo without a password: ${places(access.nopasswd)}`);
      if (access.authorizedKeys.length > 0)
        wrong.push(`keys that open: ${several(access.authorizedKeys.map((k) => `${k.file} (${k.keys})`))}`);
      return wrong.length > 0 ? fail(wrong.join('; ')) : pass(`${accounts.length} accounts, all locked`);
    },
  },
  SSHD_CHECK,
];
