import { ACCOUNTS_CHECK } from './accounts.ts';
import { SSHD_CHECK } from './sshd.ts';
import { type Check, fail, failOr, pass } from './types.ts';

/** Access for others, and identities that two machines would share. */
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
    wrong: 'ssh host keys are in the image',
    severity: 'blocker',
    why: 'Every machine would have the same identity, and everyone with the image its private key.',
    fix: 'As the last step: `rm -f /etc/ssh/ssh_host_*`; cloud-init makes new ones.',
    evaluate: ({ identity }) =>
      failOr(
        identity.sshHostKeys.map((path) => ({ subject: path, text: path })),
        'none',
      ),
  },
  ACCOUNTS_CHECK,
  SSHD_CHECK,
];
