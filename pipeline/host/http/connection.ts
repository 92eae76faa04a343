import type { ClientRequest, Agent as HttpAgent } from 'node:http';
import type { PeerCertificate } from 'node:tls';
import { authorities } from './authority.ts';
import { proxyFor } from './proxy.ts';

/** Milliseconds for a connection to come about; the system would try for two minutes where packets are dropped. */
const CONNECT_MS = 4_000;
/** The same by a proxy, which has to find the way on first. */
const THROUGH_PROXY_MS = 15_000;

/**
 * The connections to one origin: kept alive, through the proxy that the environment names for it.
 * @param caCert PEM file of the authority that alone is trusted then, or null; see `authorities`
 * @throws Fault CONFIG_INVALID for a proxy or an authority that cannot be used
 */
export async function openAgent(url: URL, caCert: string | null): Promise<HttpAgent> {
  const secure = url.protocol === 'https:';
  const proxy = proxyFor(url);
  const trusted = secure ? trust(await authorities(caCert)) : {};
  const keepAlive = true;
  if (!proxy)
    return withConnectLimit(
      // Not by `import`, see scripts/build.ts; TLS is loaded where it is used.
      secure
        ? new (process.getBuiltinModule('node:https').Agent)({ keepAlive, ...trusted })
        : new (process.getBuiltinModule('node:http').Agent)({ keepAlive }),
    );
  // Options of the constructor are for the connection to the proxy, of which the target's authority knows nothing.
  const options = { keepAlive, ...(proxy.protocol === 'https:' ? trust(await authorities(null)) : {}) };
  // Loaded only where there is a proxy: most uploads go to a MAAS in the same network.
  if (!secure) return throughProxy(new (await import('http-proxy-agent')).HttpProxyAgent(proxy, options));
  const agent = new (await import('https-proxy-agent')).HttpsProxyAgent(proxy, options);
  // These are for the connection within the tunnel. The library loses the host when it is an address, so the certificate is
  // held against the URL's own.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const checkServerIdentity = (_: string, certificate: PeerCertificate) =>
    process.getBuiltinModule('node:tls').checkServerIdentity(host, certificate);
  Object.assign(agent.options, trusted, { checkServerIdentity });
  return throughProxy(agent);
}

/** Parsed once: a whole bundle of authorities takes some 20 ms. */
function trust(ca: string[] | undefined) {
  return ca ? { secureContext: process.getBuiltinModule('node:tls').createSecureContext({ ca }) } : {};
}

function late(): Error {
  return Object.assign(new Error('no connection was made'), { code: 'ETIMEDOUT' });
}

function withConnectLimit<A extends HttpAgent>(agent: A): A {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const socket = create(options, done);
    const timer = setTimeout(() => socket?.destroy(late()), CONNECT_MS);
    for (const event of ['connect', 'close']) socket?.once(event, () => clearTimeout(timer));
    return socket;
  };
  return agent;
}

interface ProxyAgent extends HttpAgent {
  connect(request: ClientRequest, options: never): Promise<unknown>;
  connectOpts: object;
}

/** The libraries wait for a proxy as long as it likes, and know nothing of a request that was given up meanwhile. */
function throughProxy<A extends HttpAgent>(given: A): A {
  const agent = given as unknown as ProxyAgent;
  const connect = agent.connect.bind(agent);
  const { connectOpts } = agent;
  agent.connect = async (request, options) => {
    const cut = new AbortController();
    const stop = () => cut.abort();
    const timer = setTimeout(() => cut.abort(late()), THROUGH_PROXY_MS);
    request.once('abort', stop);
    // Read before the first await of `connect`.
    agent.connectOpts = { ...connectOpts, signal: cut.signal };
    try {
      return await connect(request, options);
    } catch (error) {
      throw cut.signal.aborted ? cut.signal.reason : error;
    } finally {
      clearTimeout(timer);
      request.off('abort', stop);
    }
  };
  return given;
}
