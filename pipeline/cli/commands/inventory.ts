import type { Declare } from '../command.ts';
import type { InventoryFlags } from '../inventory.ts';
import { collect, withTarget } from '../machines/options.ts';

export const declare: Declare = (program, act) => {
  withTarget(program.command('inventory'))
    .description("print the deployed machines as an Ansible inventory, with DeepOps' groups from their tags")
    .option('--list', 'print all groups and hosts')
    .option('--host <name>', "print one host's variables")
    .option(
      '--status <status>',
      'only machines with this status (default: deployed); may be repeated',
      collect,
    )
    .option('--user <name>', 'the ssh user (MAAS_SSH_USER; default: ubuntu)')
    .option('--network <net>', 'use the address in this network: 10.0.1.0/24 or 10.0.1 (MAAS_NETWORK)')
    .option('--bastion <host>', 'the ssh jump host, [user@]host[:port] (MAAS_SSH_BASTION)')
    .addHelpText(
      'after',
      '\nTo use it in Ansible, write a file with the two lines\n  #!/bin/sh\n  exec dgxos-maas inventory "$@"\nmake it executable, and run ansible -i FILE all -m ping',
    )
    .action(
      act(async (session, flags: InventoryFlags) => {
        const { inventory } = await import('../inventory.ts');
        await inventory(session, flags);
      }),
    );
};
