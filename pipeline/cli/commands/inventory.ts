import type { Declare } from '../command.ts';
import type { InventoryFlags } from '../inventory.ts';
import { collect, withTarget } from '../machines/options.ts';

export const declare: Declare = (program, act) => {
  withTarget(program.command('inventory'))
    .description(
      "the deployed machines as an Ansible dynamic inventory, with DeepOps' groups from their tags",
    )
    .option('--list', 'every group and host')
    .option('--host <name>', "one host's variables")
    .option('--status <status>', 'machines in this status (default: deployed); may be repeated', collect)
    .option('--user <name>', 'who logs in (MAAS_SSH_USER; default: ubuntu)')
    .option('--network <net>', 'take the address in this network: 10.0.1.0/24 or 10.0.1 (MAAS_NETWORK)')
    .option('--bastion <host>', 'go through [user@]host[:port] (MAAS_SSH_BASTION)')
    .addHelpText(
      'after',
      '\nAs an inventory: a file with the two lines\n  #!/bin/sh\n  exec dgxos-maas inventory "$@"\nmade executable, then ansible -i FILE all -m ping',
    )
    .action(
      act(async (session, flags: InventoryFlags) => {
        const { inventory } = await import('../inventory.ts');
        await inventory(session, flags);
      }),
    );
};
