import { type Problem, quoted } from '../../../config/yaml/problem.ts';
import { parseAddress } from '../address.ts';
import { urlFault } from '../web-url.ts';
import { type SiteRule, wrong } from './rule.ts';

const LABEL = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const HOST = new RegExp(`^(${LABEL}\\.)*${LABEL}\\.?$`);
const LONGEST_HOST = 255;
const ADDRESS = 'an IPv4 or IPv6 address';

export const upstreamServersAreAddresses: SiteRule = ({ region }) =>
  (region?.upstream_dns ?? []).flatMap((server, index) =>
    parseAddress(server)
      ? []
      : [wrong(['region', 'upstream_dns', index], `${quoted(server)} is not an address`, ADDRESS)],
  );

export const timeServersAreHosts: SiteRule = ({ region }) =>
  (region?.ntp_servers ?? []).flatMap((server, index) => {
    // Four numbers with dots are meant as an address.
    const fits =
      parseAddress(server) ||
      (HOST.test(server) && server.length <= LONGEST_HOST && !/^[\d.]+$/.test(server));
    return fits
      ? []
      : [
          wrong(
            ['region', 'ntp_servers', index],
            `${quoted(server)} is not a host`,
            `a host name or ${ADDRESS}`,
          ),
        ];
  });

/** Nothing of the URL is repeated: what stands before an @ may be a password. */
export const proxyHasAUrlWithoutPassword: SiteRule = ({ region }, { env }) => {
  const proxy = region?.proxy;
  if (!proxy) return [];
  const path = ['region', 'proxy'];
  const problems: Problem[] = [];
  const elsewhere = proxy.mode === 'external' || proxy.mode === 'peer';
  if (elsewhere && proxy.url === undefined)
    problems.push(
      wrong([...path, 'url'], `mode ${proxy.mode} needs the proxy's URL`, 'http://proxy.example:3128/'),
    );
  for (const key of ['url', 'username', 'password'] as const)
    if (!elsewhere && proxy[key] !== undefined)
      problems.push(
        wrong([...path, key], `mode ${proxy.mode} has no ${key}`, 'mode: external or mode: peer'),
      );
  if (proxy.url !== undefined) problems.push(...urlProblems([...path, 'url'], proxy.url));
  if (proxy.password && proxy.username === undefined)
    problems.push(wrong([...path, 'password'], 'it needs a username', 'username: NAME'));
  if (proxy.password && 'environment' in proxy.password && !env[proxy.password.environment])
    problems.push(
      wrong(
        [...path, 'password', 'environment'],
        `${proxy.password.environment} is not set`,
        'a variable with the password',
      ),
    );
  return problems;
};

function urlProblems(path: string[], text: string): Problem[] {
  const accepts =
    'http://proxy.example:3128/ (a name with a domain, localhost or an address); user and password as `username:` and `password: { environment: NAME }`';
  if (!URL.canParse(text)) return [wrong(path, 'this is not a URL', accepts)];
  const url = new URL(text);
  if (url.username || url.password || text.includes('@'))
    return [wrong(path, 'the URL must not contain a user or password', accepts)];
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return [
      wrong(path, `a proxy's URL starts with http:// or https://, not with ${url.protocol}//`, accepts),
    ];
  const fault = urlFault(text);
  return fault === undefined ? [] : [wrong(path, fault, accepts)];
}

export const bootSourcesHaveUrls: SiteRule = (site) =>
  (site.boot_sources ?? []).flatMap(({ url }, index): Problem[] => {
    const path = ['boot_sources', index, 'url'];
    const accepts = 'an http or https URL without user and password; its host has a domain, or is an address';
    if (url.includes('@')) return [wrong(path, 'the URL must not contain a user or password', accepts)];
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      return [wrong(path, `${quoted(url)} is not a URL of a mirror`, accepts)];
    const fault = urlFault(url);
    return fault === undefined ? [] : [wrong(path, fault, accepts)];
  });
