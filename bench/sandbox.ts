import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseApiKey } from '../pipeline/maas/api/api-key.ts';
import { authorization } from '../pipeline/maas/api/sign.ts';
import { makeCertificate } from './certificate.ts';
import { CLI } from './options.ts';

const FRONT = fileURLToPath(new URL('./tls-front.ts', import.meta.url));

export interface BenchServer {
  /** MAAS_API_URL and MAAS_API_KEY. */
  env: NodeJS.ProcessEnv;
  /** The same by TLS, with MAAS_API_CACERT. */
  tlsEnv: NodeJS.ProcessEnv;
  /** Names and sums of the whole images on it; then deletes them. */
  takeImages(): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * The sandbox server in a process of its own, with the limits of the web server in front of a MAAS.
 * @param requestMs what it takes for each chunk besides the bytes
 */
export async function startServer(dir: string, requestMs: number): Promise<BenchServer> {
  const late = requestMs > 0 ? ['--fault', `chunk:*:late:${requestMs / 1000}`] : [];
  const argv = [CLI, 'sandbox', '--json', '--dir', dir, '--front', 'nginx', '--family', '3.5', ...late];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    said += text;
    if (said.trimEnd().endsWith('}')) break;
  }
  const { url, apiKey } = JSON.parse(said) as { url: string; apiKey: string };
  const key = parseApiKey(apiKey, 'of the sandbox');
  const { authority, server, key: serverKey } = makeCertificate(`${dir}-tls`);
  const front = spawn(process.execPath, [FRONT, new URL(url).port, server, serverKey], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(front.stdout, 'data');
  const tlsUrl = new URL(url);
  tlsUrl.protocol = 'https:';
  tlsUrl.port = String(port).trim();
  const call = async (path: string, method = 'GET') => {
    const headers = { Authorization: authorization(key, Date.now() / 1000) };
    const answer = await fetch(`${url}/api/2.0/boot-resources/${path}`, { method, headers });
    if (!answer.ok) throw new Error(`${method} ${path} was answered by ${answer.status}`);
    return answer.text();
  };
  return {
    env: { MAAS_API_URL: url, MAAS_API_KEY: apiKey },
    tlsEnv: { MAAS_API_URL: tlsUrl.href, MAAS_API_KEY: apiKey, MAAS_API_CACERT: authority },
    async takeImages() {
      const sums: string[] = [];
      for (const { id } of JSON.parse(await call('?type=uploaded')) as { id: number }[]) {
        const { sets } = JSON.parse(await call(`${id}/`)) as {
          sets: Record<string, { complete: boolean; files: Record<string, { sha256: string }> }>;
        };
        for (const { complete, files } of Object.values(sets))
          if (complete) sums.push(...Object.values(files).map(({ sha256 }) => sha256));
        await call(`${id}/`, 'DELETE');
      }
      return sums;
    },
    async close() {
      front.kill();
      child.kill('SIGINT');
      await once(child, 'exit');
    },
  };
}
