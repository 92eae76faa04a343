import type { Problem } from '../../../config/yaml/problem.ts';
import { PRUNED_SECTIONS, type PrunedSection, type RawSite } from '../raw-site.ts';
import { type SiteRule, twice, wrong } from './rule.ts';

/** Names that two things of one kind cannot share. */
export const namesAreUnique: SiteRule = (site) => [
  ...(['spaces', 'zones', 'pools', 'tags', 'domains', 'fabrics'] as const).flatMap((section) =>
    twice<{ name: string }>(site[section], [section], 'name', ({ name }) => name),
  ),
  ...(site.fabrics ?? []).flatMap((fabric, index) =>
    twice(fabric.vlans, ['fabrics', index, 'vlans'], 'vid', ({ vid }) => vid),
  ),
  ...twice(site.boot_sources, ['boot_sources'], 'url', ({ url }) => url.replace(/\/+$/, '')),
  ...(site.boot_sources ?? []).flatMap((source, index) =>
    twice(
      source.selections,
      ['boot_sources', index, 'selections'],
      'release',
      ({ os = 'ubuntu', release }) => `${os}/${release}`,
    ),
  ),
];

export const oneDomainIsTheDefault: SiteRule = (site) => {
  const defaults = (site.domains ?? []).flatMap((domain, index) => (domain.default ? [index] : []));
  return defaults
    .slice(1)
    .map((index) => wrong(['domains', index, 'default'], `domains[${defaults[0]}] is already the default`));
};

/** MAAS gives these names itself, and to nothing else. */
export const namesAreNotReserved: SiteRule = (site) => [
  ...reservedSpaces(site),
  ...(site.domains ?? []).flatMap(({ name }, index): Problem[] =>
    name === INTERNAL_DOMAIN
      ? [wrong(['domains', index, 'name'], `MAAS reserves the domain ${name}`, 'another domain')]
      : [],
  ),
];

/** The first value of MAAS' setting maas_internal_domain. */
const INTERNAL_DOMAIN = 'maas-internal';

const reservedSpaces = (site: RawSite): Problem[] =>
  (site.spaces ?? []).flatMap(({ name }, index): Problem[] =>
    name === 'undefined' || /^space-\d+$/.test(name) || / /.test(name)
      ? [
          wrong(
            ['spaces', index, 'name'],
            / /.test(name) ? `"${name}" has a space in it` : `"${name}" is a name that MAAS reserves`,
            'letters, digits, dashes and underscores; not "undefined" and not space-NUMBER',
          ),
        ]
      : [],
  );

export const untaggedVlansHaveNoName: SiteRule = (site) =>
  (site.fabrics ?? []).flatMap((fabric, f) =>
    (fabric.vlans ?? []).flatMap((vlan, v): Problem[] =>
      vlan.vid === 0 && vlan.name !== undefined && vlan.name !== 'untagged'
        ? [
            wrong(
              ['fabrics', f, 'vlans', v, 'name'],
              'MAAS calls the VLAN with vid 0 "untagged", whatever is set',
              'no name',
            ),
          ]
        : [],
    ),
  );

/** Sections that are written inside others. */
const INSIDE: Partial<
  Record<PrunedSection, { section: keyof RawSite; isIn: (site: RawSite) => boolean | undefined }>
> = {
  selections: {
    section: 'boot_sources',
    isIn: (site) => site.boot_sources?.some(({ selections }) => selections !== undefined),
  },
  vlans: { section: 'fabrics', isIn: (site) => site.fabrics?.some(({ vlans }) => vlans !== undefined) },
  ranges: { section: 'subnets', isIn: (site) => site.subnets?.some(({ ranges }) => ranges !== undefined) },
};

/** A section that is not there may be a mistake of spelling or merging, and does not mean that everything should be deleted. */
export const prunedSectionsAreWritten: SiteRule = (site, { sections }) => {
  const isWritten = (pruned: PrunedSection) => {
    const inside = INSIDE[pruned];
    return inside ? (inside.isIn(site) ?? sections.has(inside.section)) : sections.has(pruned);
  };
  return (site.prune ?? []).flatMap((section, index) =>
    isWritten(section)
      ? []
      : [
          wrong(
            ['prune', index],
            `everything would be deleted, because the file has no ${section}`,
            PRUNED_SECTIONS.filter(isWritten).join(', ') || 'nothing, in this file',
          ),
        ],
  );
};
