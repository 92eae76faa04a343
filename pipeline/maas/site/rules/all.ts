import type { Problem } from '../../../config/yaml/problem.ts';
import type { WrittenSite } from '../written.ts';
import {
  dhcpHasADynamicRange,
  dhcpIsOneOfServedRelayedOff,
  dhcpIsWrittenOnce,
  relaysGoToAnotherVlan,
} from './dhcp.ts';
import {
  namesAreNotReserved,
  namesAreThereOnce,
  oneDomainIsTheDefault,
  prunedSectionsAreWritten,
  untaggedVlansHaveNoName,
} from './names.ts';
import {
  addressesAreAddresses,
  dynamicRangesHoldNoServers,
  gatewaysLieInTheirSubnet,
  networksAreNetworks,
  networksDoNotOverlap,
  rangesDoNotOverlap,
  rangesLieInTheirSubnet,
  vlansNameTheirFabric,
} from './networks.ts';
import {
  bootSourcesHaveUrls,
  proxyHasAUrlWithoutPassword,
  timeServersAreHosts,
  upstreamServersAreAddresses,
} from './region.ts';
import type { RuleContext, SiteRule } from './rule.ts';
import { sshKeysArePublicKeys, sshKeysAreThereOnce } from './ssh-keys.ts';

/** What the schema of site.yaml cannot say. */
const RULES: readonly SiteRule[] = [
  upstreamServersAreAddresses,
  timeServersAreHosts,
  proxyHasAUrlWithoutPassword,
  sshKeysArePublicKeys,
  sshKeysAreThereOnce,
  bootSourcesHaveUrls,
  namesAreThereOnce,
  namesAreNotReserved,
  oneDomainIsTheDefault,
  untaggedVlansHaveNoName,
  networksAreNetworks,
  networksDoNotOverlap,
  addressesAreAddresses,
  gatewaysLieInTheirSubnet,
  rangesLieInTheirSubnet,
  rangesDoNotOverlap,
  dynamicRangesHoldNoServers,
  vlansNameTheirFabric,
  dhcpIsOneOfServedRelayedOff,
  dhcpIsWrittenOnce,
  dhcpHasADynamicRange,
  relaysGoToAnotherVlan,
  prunedSectionsAreWritten,
];

export function siteRuleProblems(site: WrittenSite, context: RuleContext): Problem[] {
  return RULES.flatMap((rule) => rule(site, context));
}
