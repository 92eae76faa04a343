import { type Mutant, mutantsOf } from '../mutant.ts';

const APPLY = ['test/contract/site/order.test.ts'];

/** The plan for a MAAS: what comes before what. */
export const SITE: readonly Mutant[] = [
  ...mutantsOf('pipeline/maas/site/diff/dhcp.ts', APPLY, {
    'relays-before-servers': ["['off', 'served', 'relayed']", "['off', 'relayed', 'served']"],
    'relay-of-a-relay': ["target ? target.dhcp.kind === 'relayed' : have?.relay", 'false'],
    'second-rack-alone': [
      'dhcp_on: true,\n',
      'dhcp_on: true, ...(racks.secondary ? { secondary_rack: racks.secondary } : {}),\n',
      'test/contract/site/apply.test.ts',
    ],
  }),
  ...mutantsOf('pipeline/maas/site/diff/subnets.ts', APPLY, {
    'dynamic-ranges-left': ["range.type === 'dynamic') await", 'false) await'],
    'ranges-of-others': ['range.cidr === cidr && range.type', 'range.type'],
  }),
  ...mutantsOf('pipeline/maas/site/diff/ranges.ts', ['test/unit/site/ranges.test.ts'], {
    'free-before-it-is-taken': ['(left.find(isFree) ?? left[0])', 'left[0]'],
    'in-the-way-unnamed': ['if (want && overlap(interval(one), interval(want)))', 'if (false)'],
  }),
];
