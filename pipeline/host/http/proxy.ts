import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { getProxyForUrl } from 'proxy-from-env';
import { Fault } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';

/**
 * The proxy that the environment names for a URL; '' for none. Its password is a secret from then on.
 * @throws Fault CONFIG_INVALID for one that is none
 */
export function proxyFor(url: string): string {
  const proxy = getProxyForUrl(url);
  if (proxy === '') return '';
  const parsed = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (parsed) registerSecret(parsed.password);
  if (parsed?.hostname && (parsed.protocol === 'http:' || parsed.protocol === 'https:')) return proxy;
  const variable = `${new URL(url).protocol.slice(0, -1)}_proxy`;
  throw new Fault(
    'CONFIG_INVALID',
    `The proxy for ${new URL(url).origin} is no http or https URL: ${proxy}`,
    {
      hint: `Correct ${variable} (or all_proxy) in the environment, or name the host in no_proxy.`,
    },
  );
}

/** For a client of HTTP: proxies are taken from the environment, as the tools around us do. @throws Fault CONFIG_INVALID */
export function agentFor(url: URL): HttpAgent {
  proxyFor(url.href);
  const options = { proxyEnv: process.env };
  return url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
}
