import type { Problem } from '../../../config/yaml/problem.ts';
import type { RawSite } from '../raw-site.ts';
import { dhcpHasADynamicRange, dhcpHasOneMode, dhcpIsDeclaredOnce, relaysGoToAnotherVlan } from './dhcp.ts';
import {
  namesAreNotReserved,
  namesAreUnique,
  oneDomainIsTheDefault,
  prunedSectionsAreWritten,
  untaggedVlansHaveNoName,
} from './names.ts';
import {
  addressesAreValid,
  dynamicRangesHoldNoServers,
  gatewaysLieInTheirSubnet,
  networksAreValid,
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
import { sshKeysArePublicKeys, sshKeysAreUnique } from './ssh-keys.ts';

/** Rules that the schema of site.yaml cannot express. */
const RULES: readonly SiteRule[] = [
  upstreamServersAreAddresses,
  timeServersAreHosts,
  proxyHasAUrlWithoutPassword,
  sshKeysArePublicKeys,
  sshKeysAreUnique,
  bootSourcesHaveUrls,
  namesAreUnique,
  namesAreNotReserved,
  oneDomainIsTheDefault,
  untaggedVlansHaveNoName,
  networksAreValid,
  networksDoNotOverlap,
  addressesAreValid,
  gatewaysLieInTheirSubnet,
  rangesLieInTheirSubnet,
  rangesDoNotOverlap,
  dynamicRangesHoldNoServers,
  vlansNameTheirFabric,
  dhcpHasOneMode,
  dhcpIsDeclaredOnce,
  dhcpHasADynamicRange,
  relaysGoToAnotherVlan,
  prunedSectionsAreWritten,
];

export function siteRuleProblems(site: RawSite, context: RuleContext): Problem[] {
  return RULES.flatMap((rule) => rule(site, context));
}
