import type { GroupVars } from './group-vars.ts';
import type { Site } from './site.ts';

/**
 * The site with what DeepOps' variables say of MAAS itself: maas_dns_domain is a domain, and the default one unless the file
 * names another. The file takes precedence.
 */
export function withGroupVars(site: Site, vars: GroupVars): Site {
  const name = vars.dnsDomain;
  if (name === null) return site;
  const domains = site.domains ?? [];
  const other = domains.some((domain) => domain.default);
  const known = domains.find((domain) => domain.name === name);
  const domain = { ...(known ?? { name, path: ['domains'] }), ...(other ? {} : { default: true }) };
  return {
    ...site,
    domains: known
      ? domains.map((one) => (one === known ? { ...one, ...domain } : one))
      : [...domains, domain],
  };
}
