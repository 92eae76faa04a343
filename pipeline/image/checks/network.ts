import { type Check, failOr } from './types.ts';

/** Network configuration beside the one that MAAS writes. */
export const NETWORK_CHECKS: Check[] = [
  {
    number: 27,
    id: 'network-state',
    title: 'No network configuration of the build machine',
    wrong: 'network configuration of the build machine is in the image',
    severity: 'major',
    why: 'It conflicts with the one that MAAS writes, and names network cards that do not exist; a file that netplan rejects leaves the machine without a network.',
    fix: 'As the last step, remove /etc/netplan/*.yaml, files of the build in /etc/systemd/network, /etc/NetworkManager/system-connections, /etc/network/interfaces and /etc/udev/rules.d/*persistent-net.rules, and its names in /etc/hosts.',
    reads: /^etc\/(?:netplan|systemd\/network|NetworkManager|network)(?:\/|$)/,
    evaluate: ({ network }) => failOr(network.configured, 'none'),
  },
];
