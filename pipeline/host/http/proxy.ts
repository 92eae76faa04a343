import { Fault } from '../../core/faults/fault.ts';
import { redact, registerSecret } from '../../core/secrets/registry.ts';
import { namesHost } from './no-proxy.ts';
import { decoded } from './url.ts';

/**
 * The proxy that the environment names for a URL, or null. `http_proxy` or `https_proxy` by the URL's scheme, then `all_proxy`; lower
 * case first; an empty one counts as absent, one without a scheme is http. Unlike curl it takes HTTP_PROXY too, since this is not a CGI
 * script. The password is a secret from then on.
 * @throws Fault CONFIG_INVALID for a value that is not an http or https URL
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv = process.env): URL | null {
  const scheme = url.protocol.slice(0, -1);
  const variable = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, 'all_proxy', 'ALL_PROXY'].find(
    (name) => env[name],
  );
  if (variable === undefined || namesHost(env.no_proxy || env.NO_PROXY || '', url)) return null;
  const value = env[variable]!.trim();
  const href = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const proxy = URL.canParse(href) ? new URL(href) : undefined;
  if (!proxy || !/^https?:$/.test(proxy.protocol) || proxy.hostname === '')
    throw new Fault(
      'CONFIG_INVALID',
      // A text that cannot be parsed may hold a password anywhere before the last @.
      `The proxy for ${url.origin} is not an http or https URL: ${redact(value.replace(/^.*@/s, '***@'))}`,
      { hint: `Correct ${variable} in the environment, or name the host in no_proxy.` },
    );
  registerSecret(proxy.password);
  registerSecret(decoded(proxy.password));
  // A percent sign that begins no escape stands for itself, as curl has it; the agents would throw.
  const { username, password } = proxy;
  proxy.username = encodeURIComponent(decoded(username));
  proxy.password = encodeURIComponent(decoded(password));
  return proxy;
}
