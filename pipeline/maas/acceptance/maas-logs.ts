import type { MaasClient } from '../api/client.ts';
import { eventLine, readEvents } from '../machines/events.ts';
import { keepLog } from './collect.ts';
import type { CollectedLog } from './types.ts';

type Raw = Record<string, unknown>;

/** MAAS' own logs of a deployment: curtin's output and the machine's events. Missing ones are noted. */
export async function collectFromMaas(
  client: MaasClient,
  systemId: string,
  dir: string,
): Promise<CollectedLog[]> {
  const missing = (id: string) => (error: unknown) => [
    { id, file: null, size: 0, note: (error as Error).message },
  ];
  return [
    ...(await installation(client, systemId, dir).catch(missing('maas-installation'))),
    ...(await events(client, systemId, dir).catch(missing('maas-events'))),
  ];
}

async function installation(client: MaasClient, systemId: string, dir: string): Promise<CollectedLog[]> {
  const path = `nodes/${systemId}/results/current-installation/?include_output=true`;
  const answer = (await client.get(path)) as Raw | null;
  const results = Array.isArray(answer?.results) ? (answer.results as Raw[]) : [];
  const logs: CollectedLog[] = [];
  for (const { name, output, stdout } of results) {
    // curtin's log of errors is an archive.
    if (typeof name !== 'string' || /\.tar(\.|$)/.test(name)) continue;
    const text = Buffer.from(String(output || stdout || ''), 'base64').toString('utf8');
    const id = `maas-${name.replace(/^\/tmp\//, '').replace(/[^A-Za-z0-9.-]+/g, '-')}`;
    if (text) logs.push(await keepLog(dir, id.replace(/\.log$/, ''), text));
  }
  return logs;
}

async function events(client: MaasClient, systemId: string, dir: string): Promise<CollectedLog[]> {
  const lines = (await readEvents(client, systemId, 200)).map(eventLine);
  return lines.length > 0 ? [await keepLog(dir, 'maas-events', `${lines.join('\n')}\n`)] : [];
}
