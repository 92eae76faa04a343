/** The groups of DeepOps' playbooks, as its scripts/maas_inventory.py has them: parents and their children. */
const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  k8s_cluster: ['kube_control_plane', 'kube_node'],
  'slurm-cluster': ['slurm-master', 'slurm-node', 'slurm-cache', 'slurm-nfs', 'slurm-metric', 'slurm-login'],
  'slurm-cache': ['slurm-master'],
  'slurm-nfs-client': ['slurm-node'],
  'slurm-metric': ['slurm-master'],
  'slurm-login': ['slurm-master'],
  // Playbooks of DeepOps up to 23.08 use these names.
  'k8s-cluster': ['k8s_cluster'],
  'kube-master': ['kube_control_plane'],
  'kube-node': ['kube_node'],
};

/** Tags of older releases, and the group that they mean today. */
const ALIASES = new Map([
  ['kube-master', 'kube_control_plane'],
  ['kube-node', 'kube_node'],
  ['k8s-cluster', 'k8s_cluster'],
]);

/** Names that Ansible keeps for itself. */
const RESERVED = new Set(['all', 'ungrouped', '_meta', 'localhost']);

/** The group of a tag; undefined for a tag that makes none. */
export function groupOf(tag: string): string | undefined {
  if (RESERVED.has(tag) || tag.startsWith('kernel-options-')) return undefined;
  return ALIASES.get(tag) ?? tag;
}

export function deepOpsGroups(): [name: string, children: readonly string[]][] {
  return Object.entries(CHILDREN);
}
