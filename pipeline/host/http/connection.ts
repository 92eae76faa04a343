import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { checkServerIdentity as checkIdentity, type PeerCertificate } from 'node:tls';
import { Fault } from '../../core/faults/fault.ts';
import { readBoundedText } from '../files/regular.ts';
import { proxyFor } from './proxy.ts';

/**
 * The connections to one MAAS: kept alive, through the proxy that the environment names for this URL.
 * @param caCert PEM file of the authority that alone is trusted then (MAAS_API_CACERT), or null for the system's
 * @throws Fault CONFIG_INVALID when the file cannot be read or holds no certificate
 */
export async function openAgent(url: string, caCert: string | null): Promise<HttpAgent> {
  const secure = url.startsWith('https:');
  const ca = caCert === null ? undefined : await readAuthority(caCert);
  const options = { keepAlive: true, ...(secure && ca ? { ca } : {}) };
  const proxy = proxyFor(url);
  if (!proxy) return withConnectLimit(secure ? new HttpsAgent(options) : new HttpAgent(options));
  // Loaded only where there is a proxy: most uploads stay in the machine room.
  if (secure) {
    const agent = new (await import('https-proxy-agent')).HttpsProxyAgent(proxy, { keepAlive: true });
    // Options of the constructor are for the connection to the proxy; these are for the one through it. The library
    // loses the host when it is an address, so the certificate is held against the URL's own.
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
    const checkServerIdentity = (_: string, certificate: PeerCertificate) => checkIdentity(host, certificate);
    Object.assign(agent.options, { ca, checkServerIdentity });
    return agent;
  }
  return new (await import('http-proxy-agent')).HttpProxyAgent(proxy, options);
}

/** Milliseconds for a connection to come about; the system would try for two minutes where packets are dropped. */
const CONNECT_MS = 4_000;

function withConnectLimit<A extends HttpAgent>(agent: A): A {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const socket = create(options, done);
    const late = Object.assign(new Error('no connection came about'), { code: 'ETIMEDOUT' });
    const timer = setTimeout(() => socket?.destroy(late), CONNECT_MS);
    for (const event of ['connect', 'close']) socket?.once(event, () => clearTimeout(timer));
    return socket;
  };
  return agent;
}

async function readAuthority(path: string): Promise<string> {
  let pem: string;
  try {
    pem = await readBoundedText(path);
  } catch (error) {
    throw new Fault('CONFIG_INVALID', `The CA file ${path} cannot be read: ${(error as Error).message}`, {
      hint: "Correct MAAS_API_CACERT or the target's `ca_cert:`.",
      cause: error,
    });
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new Fault('CONFIG_INVALID', `The CA file ${path} holds no PEM certificate`, {
      hint: 'Convert it with: openssl x509 -inform der -in FILE -out FILE.pem',
    });
  return pem;
}
