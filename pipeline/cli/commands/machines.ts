import { Argument, type Command, Option } from 'commander';
import type { Profile } from '../../maas/machines/profile.ts';
import type { Act, Declare } from '../command.ts';
import type { AddFlags } from '../machines/add.ts';
import type { Flags } from '../machines/batches.ts';
import type { DeployFlags } from '../machines/deploy.ts';
import type { TargetFlags } from '../machines/open.ts';
import { collect, forMany, withBatch, withSelection, withTarget } from '../machines/options.ts';
import type { SelectionFlags } from '../machines/select.ts';
import type { TagFlags } from '../machines/tag.ts';
import { declarePower, withPower } from './machines-power.ts';

const PROFILES: readonly Profile[] = ['slurm', 'k8s'];

/** `machines`: what MAAS does with machines, for one or for many. */
export const declare: Declare = (program, act) => {
  const machines = program
    .command('machines')
    .description('list, add, power, commission, deploy, release and tag machines, many at once');
  declareList(machines, act);
  declareShow(machines, act);
  declareAdd(machines, act);
  declarePower(machines, act);
  declareBatches(machines, act);
  declareTag(machines, act);
  declareDelete(machines, act);
};

function declareList(machines: Command, act: Act): void {
  withSelection(machines.command('list').description('list the machines of a MAAS and their states')).action(
    act(async (session, names: string[], flags: TargetFlags & SelectionFlags) => {
      const { list } = await import('../machines/list.ts');
      await list(session, names, flags);
    }),
  );
}

function declareShow(machines: Command, act: Act): void {
  withTarget(machines.command('show'))
    .argument('<machine...>', 'host names, FQDNs or system ids; * and ? are wildcards')
    .description('show everything that MAAS knows about a machine, except power parameters')
    .action(
      act(async (session, names: string[], flags: TargetFlags) => {
        const { show } = await import('../machines/show.ts');
        await show(session, names, flags);
      }),
    );
}

function declareDelete(machines: Command, act: Act): void {
  forMany(machines.command('delete'))
    .description('delete machines from MAAS; never an allocated one, unless --force')
    .option('--force', 'also delete allocated and busy machines; never a locked one')
    .action(
      act(async (session, names: string[], flags: Flags & { force?: boolean }) => {
        const { deleteMachines } = await import('../machines/delete.ts');
        await deleteMachines(session, names, flags);
      }),
    );
}

function declareAdd(machines: Command, act: Act): void {
  const add = withTarget(machines.command('add'))
    .argument('[hostname]', 'the host name, to add one machine')
    .description('add machines to MAAS; missing settings of existing ones are completed')
    .option('--from <file>', 'add the machines of a YAML file (schema/machines.schema.json)')
    .option('--mac <address>', 'MAC address, may be repeated; the machine boots from the first', collect)
    .option(
      '--architecture <arch>',
      'the architecture (default: amd64/generic; with ipmi and without --mac, MAAS finds it)',
    )
    .option('--description <text>', 'a description, shown by MAAS')
    .option('--domain <name>', 'the DNS domain (default: that of MAAS)')
    .option('--pool <name>', 'the resource pool')
    .option('--zone <name>', 'the zone')
    .option('--tag <tag>', 'a tag; may be repeated', collect)
    .option('--commission', 'also commission the machines, and wait for the end');
  withPower(add).action(
    act(async (session, hostname: string | undefined, flags: AddFlags) => {
      const { add: run } = await import('../machines/add.ts');
      await run(session, hostname, flags);
    }),
  );
}

