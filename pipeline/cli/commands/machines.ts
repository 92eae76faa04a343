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
    .description('list machines, add them, and power, commission, deploy, release and tag many at once');
  declareList(machines, act);
  declareShow(machines, act);
  declareAdd(machines, act);
  declarePower(machines, act);
  declareBatches(machines, act);
  declareTag(machines, act);
  declareDelete(machines, act);
};

function declareList(machines: Command, act: Act): void {
  withSelection(machines.command('list').description('the machines of a MAAS and where they are')).action(
    act(async (session, names: string[], flags: TargetFlags & SelectionFlags) => {
      const { list } = await import('../machines/list.ts');
      await list(session, names, flags);
    }),
  );
}

function declareShow(machines: Command, act: Act): void {
  withTarget(machines.command('show'))
    .argument('<machine...>', 'host names, FQDNs or system ids; * and ? stand for anything')
    .description('all that MAAS says of a machine, but power parameters')
    .action(
      act(async (session, names: string[], flags: TargetFlags) => {
        const { show } = await import('../machines/show.ts');
        await show(session, names, flags);
      }),
    );
}

function declareDelete(machines: Command, act: Act): void {
  forMany(machines.command('delete'))
    .description('take machines out of MAAS; never one that somebody has, unless --force')
    .option('--force', 'also where somebody has it or it is on its way; never a locked one')
    .action(
      act(async (session, names: string[], flags: Flags & { force?: boolean }) => {
        const { deleteMachines } = await import('../machines/delete.ts');
        await deleteMachines(session, names, flags);
      }),
    );
}

function declareAdd(machines: Command, act: Act): void {
  const add = withTarget(machines.command('add'))
    .argument('[hostname]', 'of one machine')
    .description('make machines known to MAAS; those that are there already stay as they are')
    .option('--from <file>', 'many machines, from a YAML file (schema/machines.schema.json)')
    .option('--mac <address>', 'MAC address, the first is the one it boots from; may be repeated', collect)
    .option(
      '--architecture <arch>',
      'its architecture (amd64/generic; with ipmi and without --mac: found out by MAAS)',
    )
    .option('--description <text>', 'what MAAS shows beside it')
    .option('--domain <name>', 'its DNS domain (default: the one of MAAS)')
    .option('--pool <name>', 'its resource pool')
    .option('--zone <name>', 'its zone')
    .option('--tag <tag>', 'tags it; may be repeated', collect)
    .option('--commission', 'commission them as well, and wait for it');
  withPower(add).action(
    act(async (session, hostname: string | undefined, flags: AddFlags) => {
      const { add: run } = await import('../machines/add.ts');
      await run(session, hostname, flags);
    }),
  );
}

function declareBatches(machines: Command, act: Act): void {
  withBatch(machines.command('commission'))
    .description('let MAAS boot machines, look at their hardware and test it')
    .option('--enable-ssh', 'leave them on, open for your ssh key')
    .option('--skip-bmc-config', 'leave their BMC as it is')
    .option('--skip-networking', 'keep their network configuration')
    .option('--skip-storage', 'keep their storage configuration')
    .option('--commissioning-scripts <names>', 'run these (names or tags, by commas)', collect)
    .option(
      '--testing-scripts <names>',
      'run these tests (names or tags, by commas), "none" for none',
      collect,
    )
    .action(
      act(async (session, names: string[], flags: Flags) => {
        const { commission } = await import('../machines/batches.ts');
        await commission(session, names, flags);
      }),
    );

  withBatch(machines.command('deploy'))
    .description('install an image on ready machines; those that have it are left alone')
    .requiredOption(
      '--image <image>',
      'custom/NAME or ubuntu/SERIES of MAAS, an image of the configuration, or IMAGE:CHANNEL',
    )
    .option('--kernel-options <options>', 'for the kernel, set by a tag of their own; "" takes them away')
    .option('--hwe-kernel <kernel>', 'such as hwe-22.04; for custom images only the one that installs')
    .option('--user-data <file>', 'cloud-init user data')
    .option('--storage-layout <layout>', 'lay the disks out anew first: flat, lvm, bcache, …')
    .option('--comment <text>', "for the machine's event log")
    .addOption(
      new Option(
        '--profile <profile>',
        "DeepOps' roles for those that are deployed, the first the head",
      ).choices(PROFILES),
    )
    .option('--force', 'also where the image cannot boot: no /boot/efi, or BIOS mode')
    .action(
      act(async (session, names: string[], flags: DeployFlags) => {
        const { deploy } = await import('../machines/deploy.ts');
        await deploy(session, names, flags);
      }),
    );

  withBatch(machines.command('release'))
    .description('give machines back; they are turned off')
    .option('--erase', 'overwrite their disks; takes hours')
    .option('--secure-erase', 'erase them by the disk itself, where it can')
    .option('--quick-erase', 'wipe the first and the last 2 MiB of each disk only; not secure')
    .option('--comment <text>', "for the machine's event log")
    .action(
      act(async (session, names: string[], flags: Flags) => {
        const { release } = await import('../machines/batches.ts');
        await release(session, names, flags);
      }),
    );

  withBatch(machines.command('wait'))
    .description('wait for machines that are on their way, and say why one fails')
    .requiredOption('--for <status>', 'ready, deployed, …; may be repeated: one of them', collect)
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
    .description('tag machines, by one request for each tag; or as a DeepOps cluster');
  for (const way of ['add', 'remove'] as const)
    forTags(tag.command(way).argument('<tag>', 'tags, by commas'))
      .description(way === 'add' ? 'tag machines; a tag that is not there is made' : 'take tags away')
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
    .description("give machines DeepOps' roles: the first is the head, and roles that they had go")
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
    .option('--all', 'every machine of this MAAS')
    .option('-n, --dry-run', 'show what would change, and change nothing');
}
