/** The checks that come before those of a file. */
export const DEPLOYS = {
  id: 'deploys',
  title: 'MAAS deploys the image',
  wrong: 'MAAS did not deploy the image',
  severity: 'blocker',
  why: 'An image that cannot be deployed is useless.',
  fix: 'The installation log and the events of the machine are among the logs.',
} as const;

export const ANSWERS = {
  id: 'answers-ssh',
  title: 'the deployed machine answers ssh and accepts the key',
  wrong: 'the deployed machine lets nobody in by ssh',
  severity: 'blocker',
  why: 'Nobody can work on a machine that accepts no login.',
  fix: 'Check its console: network, sshd, and whether cloud-init found the data source of MAAS. If this host cannot reach the machines’ network, set acceptance.ssh.bastion to a host that can.',
} as const;