function declareBatches(machines: Command, act: Act): void {
  withBatch(machines.command('commission'))
    .description('commission machines: MAAS boots them, reads their hardware and tests it')
    .option('--enable-ssh', 'leave machines on, with ssh access for your key')
    .option('--skip-bmc-config', 'do not configure the BMC')
    .option('--skip-networking', 'keep their network configuration')
    .option('--skip-storage', 'keep their storage configuration')
    .option('--commissioning-scripts <names>', 'scripts to run (names or tags, separated by commas)', collect)
    .option(
      '--testing-scripts <names>',
      'tests to run (names or tags, separated by commas), or "none"',
      collect,
    )
    .action(
      act(async (session, names: string[], flags: Flags) => {
        const { commission } = await import('../machines/batches.ts');
        await commission(session, names, flags);
      }),
    );

  withBatch(machines.command('deploy'))
    .description('deploy an image on Ready machines; machines that have it are skipped')
    .requiredOption(
      '--image <image>',
      'custom/NAME or ubuntu/SERIES in MAAS, an image of the configuration, or IMAGE:CHANNEL',
    )
    .option('--kernel-options <options>', 'kernel options, set with a tag; "" removes them')
    .option(
      '--hwe-kernel <kernel>',
      'such as hwe-22.04; for custom images, only the kernel of the ephemeral system',
    )
    .option('--user-data <file>', 'cloud-init user data')
    .option('--storage-layout <layout>', 'first replace the storage layout: flat, lvm, bcache, …')
    .option('--comment <text>', "text for the machine's event log")
    .addOption(
      new Option(
        '--profile <profile>',
        "DeepOps' roles for the deployed machines; the first one is the head",
      ).choices(PROFILES),
    )
    .option('--force', 'also deploy machines on which the image cannot boot (no /boot/efi, or BIOS mode)')
    .action(
      act(async (session, names: string[], flags: DeployFlags) => {
        const { deploy } = await import('../machines/deploy.ts');
        await deploy(session, names, flags);
      }),
    );

  withBatch(machines.command('release'))
    .description('release machines; they are turned off')
    .option('--erase', 'overwrite the disks; takes hours')
    .option('--secure-erase', 'use the erase command of the disks, if they have one')
    .option('--quick-erase', 'wipe the first and the last 2 MiB of each disk only; not secure')
    .option('--comment <text>', "text for the machine's event log")
    .action(
      act(async (session, names: string[], flags: Flags) => {
        const { release } = await import('../machines/batches.ts');
        await release(session, names, flags);
      }),
    );

  withBatch(machines.command('wait'))
    .description('wait until machines reach a status, and report why one fails')
    .requiredOption('--for <status>', 'ready, deployed, …; may be repeated: any of them', collect)
    .action(
      act(async (session, names: string[], flags: Flags & { for: string[] }) => {
        const { wait } = await import('../machines/batches.ts');
        await wait(session, names, flags);
      }),
    );
}

function declareTag(machines: Command, act: Act): void {
  const tag = machines
    .command('tag')
    .description('tag machines, one request for each tag, or as a DeepOps cluster');
  for (const way of ['add', 'remove'] as const)
    forTags(tag.command(way).argument('<tag>', 'tags, separated by commas'))
      .description(way === 'add' ? 'tag machines; missing tags are created' : 'remove tags from machines')
      .action(
        act(async (session, tags: string, names: string[], flags: TagFlags) => {
          const { tag: run } = await import('../machines/tag.ts');
          await run(session, way, tags, names, flags);
        }),
      );

  forTags(
    tag
      .command('profile')
      .addArgument(
        new Argument(
          '<profile>',
          'slurm: slurm-master, slurm-node; k8s: kube_control_plane and etcd, kube_node',
        ).choices(PROFILES),
      ),
  )
    .description("give machines DeepOps' roles; the first one is the head, and earlier roles are removed")
    .option('--head <machine>', 'the head (default: the first one named, else the first by name)')
    .action(
      act(async (session, profile: Profile, names: string[], flags: TagFlags & { head?: string }) => {
        const { tagProfile } = await import('../machines/tag.ts');
        await tagProfile(session, profile, names, flags);
      }),
    );
}

function forTags(command: Command): Command {
  return withSelection(command)
    .option('--all', 'all machines of this MAAS')
    .option('-n, --dry-run', 'print what would change; change nothing');
}
