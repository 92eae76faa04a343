import { Fault } from '../../core/faults/fault.ts';
import type { TagChange } from './tags.ts';
import type { Machine } from './types.ts';

/** A kind of DeepOps cluster. */
export type Profile = 'slurm' | 'k8s';

/** The settings that DeepOps' scripts/maas_deploy.sh gives the first machine and the others. */
const TAGS: Record<Profile, { head: string[]; others: string[] }> = {
  slurm: { head: ['slurm-master'], others: ['slurm-node'] },
  k8s: { head: ['kube_control_plane', 'etcd'], others: ['kube_node'] },
};

/** The tags of every profile, of DeepOps' today and of its older releases: a machine changes its role altogether. */
const ROLES = [
  ...['kube_control_plane', 'kube_node', 'etcd', 'kube-master', 'kube-node'],
  ...['slurm-master', 'slurm-node', 'slurm-nfs', 'slurm-cache', 'slurm-metric', 'slurm-login'],
];

/**
 * The changes of tags that make a DeepOps cluster of machines: the first is the head, unless another is named.
 * @throws Fault MACHINE_UNKNOWN for a head that is none of them
 */
export function profileChanges(
  profile: Profile,
  machines: readonly Machine[],
  headName?: string,
): { head: Machine; changes: TagChange[] } {
  const head =
    headName === undefined
      ? machines[0]
      : machines.find(({ hostname, fqdn, systemId }) => [hostname, fqdn, systemId].includes(headName));
  if (!head)
    throw new Fault('MACHINE_UNKNOWN', `The head ${headName ?? ''} is not one of the selected machines`, {
      hint: `They are: ${machines.map(({ hostname }) => hostname).join(', ')}.`,
    });
  const wanted = (machine: Machine) => (machine === head ? TAGS[profile].head : TAGS[profile].others);
  const given = new Set([...TAGS[profile].head, ...TAGS[profile].others]);
  return {
    head,
    changes: [
      ...ROLES.map((tag) => ({
        tag,
        way: 'remove' as const,
        machines: machines.filter((machine) => !wanted(machine).includes(tag)),
      })),
      ...[...given].map((tag) => ({
        tag,
        way: 'add' as const,
        machines: machines.filter((machine) => wanted(machine).includes(tag)),
      })),
    ],
  };
}
